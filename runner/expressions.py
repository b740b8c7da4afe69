"""The little expression language of pipelines: paths, literals, lists, comparisons, `in`, `and or not`, four filters.

Jinja's grammar reads it, an allow-list of nodes admits it, and a walk over plain JSON evaluates it: nothing is ever
compiled or called. Text with `{{ }}` is filled in one pass; what a value brings is never read as an expression.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from runner.errors import StepFailed
from runner.records import Json, JsonObject

FILTERS = ("length", "first", "last", "default")
_LONGEST = 4000
_RESERVED = {"and", "or", "not", "in", "is", "if", "else"}
_GRAMMAR = ImmutableSandboxedEnvironment()
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: _same(a, b), "ne": lambda a, b: not _same(a, b),
    "lt": lambda a, b: a < b, "lteq": lambda a, b: a <= b, "gt": lambda a, b: a > b, "gteq": lambda a, b: a >= b,
    "in": lambda a, b: a in b, "notin": lambda a, b: a not in b,
}  # fmt: skip


class ExpressionError(StepFailed):
    """The text is no expression; `offset` (from 0) is where, `form` tells a forbidden form from a syntax error."""

    def __init__(self, message: str, offset: int = 0, hint: str = "", form: bool = False) -> None:
        super().__init__(message, hint)
        self.offset, self.form = offset, form


class MissingValue(StepFailed):
    """A path leads to nothing; `path` is as much of it as was looked for."""

    def __init__(self, path: str) -> None:
        super().__init__(f'"{path}" has no value', "write `| default(...)` where it may be missing")
        self.path = path


@dataclass(frozen=True)
class Expression:
    """A parsed expression."""

    text: str
    node: nodes.Expr

    def evaluate(self, scope: JsonObject) -> Json:
        """Its value over plain JSON. Raises MissingValue, or StepFailed where the values' types do not fit."""
        return _evaluate(self.node, scope)

    def paths(self) -> set[tuple[str, ...]]:
        """Every path it reads, as far as it is made of names."""
        return {path for path, _ in self.reads()}

    def reads(self) -> list[tuple[tuple[str, ...], bool]]:
        """Every path it reads, and whether a `default` stands in for it."""
        return list(_reads(self.node, False))


def parse(text: str) -> Expression:
    """The expression in `text`. Raises ExpressionError."""
    if len(text) > _LONGEST:
        raise ExpressionError(f"the expression is longer than {_LONGEST} characters")
    return _parse(text)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Expression:
    return Expression(text, _admitted(_read(text), text))


def _read(text: str) -> nodes.Expr:
    try:
        tree = _GRAMMAR.parse("{{ " + text + " }}")
    except jinja2.TemplateSyntaxError as error:
        raise ExpressionError(_syntax_message(error), _syntax_offset(error, text)) from error
    except RecursionError as error:
        raise ExpressionError("the expression is nested too deeply") from error
    output = tree.body[0] if len(tree.body) == 1 else None
    if (
        not isinstance(output, nodes.Output)
        or len(output.nodes) != 1
        or isinstance(output.nodes[0], nodes.TemplateData)
    ):
        raise ExpressionError("one expression is expected", text.find("}}") if "}}" in text else 0)
    return output.nodes[0]


def _syntax_message(error: jinja2.TemplateSyntaxError) -> str:
    message = (error.message or "it cannot be read").replace("'", '"').rstrip(".")
    if "end of print statement" in message and message.startswith(("unexpected", "Expected an expression")):
        return "a value is expected at the end"
    return message[0].lower() + message[1:]


def _syntax_offset(error: jinja2.TemplateSyntaxError, text: str) -> int:
    quoted = re.search(r"(?:got|unexpected|char) ['\"](.+?)['\"]", error.message or "")
    found = text.find(quoted.group(1)) if quoted else -1
    return found if found >= 0 else len(text.rstrip())


def _admitted(node: nodes.Expr, text: str) -> nodes.Expr:
    for part in _inner(node):
        if isinstance(part, nodes.Name) and part.name in _RESERVED:
            raise ExpressionError(f'a value is expected instead of "{part.name}"', max(text.find(part.name), 0))
        reason = _refusal(part)
        if reason:
            raise ExpressionError(reason[0], _offset(part, text, reason[1]), _ALLOWED, form=True)
    return node


_ALLOWED = f"allowed are paths, literals, lists, comparisons, in, and, or, not, and the filters {', '.join(FILTERS)}"


def _inner(node: nodes.Node) -> Iterator[nodes.Node]:
    pending = [node]
    while pending:
        part = pending.pop()
        yield part
        pending.extend(part.iter_child_nodes())


def _refusal(node: nodes.Node) -> tuple[str, str] | None:
    """Why a node is no part of expressions, and a text near it; None if it is one."""
    if isinstance(node, nodes.Filter):
        return _refused_filter(node)
    if isinstance(node, nodes.Getitem):
        fine = isinstance(node.arg, nodes.Const) and type(node.arg.value) in {int, str}
        return None if fine else ("a computed index is not part of expressions", "[")
    if isinstance(node, nodes.Const):
        return (
            None if isinstance(node.value, (str, int, float, bool, type(None))) else ("this literal is not allowed", "")
        )
    if isinstance(node, nodes.Neg):
        number = isinstance(node.node, nodes.Const) and type(node.node.value) in {int, float}
        return None if number else ("arithmetic is not part of expressions", "-")
    if isinstance(node, _PARTS):
        return None
    if isinstance(node, nodes.Call):
        return "calls are not part of expressions", "("
    if isinstance(node, nodes.BinExpr):
        return "arithmetic is not part of expressions", node.operator
    return f'"{type(node).__name__.lower()}" is not part of expressions', ""


_PARTS = (nodes.Name, nodes.Getattr, nodes.List, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not)


def _refused_filter(node: nodes.Filter) -> tuple[str, str] | None:
    if node.name not in FILTERS:
        return f'the filter "{node.name}" is not part of expressions', node.name
    if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) != (node.name == "default"):
        return f'the filter "{node.name}" takes {"one value" if node.name == "default" else "no values"}', node.name
    return None


def _offset(node: nodes.Node, text: str, near: str) -> int:
    found = text.find(near) if near else -1
    return max(found, 0)


def _evaluate(node: nodes.Node, scope: JsonObject) -> Json:
    return _EVALUATE[type(node)](node, scope)


def _name(node: Any, scope: JsonObject) -> Json:
    if node.name not in scope:
        raise MissingValue(node.name)
    return scope[node.name]


def _member(node: Any, scope: JsonObject) -> Json:
    holder = _evaluate(node.node, scope)
    key = node.attr if isinstance(node, nodes.Getattr) else node.arg.value
    if isinstance(holder, Mapping) and key in holder:
        return holder[key]
    if isinstance(holder, (list, tuple)) and isinstance(key, int) and -len(holder) <= key < len(holder):
        return holder[key]
    raise MissingValue(".".join(str(part) for part in _path(node)))


def _filtered(node: Any, scope: JsonObject) -> Json:
    if node.name == "default":
        try:
            return _evaluate(node.node, scope)
        except MissingValue:
            return _evaluate(node.args[0], scope)
    value = _evaluate(node.node, scope)
    if not isinstance(value, (str, list, tuple, Mapping)):
        raise StepFailed(f'"{node.name}" needs a list, a mapping or text')
    if node.name == "length":
        return len(value)
    if isinstance(value, Mapping) or not value:
        raise MissingValue(f"{'.'.join(_path(node.node))} | {node.name}")
    return value[0] if node.name == "first" else value[-1]


def _compared(node: Any, scope: JsonObject) -> Json:
    left = _evaluate(node.expr, scope)
    for operand in node.ops:
        right = _evaluate(operand.expr, scope)
        try:
            holds = _COMPARE[operand.op](left, right)
        except TypeError as error:
            raise StepFailed(f"{_kind(left)} and {_kind(right)} cannot be compared") from error
        if not holds:
            return False
        left = right
    return True


def _boolean(node: Any, scope: JsonObject) -> bool:
    value = _evaluate(node, scope)
    if not isinstance(value, bool):
        raise StepFailed(f"a condition must be true or false, this is {_kind(value)}", "compare it with something")
    return value


_EVALUATE: dict[type[nodes.Node], Callable[[Any, JsonObject], Json]] = {
    nodes.Const: lambda node, scope: node.value,
    nodes.Name: _name,
    nodes.Getattr: _member,
    nodes.Getitem: _member,
    nodes.List: lambda node, scope: [_evaluate(item, scope) for item in node.items],
    nodes.Neg: lambda node, scope: -_evaluate(node.node, scope),
    nodes.Filter: _filtered,
    nodes.Compare: _compared,
    nodes.And: lambda node, scope: _boolean(node.left, scope) and _boolean(node.right, scope),
    nodes.Or: lambda node, scope: _boolean(node.left, scope) or _boolean(node.right, scope),
    nodes.Not: lambda node, scope: not _boolean(node.node, scope),
}


def _same(left: Json, right: Json) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _kind(value: Json) -> str:
    names = {type(None): "null", bool: "a boolean", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), "a number")


def _path(node: Any) -> tuple[str, ...]:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        return (*_path(node.node), node.attr)
    if isinstance(node, nodes.Getitem):
        return (*_path(node.node), str(node.arg.as_const()))
    return ()


def _reads(node: nodes.Node, defaulted: bool) -> Iterator[tuple[tuple[str, ...], bool]]:
    if isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        yield (path, defaulted) if (path := _path(node)) else ((), defaulted)
        return
    if isinstance(node, nodes.Filter) and node.name == "default":
        defaulted_node: nodes.Node = node.node or node
        yield from _reads(defaulted_node, True)
        yield from _reads(node.args[0], defaulted)
        return
    for child in node.iter_child_nodes():
        yield from _reads(child, defaulted)


@dataclass(frozen=True)
class Braces:
    """One `{{ }}` of a text: where it starts and ends there, and the expression between."""

    start: int
    end: int
    text: str


def braces(text: str) -> tuple[Braces, ...]:
    """Every `{{ }}` in `text`; a quote inside an expression may hold braces. Raises ExpressionError if one is open."""
    found, at = [], text.find("{{")
    while at >= 0:
        end = _closing(text, at + 2)
        if end < 0:
            raise ExpressionError('"{{" is not closed', at, 'close it with "}}"')
        found.append(Braces(at, end + 2, text[at + 2 : end].strip()))
        at = text.find("{{", end + 2)
    return tuple(found)


def _closing(text: str, at: int) -> int:
    quote = ""
    while at < len(text):
        letter = text[at]
        if quote:
            at += 1 if letter == "\\" else 0
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif text.startswith("}}", at):
            return at
        at += 1
    return -1


def fill(value: Json, scope: JsonObject, secrets: Mapping[str, str] | None = None) -> Json:
    """`value` with every `{{ }}` in its strings filled; a string that is one whole `{{ }}` keeps its type.

    `secrets` (name -> value) makes `secrets.NAME` readable. Raises ExpressionError and MissingValue.
    """
    if secrets is not None:
        scope = {**scope, "secrets": secrets}
    return _filled(value, scope)


def _filled(value: Json, scope: JsonObject) -> Json:
    if isinstance(value, str):
        return _filled_text(value, scope) if "{{" in value else value
    if isinstance(value, Mapping):
        return {key: _filled(item, scope) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(item, scope) for item in value]
    return value


def _filled_text(text: str, scope: JsonObject) -> Json:
    found = braces(text)
    if len(found) == 1 and not (text[: found[0].start] + text[found[0].end :]).strip():
        return parse(found[0].text).evaluate(scope)
    pieces, at = [], 0
    for part in found:
        pieces += [text[at : part.start], as_text(parse(part.text).evaluate(scope))]
        at = part.end
    return "".join((*pieces, text[at:]))


def as_text(value: Json) -> str:
    """How a value stands inside a longer text: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def words(run: str | list[str]) -> tuple[str, ...]:
    """A command as words, before anything is filled: each `{{ }}` stays in its word. Raises ExpressionError."""
    if not isinstance(run, str):
        return tuple(run)
    kept = braces(run)
    marked, at = [], 0
    for number, part in enumerate(kept):
        marked += [run[at : part.start], f"\0{number}\0"]
        at = part.end
    try:
        split = shlex.split("".join((*marked, run[at:])))
    except ValueError as error:
        raise ExpressionError(
            f"the command cannot be split into words: {error}".lower(), 0, "close the quote"
        ) from error
    return tuple(
        re.sub(r"\0(\d+)\0", lambda m: run[kept[int(m[1])].start : kept[int(m[1])].end], word) for word in split
    )


_OPTION = re.compile(r"--?[^={]+=")
"""The beginning of a word that stays an option whatever its value is."""


def split_run(run: str | list[str] | tuple[str, ...], scope: JsonObject) -> tuple[str, ...]:
    """The words of a command, filled. A value never becomes two words, never the program, and never an option: a word
    that starts with "-" because of a value is refused unless "--" stands before it. Raises StepFailed."""
    filled: list[str] = []
    written = words(run if isinstance(run, str) else list(run))
    if written and "{{" in written[0]:
        raise StepFailed(f"a value may not name the program: {written[0]}", "write the program, and give values to it")
    for word in written:
        text = as_text(_filled(word, scope))
        if "{{" in word and text.startswith("-") and not _OPTION.match(word) and "--" not in written[: len(filled)]:
            raise StepFailed(
                f'the value of {word} starts with "-": "{text}"', 'put it after "--", or write --option={{ }}'
            )
        filled.append(text)
    return tuple(filled)
