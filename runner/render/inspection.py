"""What a template reads, includes and uses, found in its syntax tree: nothing is compiled, so nothing is folded."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import Frame
from jinja2.meta import TrackingCodeGenerator

from runner.render.sandbox import Sandbox
from runner.render.trouble import TemplateProblem

_INNER_FILTERS = {"counted rounds", "bounded text"}
_SANDBOX = Sandbox()


@dataclass(frozen=True, order=True)
class Read:
    """A use of a variable: `path` starts at what must be given, with "*" for an item of a list that a loop goes
    through; `written` is how it stands in the line, from the loop's own name."""

    line: int
    written: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(frozen=True)
class Inspection:
    """`variables` must be given; `reads` are their uses; `guarded` paths may be missing (the
    template asks `is defined`, or has a `default`); `sorted` names are asked for their type; `assigned` names are its
    own; `includes` name other templates with their line; `problems` say what the sandbox would refuse."""

    variables: frozenset[str]
    guarded: frozenset[tuple[str, ...]]
    sorted: frozenset[str]
    assigned: frozenset[str]
    reads: tuple[Read, ...]
    includes: tuple[tuple[str, int], ...]
    problems: tuple[TemplateProblem, ...]


class _Tracker(TrackingCodeGenerator):
    """Finds undeclared names by the compiler's own scoping, with its constant folding switched off."""

    def __init__(self, environment: Sandbox) -> None:
        super().__init__(environment)
        self.optimizer = None

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: object) -> str:
        raise nodes.Impossible


@lru_cache(maxsize=256)
def inspect(source: str, path: str) -> Inspection:
    """What is in the template `source`. Raises TemplateProblem where it is no template."""
    sandbox = _SANDBOX
    tree = _tree(source, path, sandbox)
    variables = _undeclared(tree, path, sandbox)
    return Inspection(
        variables=variables,
        guarded=frozenset(_guarded(tree)),
        sorted=sorted_out(tree),
        assigned=frozenset(name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"),
        reads=tuple(sorted({read for read in _reads(tree) if read.path[0] in variables})),
        includes=tuple(_includes(tree)),
        problems=tuple(_problems(tree, source, path, sandbox)),
    )


def column_of(source: str, line: int, word: str) -> int:
    """The column (from 1) of `word` in a line of `source`; 1 where it is not found."""
    lines = source.split("\n")
    found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", lines[line - 1]) if 0 < line <= len(lines) else None
    return found.start() + 1 if found else 1


def column_of_path(source: str, line: int, path: tuple[str, ...]) -> int:
    """The column (from 1) of the last name of a dotted path in a line of `source`; of its first where only that is
    found."""
    lines = source.split("\n")
    steps = "".join(rf"""(?:\s*\.\s*|\[\s*["'])({re.escape(name)})(?!\w)(?:["']\s*\])?""" for name in path[1:])
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    found = re.search(rf"(?<![\w.])({re.escape(path[0])})(?!\w){steps}", text)
    return found.start(len(path)) + 1 if found else column_of(source, line, path[0])


def _tree(source: str, path: str, sandbox: Sandbox) -> nodes.Template:
    try:
        return sandbox.parse_only(source)
    except jinja2.TemplateSyntaxError as error:
        raise syntax_problem(error, path, source) from error
    except RecursionError as error:
        raise TemplateProblem(
            "the template is nested too deeply", path, rule="TMPL012", hint="make it flatter"
        ) from error


def syntax_problem(error: jinja2.TemplateSyntaxError, path: str, source: str) -> TemplateProblem:
    """A syntax error as a problem."""
    message = (error.message or "the template cannot be read").rstrip(".").replace("'", '"')
    unclosed = re.search(r'^[Uu]nexpected end of template.*needs to be closed is ("\w+")', message)
    message = f"unexpected end of template: {unclosed[1]} is not closed" if unclosed else message
    column = _first_tag(source, error.lineno)
    if "No filter named" in message or "No test named" in message:
        return TemplateProblem(message[0].lower() + message[1:], path, error.lineno, column, "TMPL006")
    hint = "close every block: {% if %} ... {% endif %}, {{ ... }}, {# ... #}"
    return TemplateProblem(message[0].lower() + message[1:], path, error.lineno, column, "TMPL001", hint)


def _first_tag(source: str, line: int) -> int:
    lines = source.split("\n")
    found = re.search(r"\{[{%#]", lines[line - 1]) if 0 < line <= len(lines) else None
    return found.start() + 1 if found else 1


def _undeclared(tree: nodes.Template, path: str, sandbox: Sandbox) -> frozenset[str]:
    tracker = _Tracker(sandbox)
    tree.set_environment(sandbox)
    try:
        tracker.visit(tree)
    except jinja2.TemplateSyntaxError:
        # An unknown filter or test stops the compiler; that is reported by itself, and names are not looked for.
        return frozenset()
    except RecursionError as error:
        raise TemplateProblem(
            "the template is nested too deeply", path, rule="TMPL012", hint="make it flatter"
        ) from error
    return frozenset(tracker.undeclared_identifiers) - sandbox.globals.keys()


def _reads(tree: nodes.Node) -> Iterator[Read]:
    pending: list[tuple[nodes.Node, _Names]] = [(tree, {})]
    while pending:
        node, names = pending.pop()
        path = _path(node)
        if path:
            known = names.get(path[0], (path[0],))
            if known:
                yield Read(node.lineno, path, (*known, *path[1:]))
        elif isinstance(node, nodes.For):
            pending.extend(_in_loop(node, names))
        else:
            pending.extend((child, names) for child in node.iter_child_nodes())


_Names = Mapping[str, tuple[str, ...]]
"""What the targets of loops stand for, as paths; () where that cannot be told."""


def _in_loop(loop: nodes.For, names: _Names) -> Iterator[tuple[nodes.Node, _Names]]:
    through = _path(loop.iter)
    base = names.get(through[0], through[:1]) if through else ()
    own: dict[str, tuple[str, ...]] = dict.fromkeys(_targets(loop.target), ())
    # A name that is also set to something else stands for nothing that could be told.
    changed = {name for part in loop.body for name in _assigned(part)}
    if isinstance(loop.target, nodes.Name) and base and loop.target.name not in changed:
        own[loop.target.name] = (*base, *through[1:], "*")
    inner = {**names, **own}
    yield loop.iter, names
    yield from ((part, names) for part in loop.else_)
    yield from ((part, inner) for part in (*loop.body, *([loop.test] if loop.test is not None else [])))


def _targets(node: nodes.Node) -> list[str]:
    return [node.name] if isinstance(node, nodes.Name) else [name.name for name in node.find_all(nodes.Name)]


def _assigned(node: nodes.Node) -> Iterator[str]:
    found: Iterator[Any] = node.find_all((nodes.Name, nodes.NSRef))
    yield from (name.name for name in found if getattr(name, "ctx", "store") != "load")


_ASKING = {"defined", "undefined", "default", "d"}
_SORTING = {"mapping", "string", "sequence", "iterable", "number", "boolean", "none"}


def sorted_out(tree: nodes.Template) -> frozenset[str]:
    """Names that the template asks for their type: what it reads of them depends on the answer."""
    tests = tree.find_all(nodes.Test)
    return frozenset(path[0] for test in tests if test.name in _SORTING and (path := _path(test.node)))


def _guarded(tree: nodes.Template) -> Iterator[tuple[str, ...]]:
    found: Iterator[Any] = tree.find_all((nodes.Test, nodes.Filter))
    for node in found:
        if node.name in _ASKING and node.node is not None:
            path = _path(node.node)
            yield from (path[: length + 1] for length in range(len(path)))


def _path(node: nodes.Node) -> tuple[str, ...]:
    names: list[str] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        if isinstance(node, nodes.Getattr):
            names.append(node.attr)
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            names.append(node.arg.value)
        else:
            return ()
        node = node.node
    if isinstance(node, nodes.Name) and node.ctx == "load":
        return (node.name, *reversed(names))
    return ()


def _includes(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    found: Iterator[Any] = tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
    for node in found:
        named = node.template
        values = named.items if isinstance(named, (nodes.List, nodes.Tuple)) else [named]
        ignored = isinstance(node, nodes.Include) and node.ignore_missing
        for value in values:
            if isinstance(value, nodes.Const) and isinstance(value.value, str) and not ignored:
                yield value.value, node.lineno


def _problems(tree: nodes.Template, source: str, path: str, sandbox: Sandbox) -> Iterator[TemplateProblem]:
    judged: Iterator[Any] = tree.find_all((nodes.Filter, nodes.Test, nodes.Getattr, nodes.Pow, nodes.For))
    for node in judged:
        found = _problem(node, sandbox)
        if found:
            rule, message, hint, word = found
            yield TemplateProblem(message, path, node.lineno, column_of(source, node.lineno, word), rule, hint)


def _problem(node: Any, sandbox: Sandbox) -> tuple[str, str, str, str] | None:
    """Rule, message, hint and a word to find the column by; None for a node that is fine."""
    if isinstance(node, (nodes.Filter, nodes.Test)):
        return _unknown(node, sandbox)
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return "TMPL013", f'the attribute "{node.attr}" is private', "templates see plain data only", node.attr
    if isinstance(node, nodes.Pow):
        return "TMPL012", '"**" is not part of templates', "compute it before", "**"
    if isinstance(node, nodes.For) and node.recursive:
        return "TMPL012", "recursive loops are not part of templates", "use a macro", "for"
    return None


def _unknown(node: Any, sandbox: Sandbox) -> tuple[str, str, str, str] | None:
    table: Any = sandbox.filters if isinstance(node, nodes.Filter) else sandbox.tests
    if node.name in table:
        return None
    kind = "filter" if isinstance(node, nodes.Filter) else "test"
    known = sorted(set(table) - _INNER_FILTERS)
    near = difflib.get_close_matches(node.name, known, n=1)
    meant = f'; did you mean "{near[0]}"?' if near else ""
    return "TMPL006", f'unknown {kind} "{node.name}"{meant}', f"known: {', '.join(known)}", node.name
