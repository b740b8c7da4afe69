"""The Jinja environment: immutable sandbox, allow-listed filters and methods, items of a mapping before its methods."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound, Undefined, nodes
from jinja2.filters import FILTERS
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import Namespace

from runner.render import bounds

_FILTERS = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "string",
    "sum",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
)
_METHODS: Mapping[type, set[str]] = {
    dict: {"get", "items", "keys", "values"},
    str: {"capitalize", "endswith", "isdigit", "lower", "lstrip", "removeprefix", "removesuffix", "rstrip", "split",
          "splitlines", "startswith", "strip", "title", "upper"},
    list: {"count", "index"},
}  # fmt: skip
_LONGEST_INDENT = 80
_LONGEST_RANGE = 10_000


class FolderLoader(BaseLoader):
    """Templates inside folders, the first that has one; a symbolic link out of its folder is not followed."""

    def __init__(self, folders: tuple[Path, ...], texts: Mapping[str, str] | None = None) -> None:
        self.folders, self.texts = folders, texts or {}

    def get_source(self, environment: Any, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        if template in self.texts:
            return self.texts[template], template, None
        file = self.find(template)
        if file is None:
            raise TemplateNotFound(template)
        return file.read_text(encoding="utf-8-sig"), template, None

    def find(self, template: str) -> Path | None:
        """The file of a template, or None."""
        if template.startswith("/") or ".." in template.split("/") or "\0" in template:
            return None
        for folder in self.folders:
            file = folder / template
            if file.is_file() and file.resolve().is_relative_to(folder.resolve()):
                return file
        return None


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without what could reach out of a template, or make it large or endless."""

    concat = staticmethod(bounds.joined)
    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])

    def __init__(self, loader: BaseLoader | None = None) -> None:
        super().__init__(
            loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
            auto_reload=False, optimized=False, finalize=_shown,
        )  # fmt: skip
        self.filters = {name: FILTERS[name] for name in _FILTERS} | _own_filters()
        self.tests = {name: TESTS[name] for name in TESTS if name not in {"filter", "test"}}
        kept = {name: self.globals[name] for name in ("dict", "namespace", "joiner")}
        self.globals = {**kept, "range": _range}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return bounded(super()._parse(source, name, filename))

    def parse_only(self, source: str) -> nodes.Template:
        """The tree as it was written. Raises TemplateSyntaxError."""
        return super()._parse(source, None, None)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        return bounds.operate(operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_callable(self, obj: Any) -> bool:
        if isinstance(obj, (Macro, BlockReference)) or obj in (dict, Namespace, _range, self.globals["joiner"]):
            return True
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        if isinstance(owner, LoopContext) or type(obj) is self.globals["joiner"] or isinstance(obj, LoopContext):
            return True
        return name in _METHODS.get(type(owner), set())

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        bounds.spend_round()
        return super().call(context, obj, *args, **kwargs)


def _shown(value: Any) -> Any:
    """What an output writes: mappings and lists as JSON; a method is a mistake, never text."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if callable(value) and not isinstance(value, Undefined):
        raise TypeError('a method was written out; call it, or write ["name"] for an item of that name')
    return value


def bounded(tree: nodes.Template) -> nodes.Template:
    """The tree with every loop counted and every `~` bounded."""
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, "counted rounds", [], [], None, None, lineno=loop.lineno)
    _replace_concats(tree)
    return tree


def _replace_concats(node: nodes.Node) -> None:
    for name, value in node.iter_fields():
        if isinstance(value, nodes.Node):
            _replace_concats(value)
            setattr(node, name, _without_concat(value))
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, nodes.Node):
                    _replace_concats(item)
            value[:] = [_without_concat(item) for item in value]


def _without_concat(node: Any) -> Any:
    if not isinstance(node, nodes.Concat):
        return node
    parts = nodes.List(node.nodes, lineno=node.lineno)
    return nodes.Filter(parts, "bounded text", [], [], None, None, lineno=node.lineno)


def _own_filters() -> dict[str, Callable[..., Any]]:
    return {
        "counted rounds": bounds.rounds,
        "bounded text": bounds.concatenated,
        "indent": _indent,
        "join": _join,
        "replace": _replace,
        "tojson": _to_json,
        "yaml": _to_yaml,
    }


def _indent(text: str, width: int = 4, first: bool = False, blank: bool = False) -> str:
    lead = " " * max(0, min(width, _LONGEST_INDENT))
    lines = str(text).split("\n")
    kept = [lead + line if (line.strip() or blank) and (first or number) else line for number, line in enumerate(lines)]
    return bounds.joined("\n".join(kept))


def _join(values: Any, separator: str = "", attribute: str | None = None) -> str:
    items = [str(value[attribute] if attribute is not None else value) for value in values]
    if len(separator) * len(items) > bounds.MAX_OUTPUT:
        raise bounds.TooMuch("the joined text is too large")
    return bounds.joined(piece for item in items for piece in (item, separator))[: -len(separator) or None]


def _replace(text: str, old: str, new: str) -> str:
    text = str(text)
    if (text.count(old) if old else len(text) + 1) * len(new) > bounds.MAX_OUTPUT:
        raise bounds.TooMuch("the replaced text is too large")
    return text.replace(old, new)


def _range(*arguments: int) -> range:
    made = range(*arguments)
    if len(made) > _LONGEST_RANGE:
        raise bounds.TooMuch(f"the range is longer than {_LONGEST_RANGE}")
    return made


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=None if indent is None else min(indent, 8))


def _to_yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100).removesuffix("...\n").rstrip("\n")
