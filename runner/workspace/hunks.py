"""The text of `git diff -U0`, read by the counts of its hunks, so that no line of a file is taken for a header."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_ESCAPED = re.compile(rb'\\([abtnvfr"\\]|[0-7]{3})')
_LETTERS = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


@dataclass(slots=True)
class FileHunks:
    """One file of a diff: `path` is its old name ("" for a new file), `removed` holds (old line number, text)."""

    path: str = ""
    removed: list[tuple[int, bytes]] = field(default_factory=list)
    added: list[bytes] = field(default_factory=list)

    def gone(self) -> list[tuple[int, bytes]]:
        """Removed lines that hold something and were not added again in the same file, white space apart."""
        again = Counter(map(_folded, self.added))
        left = []
        for number, text in self.removed:
            folded = _folded(text)
            if again[folded] > 0:
                again[folded] -= 1
            elif folded:
                left.append((number, text))
        return left


def read_diff(said: bytes) -> list[FileHunks]:
    """Every file of a diff without context lines."""
    files: list[FileHunks] = []
    lines = iter(said.split(b"\n"))
    for line in lines:
        if line.startswith(b"diff --git "):
            files.append(FileHunks())
        elif line.startswith(b"--- ") and files:
            files[-1].path = _path(line[4:])
        elif found := _HUNK.match(line):
            old, removed, added = int(found[1]), _count(found[2]), _count(found[3])
            _take(files[-1], lines, old, removed, added)
    return files


def _take(file: FileHunks, lines: Iterator[bytes], old: int, removed: int, added: int) -> None:
    for number in range(old, old + removed):
        file.removed.append((number, _content(lines)))
    for _ in range(added):
        file.added.append(_content(lines))


def _content(lines: Iterator[bytes]) -> bytes:
    line = next(lines)
    # "\ No newline at end of file" belongs to the line before and counts in no hunk.
    return next(lines)[1:] if line.startswith(b"\\") else line[1:]


def _count(said: bytes | None) -> int:
    return 1 if said is None else int(said)


def _folded(text: bytes) -> bytes:
    return b"".join(text.split())


def _path(said: bytes) -> str:
    """The name behind `--- `: without prefix, unquoted, "" for /dev/null."""
    name = said.rstrip(b"\t\r")
    if name.startswith(b'"'):
        name = _ESCAPED.sub(_unescape, name.strip(b'"'))
    return "" if name == b"/dev/null" else name.removeprefix(b"a/").decode(errors="surrogateescape")


def _unescape(found: re.Match[bytes]) -> bytes:
    said = found[1]
    return bytes([_LETTERS[said] if said in _LETTERS else int(said, 8)])
