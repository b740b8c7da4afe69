"""A validation error in words: which rule it breaks, what is allowed, what was probably meant."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from runner.records import Json

_SHOWN = 8
_TYPES = {
    "object": "a mapping", "array": "a list", "string": "text", "integer": "an integer", "number": "a number",
    "boolean": "true or false", "null": "null",
}  # fmt: skip


class Trouble(NamedTuple):
    """One thing that is wrong: `pointer` is relative to the judged data; `at_key` points at the key, not the value."""

    rule: str
    message: str
    hint: str
    pointer: tuple[str | int, ...]
    at_key: bool = False
    key: str = ""
    """The key that is missing (or several, of which one is), or was probably meant by an unknown one."""


def troubles(error: Any) -> list[Trouble]:
    """What `error` says; several where one error names several keys."""
    pointer = tuple(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path and isinstance(error.instance, str):
        rule = _annotation(error, "x-rule", "ORC107")
        message = f'key "{_cut(error.instance)}" does not have the right form'
        return [Trouble(rule, message, _form(error), (*pointer, error.instance), True)]
    tell = _TELLERS.get(str(error.validator), _other)
    return tell(error, pointer)


def without_echoes(found: list[Trouble]) -> list[Trouble]:
    """The troubles without "x is missing" where a misspelt x is reported beside it."""
    misspelt = {
        (trouble.pointer[:-1], trouble.key) for trouble in found if trouble.pointer and trouble.rule in _UNKNOWN
    }
    return [t for t in found if t.rule in _UNKNOWN or not misspelt & {(t.pointer, key) for key in t.key.split()}]


_UNKNOWN = {"ORC101", "ORC302"}


def did_you_mean(name: str, known: Iterable[str], taken: Iterable[str] = ()) -> str:
    """The known name that `name` was probably meant to be, "" where none is near."""
    near = difflib.get_close_matches(name, [k for k in known if k not in set(taken)], n=1, cutoff=0.6)
    return near[0] if near else ""


def meant(name: str, known: Iterable[str], taken: Iterable[str] = ()) -> str:
    """`; did you mean "x"?`, or nothing."""
    best = did_you_mean(name, known, taken)
    return f'; did you mean "{best}"?' if best else ""


def listed(names: Iterable[str]) -> str:
    """At most eight names in quotes, and how many more there are."""
    everything = list(names)
    shown = ", ".join(f'"{name}"' for name in everything[:_SHOWN])
    more = len(everything) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _additional(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    known = list(error.schema.get("properties", ()))
    rule = _annotation(error, "x-unknown", "ORC101")
    found = []
    for key in error.instance:
        if key not in known:
            message = f'unexpected key "{_cut(key)}"{_within(pointer)}{meant(key, known, error.instance)}'
            best = did_you_mean(key, known, error.instance)
            found.append(Trouble(rule, message, f"known keys: {listed(known)}", (*pointer, key), True, best))
    return found


def _forbidden(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    return [Trouble("ORC101", f'key "{_name(pointer)}" does not belong here', "remove it", pointer, True)]


def _required(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    rule = _annotation(error, "x-missing", "ORC102")
    missing = [key for key in error.validator_value if key not in error.instance]
    return [
        Trouble(rule, f'key "{key}" is missing{_within(pointer)}', f'add "{key}"', pointer, True, key)
        for key in missing
    ]


def _type(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    words = " or ".join(_TYPES.get(str(kind), str(kind)) for kind in wanted)
    message = f'"{_name(pointer)}" must be {words}, not {_shown(error.instance)}'
    return [Trouble("ORC103", message, _described(error) or f"write {words}", pointer)]


def _enum(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    allowed = [_plain(value) for value in error.validator_value]
    value = _plain(error.instance)
    message = (
        f'"{_name(pointer)}" must be one of {listed(allowed)}, not {_shown(error.instance)}{meant(value, allowed)}'
    )
    return [Trouble("ORC104", message, f"allowed: {listed(allowed)}", pointer)]


def _const(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    rule = _annotation(error, "x-rule", "ORC109" if pointer == ("version",) else "ORC104")
    message = f'"{_name(pointer)}" must be {_shown(error.validator_value)}, not {_shown(error.instance)}'
    return [Trouble(rule, message, f"write {_plain(error.validator_value)}", pointer)]


def _range(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    limit = error.validator_value
    words = {
        "minimum": f"at least {limit}", "maximum": f"at most {limit}", "exclusiveMinimum": f"more than {limit}",
        "exclusiveMaximum": f"less than {limit}", "minLength": f"at least {limit} characters long",
        "maxLength": f"at most {limit} characters long", "minItems": f"a list of at least {limit}",
        "maxItems": f"a list of at most {limit}", "minProperties": f"a mapping of at least {limit}",
        "maxProperties": f"a mapping of at most {limit}", "multipleOf": f"a multiple of {limit}",
        "uniqueItems": "a list without repeated items",
    }[str(error.validator)]  # fmt: skip
    hint = (
        "leave it out, or fill it"
        if str(error.validator).startswith("min") and not error.instance
        else f"make it {words}"
    )
    return [Trouble("ORC105", f'"{_name(pointer)}" must be {words}, not {_shown(error.instance)}', hint, pointer)]


def _pattern(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    rule = _annotation(error, "x-rule", "ORC105")
    wrong = _FORMS.get(rule, "does not have the right form")
    message = f'"{_name(pointer)}" {wrong}: {_shown(error.instance)}'
    return [Trouble(rule, message, _form(error), pointer)]


_FORMS = {
    "ORC107": "is no id",
    "ORC112": "is no duration",
    "ORC225": "is an expression already and takes no {{ }}",
    "ORC312": "must stay inside its folder",
    "ORC317": "takes no {{ }}",
}


def _not(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    if "required" in error.validator_value:
        names = listed(error.validator_value["required"])
        return [Trouble("ORC106", f"{names} exclude each other{_within(pointer)}", "keep one of them", pointer, True)]
    return _pattern(error, pointer)


def _choice(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    branches = [branch.get("required") for branch in error.validator_value if isinstance(branch, dict)]
    names = [name for required in branches if required for name in required]
    if names and len(names) == len(branches) and isinstance(error.instance, dict):
        given = [name for name in names if name in error.instance]
        rule = _annotation(error, "x-choice", "ORC106" if given else "ORC102")
        message = f"{listed(names)}: exactly one is needed{_within(pointer)}, found {listed(given) or 'none'}"
        hint = f"{'keep' if given else 'add'} one of {listed(names)}"
        return [Trouble(rule, message, hint, pointer, True, "" if given else " ".join(names))]
    best = [inner for inner in error.context or () if inner.validator != "type"]
    inner = best[0] if len(best) == 1 else None
    return troubles(inner) if inner is not None else _other(error, pointer)


def _other(error: Any, pointer: tuple[str | int, ...]) -> list[Trouble]:
    message = f'"{_name(pointer)}" does not fit: {_shown(error.instance)}'
    return [Trouble("ORC105", message, _described(error) or f'see "{error.validator}" of its schema', pointer)]


_TELLERS: dict[str, Callable[[Any, tuple[str | int, ...]], list[Trouble]]] = {
    "additionalProperties": _additional, "unevaluatedProperties": _additional, "None": _forbidden,
    "required": _required, "type": _type, "enum": _enum, "const": _const, "pattern": _pattern, "not": _not,
    "anyOf": _choice, "oneOf": _choice,
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems",
         "minProperties", "maxProperties", "multipleOf", "uniqueItems"), _range),
}  # fmt: skip


def _annotation(error: Any, name: str, usual: str) -> str:
    return str(error.schema.get(name, usual)) if isinstance(error.schema, dict) else usual


def _described(error: Any) -> str:
    return str(error.schema.get("description", "")) if isinstance(error.schema, dict) else ""


def _form(error: Any) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, str) else "the form of its schema"
    return _described(error) or f"it must match {wanted}"


def _name(pointer: tuple[str | int, ...]) -> str:
    return _dotted(pointer[-2:] if pointer and isinstance(pointer[-1], int) else pointer[-1:]) or "the file"


def _within(pointer: tuple[str | int, ...]) -> str:
    return f' in "{_dotted(pointer)}"' if pointer else ""


def _dotted(pointer: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in pointer)
    return _cut(text.lstrip("."))


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _shown(value: Json) -> str:
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return f'the text "{_cut(value)}"' if isinstance(value, str) else json.dumps(value)


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
