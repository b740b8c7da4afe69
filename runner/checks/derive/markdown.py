"""Markdown as far as a document's spec reaches: headings, links, fences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*(.*)$")
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block: the words after its fence, its text, and the line (from 1) where it starts."""

    info: tuple[str, ...]
    text: str
    line: int


def fences(text: str) -> list[Fence]:
    """Every fenced block."""
    return [block for block in _blocks(text) if isinstance(block, Fence)]


def headings(text: str) -> list[tuple[int, str]]:
    """Level and text of every heading outside of fences."""
    lines = [block for block in _blocks(text) if isinstance(block, str)]
    found = [re.match(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$", line) for line in lines]
    return [(len(match.group(1)), match.group(2)) for match in found if match]


def links(text: str) -> list[str]:
    """The targets of all links and pictures outside of fences."""
    lines = [block for block in _blocks(text) if isinstance(block, str)]
    return LINK.findall(re.sub(r"`[^`\n]*`", "", "\n".join(lines)))


def _blocks(text: str) -> Iterator[str | Fence]:
    fence, info, start, inside = "", "", 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        found = FENCE.match(line)
        if fence and found and found.group(1).startswith(fence) and not found.group(2):
            yield Fence(tuple(info.split()), "\n".join(inside), start)
            fence, inside = "", []
        elif fence:
            inside.append(line)
        elif found:
            fence, info, start = found.group(1), found.group(2), number
        else:
            yield line
