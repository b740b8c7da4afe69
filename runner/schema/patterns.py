"""Which regular expressions can take exponential time: a repeat whose rounds can be cut in more than one way.

A conservative reading of the parsed pattern. A variable repeat may hold another one only if each round also holds a
mandatory part whose characters cannot occur in the inner repeats, so that the cuts are certain. See "regular
expression denial of service" (CWE-1333).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_LONGEST = 500
_FEW_ROUNDS = 8
_REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT}
_ALL = frozenset(range(256))
"""Characters above 255 are folded into 255: an overlap too many is only a refusal too many."""


@lru_cache(maxsize=1024)
def why_slow(pattern: str) -> str:
    """Why `pattern` may take exponential time, "invalid" if it is no pattern, "" if it is fine."""
    if len(pattern) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
            tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return "invalid"
    if sum(1 for _ in _open_repeats(tree)) > 4:
        return "more than four open repeats"
    return next((reason for node in _walk(tree) if (reason := _reason(node))), "")


def _open_repeats(tree: Any) -> Iterator[Any]:
    return (node for node in _walk(tree) if node[0] in _REPEATS and node[1][1] is codes.MAXREPEAT)


def _walk(tree: Any) -> Iterator[tuple[Any, Any]]:
    for node in tree:
        yield node
        for part in _children(node):
            yield from _walk(part)


def _children(node: tuple[Any, Any]) -> list[Any]:
    code, value = node
    if code in _REPEATS or code is codes.POSSESSIVE_REPEAT:
        return [value[2]]
    if code is codes.SUBPATTERN:
        return [value[3]]
    if code is codes.BRANCH:
        return list(value[1])
    if code in {codes.ASSERT, codes.ASSERT_NOT}:
        return [value[1]]
    if code is codes.ATOMIC_GROUP:
        return [value]
    if code is codes.GROUPREF_EXISTS:
        return [part for part in value[1:] if part is not None]
    return []


def _reason(node: tuple[Any, Any]) -> str:
    code, value = node
    if code is codes.GROUPREF:
        return "it refers back to a group"
    if code not in _REPEATS or value[0] == value[1] or value[1] == 1:
        return ""
    high, body = value[1], value[2]
    inner = [part for part in _walk(body) if part[0] in _REPEATS and part[1][0] != part[1][1]]
    if inner and not _is_cut(body, inner):
        return "a repeat inside a repeat"
    branches = [part for part in _walk(body) if part[0] is codes.BRANCH]
    if high > _FEW_ROUNDS and any(_overlaps(part) for part in branches):
        return "alternatives that start alike inside a repeat"
    return ""


def _is_cut(body: Any, inner: list[Any]) -> bool:
    repeated = frozenset().union(*(_characters(part[1][2]) for part in inner))
    sequence = body[0][1][3] if len(body) == 1 and body[0][0] is codes.SUBPATTERN else body
    return any(_mandatory(part) and not (_characters([part]) & repeated) for part in sequence)


def _mandatory(node: tuple[Any, Any]) -> bool:
    code, value = node
    if code in _REPEATS:
        return bool(value[0] > 0 and value[0] == value[1])
    if code is codes.SUBPATTERN:
        return any(_mandatory(part) for part in value[3])
    if code is codes.BRANCH:
        return all(any(_mandatory(part) for part in branch) for branch in value[1])
    return code in {codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY}


def _overlaps(node: tuple[Any, Any]) -> bool:
    seen: set[int] = set()
    for branch in node[1][1]:
        first = _characters(branch[:1]) if len(branch) else _ALL
        if seen & first:
            return True
        seen |= first
    return False


def _characters(tree: Any) -> frozenset[int]:
    found: set[int] = set()
    for code, value in _walk(tree):
        if code is codes.LITERAL:
            found |= _both_cases(value)
        elif code is codes.IN:
            found |= _set(value)
        elif code in {codes.ANY, codes.NOT_LITERAL, codes.CATEGORY}:
            return _ALL
    return frozenset(found)


def _set(items: Any) -> frozenset[int]:
    found: set[int] = set()
    for code, value in items:
        if code is codes.LITERAL:
            found |= _both_cases(value)
        elif code is codes.RANGE:
            found.update(range(min(value[0], 255), min(value[1], 255) + 1))
        elif code is codes.CATEGORY and value is codes.CATEGORY_DIGIT:
            found.update(range(48, 58))
            found.add(255)
        else:
            return _ALL
    return frozenset(found)


def _both_cases(code: int) -> set[int]:
    return {min(code, 255), min(ord(chr(code).swapcase()[0]), 255)}
