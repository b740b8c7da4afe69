"""Parser events to values with positions, iteratively, within limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from runner.positions import scalars
from runner.positions.document import Document, Node
from runner.positions.source import check_text
from runner.positions.trouble import syntax_problem
from runner.records import Json, Position, Problem
from runner.records.catalogue import finding

MAX_DEPTH = 100
MAX_NODES = 100_000
MAX_ALIASES = 100
MAX_EXPANDED = 10_000
"""Nodes that aliases may stand for, all together."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = {None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_MISSING = object()


class _Stop(Exception):
    """The rest of the text is not worth (or not safe) reading."""


@dataclass(slots=True)
class _Frame:
    """A mapping or sequence that is still open."""

    start: Any
    mapping: bool
    flow: bool
    anchor: str | None
    data: Any
    parts: Any
    keys: dict[str, Node] = field(default_factory=dict)
    key: Any = _MISSING
    key_node: Node | None = None
    size: int = 1
    last: tuple[int, int] | None = None


def load_yaml(text: str, path: str) -> tuple[Document | None, list[Problem]]:
    """The document in `text` and all that is wrong with it; None where nothing can be made of it."""
    problems = check_text(text, path)
    if problems:
        return None, problems
    builder = _Builder(text, path)
    try:
        builder.consume(yaml.parse(text, Loader=_LOADER))
    except _Stop:
        return None, builder.problems
    except yaml.YAMLError as error:
        return None, [*builder.problems, syntax_problem(error, text, path)]
    except RecursionError:
        return None, [finding("ORC012", f"nesting deeper than {MAX_DEPTH}", Position(path), hint="make it flatter")]
    return builder.document(), builder.problems


def load_json(text: str, path: str) -> tuple[Document | None, list[Problem]]:
    """The same for a JSON file, which is YAML in flow style but for escaped surrogate pairs."""
    return load_yaml(_PAIR.sub(_letter, text), path)


_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _letter(found: re.Match[str]) -> str:
    high, low = int(found[2], 16), int(found[3], 16)
    return found[1] + chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)


class _Builder:
    def __init__(self, text: str, path: str) -> None:
        self.text, self.path = text, path
        self.problems: list[Problem] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Json, Node, int]] = {}
        self.declared: dict[str, Any] = {}
        self.used: set[str] = set()
        self.nodes = self.aliases = self.expanded = self.documents = 0
        self.root: tuple[Json, Node] | None = None

    def consume(self, events: Iterator[Any]) -> None:
        handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._start,
        }
        for event in events:
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)

    def document(self) -> Document | None:
        for name in sorted(self.declared.keys() - self.used):
            where = self._mark(self.declared[name])
            self._say("ORC010", f'anchor "{name}" is defined but not used', where, "remove it", severity="warning")
        if self.root is None or (self.root[0] is None and self.root[1][:2] == self.root[1][2:4]):
            if not self.problems:
                self._say("ORC014", "the file is empty", Position(self.path), "write at least version and name")
            return None
        return Document(self.root[0], self.path, self.text, self.root[1])

    def _start(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            where = self._mark(event)
            self._say(
                "ORC008", f"one document per file; a second starts at line {where.line}", where, "remove the second ---"
            )
            raise _Stop

    def _scalar(self, event: Any) -> None:
        self._count(event)
        plain = event.implicit[0] and event.tag is None
        found = scalars.read(event.value) if plain else scalars.Scalar(event.value)
        if found.rule:
            self._say(found.rule, found.message, self._mark(event), found.hint)
        start, end = event.start_mark, event.end_mark
        node = Node(start.line, start.column, end.line, end.column)
        self._anchor(event, found.value, node, 1)
        self._add(found.value, node, 1, event, plain)

    def _open(self, event: Any) -> None:
        self._count(event)
        if len(self.stack) >= MAX_DEPTH:
            self._limit(event, f"nesting deeper than {MAX_DEPTH}", "make it flatter")
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.anchor:
            self.declared.setdefault(event.anchor, event)
        empty: Any = {} if mapping else []
        flow = bool(event.flow_style)
        self.stack.append(_Frame(event.start_mark, mapping, flow, event.anchor, empty, {} if mapping else []))

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        start, end = frame.start, event.end_mark
        stop = (end.line, end.column) if frame.flow or frame.last is None else frame.last
        node = Node(start.line, start.column, stop[0], stop[1], frame.keys, frame.parts)
        if frame.anchor:
            self.anchors[frame.anchor] = (frame.data, node, frame.size)
        self._add(frame.data, node, frame.size, event, False, frame)

    def _alias(self, event: Any) -> None:
        name, self.aliases = event.anchor, self.aliases + 1
        self.used.add(name)
        if any(frame.anchor == name for frame in self.stack):
            self._fatal("ORC010", f'alias "{name}" contains itself', event, "write the value out")
        if name not in self.anchors:
            self._fatal(
                "ORC010",
                f'alias "{name}" has no anchor before it',
                event,
                f'define it with "&{name}", or quote "*{name}"',
            )
        data, target, size = self.anchors[name]
        self.expanded += size
        if self.aliases > MAX_ALIASES or self.expanded > MAX_EXPANDED:
            self._limit(
                event,
                f"aliases stand for too much ({MAX_ALIASES} aliases, {MAX_EXPANDED} nodes)",
                "write it out, or leave it out",
            )
        start, end = event.start_mark, event.end_mark
        node = Node(start.line, start.column, end.line, end.column, target.keys, target.parts)
        self._add(data, node, size, event, False)

    def _add(self, value: Json, node: Node, size: int, event: Any, plain: bool, child: _Frame | None = None) -> None:
        if not self.stack:
            self.root = (value, node)
            return
        frame = self.stack[-1]
        frame.size += size
        frame.last = (node.end_line, node.end_column)
        if not frame.mapping:
            frame.data.append(value)
            frame.parts.append(node)
        elif frame.key is _MISSING:
            frame.key, frame.key_node = self._as_key(value, node, event, plain, child), node
        else:
            self._pair(frame, value, node)

    def _pair(self, frame: _Frame, value: Json, node: Node) -> None:
        key, place, frame.key = frame.key, frame.key_node, _MISSING
        if key is None or place is None:
            return
        if key in frame.keys:
            first = self._of(frame.keys[key])
            self._say(
                "ORC002", f'key "{key}" is duplicated; first defined at line {first.line}', self._of(place),
                "keep one of them", related=((first, "first defined here"),),
            )  # fmt: skip
            return
        frame.data[key] = value
        frame.keys[key] = place
        frame.parts[key] = node

    def _as_key(self, value: Json, node: Node, event: Any, plain: bool, child: _Frame | None) -> str | None:
        if isinstance(value, str):
            if value == "<<" and plain:
                self._say(
                    "ORC010", "merge keys are not supported", self._of(node), "write the keys out, or use `extends`"
                )
                return None
            return value
        if child is not None and child.mapping and child.flow:
            self._say(
                "TMPL016",
                "YAML reads {{ }} without quotes as a mapping",
                self._of(node),
                'quote the whole value: "{{ ... }}"',
            )
            return None
        shown = event.value if isinstance(event, yaml.ScalarEvent) else ""
        self._say(
            "ORC013",
            f'a key must be text, not {_kind(value)} "{shown}"' if shown else f"a key must be text, not {_kind(value)}",
            self._of(node),
            "quote it",
        )
        return str(shown) or None

    def _anchor(self, event: Any, value: Json, node: Node, size: int) -> None:
        if event.anchor:
            self.declared.setdefault(event.anchor, event)
            self.anchors[event.anchor] = (value, node, size)

    def _count(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._limit(event, f"more than {MAX_NODES} values", "split the file")
        if event.tag not in _PLAIN_TAGS:
            name = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._say(
                "ORC009",
                f'tag "{name}" is not allowed',
                self._mark(event),
                "write plain values; for another file use its reference",
            )

    def _limit(self, event: Any, message: str, hint: str) -> None:
        self._fatal("ORC012", message, event, hint)

    def _fatal(self, rule: str, message: str, event: Any, hint: str) -> None:
        self._say(rule, message, self._mark(event), hint)
        raise _Stop

    def _say(self, rule: str, message: str, where: Position, hint: str, **more: Any) -> None:
        self.problems.append(finding(rule, message, where, hint=hint, **more))

    def _mark(self, event: Any) -> Position:
        start, end = event.start_mark, event.end_mark
        return Position(self.path, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _of(self, node: Node) -> Position:
        return Position(self.path, node.line + 1, node.column + 1, node.end_line + 1, node.end_column + 1)


def _kind(value: Json) -> str:
    names = {type(None): "null", bool: "boolean", int: "integer", float: "number", dict: "mapping", list: "list"}
    return names.get(type(value), "text")
