"""A file's data, and where each part of it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from runner.records import Json, Position


class Node(NamedTuple):
    """Where a value stands (0-based line and column, end exclusive) and where its parts do."""

    line: int
    column: int
    end_line: int
    end_column: int
    keys: dict[str, Node] | None = None
    parts: Any = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data (plain JSON values) with the position of everything in it."""

    data: Json
    path: str
    text: str = field(repr=False)
    root: Node = field(repr=False)

    def has(self, pointer: tuple[str | int, ...]) -> bool:
        """Whether something stands at `pointer`."""
        node: Node | None = self.root
        for part in pointer:
            node = _step(node, part)
            if node is None:
                return False
        return True

    def position(self, pointer: tuple[str | int, ...], key: bool = False) -> Position:
        """The place of the value (or of its key) at `pointer`; of the nearest ancestor where there is none."""
        node, above, last = self.root, self.root, None
        for part in pointer:
            found = _step(node, part)
            if found is None:
                return self._of(_key(above, last) or node)
            above, node, last = node, found, part
        return self._of((_key(above, last) if key else None) or node)

    def _of(self, node: Node) -> Position:
        return Position(self.path, node.line + 1, node.column + 1, node.end_line + 1, node.end_column + 1)


def _step(node: Node | None, part: str | int) -> Node | None:
    if node is None or not node.parts:
        return None
    if isinstance(node.parts, dict):
        return node.parts.get(part)
    return node.parts[part] if isinstance(part, int) and 0 <= part < len(node.parts) else None


def _key(node: Node, part: str | int | None) -> Node | None:
    return node.keys.get(part) if node.keys and isinstance(part, str) else None
