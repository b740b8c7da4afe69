"""Values as source text: Python literals and JavaScript literals, wrapped where they are long."""

from __future__ import annotations

import json
import re

from runner.records import Json

WIDTH = 100
"""Columns that generated lines keep to where they can."""

_JS_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")


def python(value: object, indent: int = 0, used: int = 0) -> str:
    """A Python literal; `indent` is that of the line it stands in, `used` the columns before it (0: the indent)."""
    flat = _python_flat(value)
    if len(flat) + max(used, indent) <= WIDTH or not isinstance(value, dict | list | tuple) or not value:
        return flat
    inner = indent + 4
    if isinstance(value, dict):
        keys = {key: f"{_python_flat(key)}: " for key in value}
        items = [keys[key] + python(item, inner, inner + len(keys[key])) for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        items = [python(item, inner) for item in value]
        opening, closing = "()" if isinstance(value, tuple) else "[]"
    pad = " " * inner
    return f"{opening}\n{''.join(f'{pad}{item},{chr(10)}' for item in items)}{' ' * indent}{closing}"


def _python_flat(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_python_flat(k)}: {_python_flat(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_python_flat(item) for item in value) + "]"
    if isinstance(value, tuple):
        inner = ", ".join(_python_flat(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    plain = text.isprintable() and '"' in text and "'" not in text and "\\" not in text
    return f"'{text}'" if plain else quoted


def prose(text: str) -> str:
    """Text that may stand inside a Python docstring: one line, no quotes that end it, no escapes."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''").removesuffix('"')


def javascript(value: Json, indent: int = 0) -> str:
    """A JavaScript literal: keys bare where they can be, objects on lines of their own where they are long."""
    flat = _javascript_flat(value)
    if len(flat) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        items = [f"{_js_key(key)}: {javascript(item, indent + 2)}" for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        items = [javascript(item, indent + 2) for item in value]
        opening, closing = "[", "]"
    return f"{opening}\n{''.join(f'{pad}{item},{chr(10)}' for item in items)}{' ' * indent}{closing}"


def _javascript_flat(value: Json) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_js_key(key)}: {_javascript_flat(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return "[" + ", ".join(_javascript_flat(item) for item in value) + "]"
    # A script inside a page would end at "</"; U+2028 and U+2029 were line ends in older engines.
    text = json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _js_key(key: str) -> str:
    return key if _JS_NAME.match(key) else json.dumps(key)


def dashed(name: str) -> str:
    """PostCard -> post-card, also for names with underscores."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\s]+", "-", name).lower()


def pascal(name: str) -> str:
    """post_card, post-card -> PostCard."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def sentence(text: str) -> str:
    """The text with a large first letter and a full stop."""
    text = " ".join(text.split())
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?:" else ".")
