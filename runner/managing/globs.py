"""Globs of outputs and owned files: `*` and `?` stay inside a path segment, a segment `**` spans any number of them."""

from __future__ import annotations

import re
from functools import lru_cache

_SPECIAL = re.compile(r"[*?\[]")
_CLASS = re.compile(r"\[[^\]/]+\]")


def is_glob(text: str) -> bool:
    """Whether it may name more than one file."""
    return _SPECIAL.search(text) is not None


def matches(glob: str, path: str) -> bool:
    """Whether the file `path` (posix, relative) is one that `glob` names."""
    return _compiled(glob).fullmatch(path) is not None


def overlap(one: str, other: str) -> bool:
    """Whether some file is named by both; each may be a glob or a plain path. Character classes count as `?`."""
    if not is_glob(one):
        return one == other or (is_glob(other) and matches(other, one))
    if not is_glob(other):
        return matches(one, other)
    return _segments_meet(_segments(one), _segments(other))


@lru_cache(maxsize=4096)
def _compiled(glob: str) -> re.Pattern[str]:
    parts = glob.split("/")
    text = "".join(_part_pattern(part, last=index == len(parts) - 1) for index, part in enumerate(parts))
    return re.compile(text, re.DOTALL)


def _part_pattern(part: str, *, last: bool) -> str:
    if part == "**":
        return ".+" if last else "(?:[^/]+/)*"
    return _segment_pattern(part) + ("" if last else "/")


def _segment_pattern(part: str) -> str:
    text, at = "", 0
    while at < len(part):
        found = _CLASS.match(part, at)
        if found:
            body = found.group()[1:-1].replace("\\", "\\\\")
            text += f"[{'^' + body[1:] if body.startswith('!') else body}]"
            at = found.end()
            continue
        text += {"*": "[^/]*", "?": "[^/]"}.get(part[at], re.escape(part[at]))
        at += 1
    return text


def _segments(glob: str) -> tuple[str, ...]:
    return tuple(_CLASS.sub("?", part) for part in glob.split("/"))


def _segments_meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return all(part == "**" for part in one + other)
    if one[0] == "**":
        return _segments_meet(one[1:], other) or _segments_meet(one, other[1:])
    if other[0] == "**":
        return _segments_meet(other, one)
    return _texts_meet(one[0], other[0]) and _segments_meet(one[1:], other[1:])


@lru_cache(maxsize=4096)
def _texts_meet(one: str, other: str) -> bool:
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return _texts_meet(one[1:], other) or _texts_meet(one, other[1:])
    if other[0] == "*":
        return _texts_meet(other, one)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _texts_meet(one[1:], other[1:])
