"""Bytes of a file to text: size, encoding and characters are judged before any parser sees them."""

from __future__ import annotations

import re
from pathlib import Path

from runner.records import Position, Problem
from runner.records.catalogue import finding

MAX_BYTES = 1 << 20
"""Larger files are refused before they are parsed."""

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff")


def read_source(file: Path, path: str) -> tuple[str | None, list[Problem]]:
    """The text of `file` (called `path` in messages), or None and why it cannot be read."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return None, [
            finding("ORC311", f'cannot read "{path}": {error.strerror}', Position(path), hint="name a readable file")
        ]
    if len(data) > MAX_BYTES:
        return None, [_too_large(path)]
    return _decode(data, path)


def check_text(text: str, path: str) -> list[Problem]:
    """What makes `text` unfit for a parser: too much of it, or a character that YAML does not allow."""
    if len(text) > MAX_BYTES:
        return [_too_large(path)]
    found = _UNPRINTABLE.search(text)
    if found is None:
        return []
    where = _place(text, found.start(), path)
    return [
        finding(
            "ORC007", f"character U+{ord(found.group()):04X} is not allowed in a text file", where, hint="remove it"
        )
    ]


def _decode(data: bytes, path: str) -> tuple[str | None, list[Problem]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None, [finding("ORC007", "the file is UTF-16, not UTF-8", Position(path), hint="save it as UTF-8")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = _place(data[: error.start].decode("utf-8-sig"), error.start, path)
        message = f"the file is not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})"
        return None, [finding("ORC007", message, where, hint="save it as UTF-8")]
    problems = check_text(text, path)
    return (None if problems else text), problems


def _too_large(path: str) -> Problem:
    return finding("ORC012", f"the file is larger than {MAX_BYTES} bytes", Position(path), hint="split it")


def _place(text: str, offset: int, path: str) -> Position:
    before = text[:offset]
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Position(path, line, column, line, column + 1)
