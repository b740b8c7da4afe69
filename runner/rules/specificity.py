"""How exact a text and a spec are (SPECS.md, Specificity; after INCOSE's writing rules, NALABS and OpenReq).

Score = coverage - min(0.4, density / 25): coverage is the share of applicable facets that are said, density the hits
(a weak one counts half) per 100 words outside code. The lists are short on purpose: raw lexicons hit good tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runner.managing.fields import found
from runner.records import Json, Kind, Task

ERROR_BELOW = 0.5
WARNING_BELOW = 0.75
_MOST = 0.4
_SCALE = 25.0
_MIN_WORDS = 12

_HARD_WORDS = """
fast, quick, quickly, scalable, secure, securely, intuitive, robust, seamless, seamlessly, proper, properly,
appropriate, appropriately, adequate, adequately, efficient, efficiently, modern, clean, comprehensive, various,
several, nice, nicely, user-friendly, easy-to-use, good, beautiful, sensible, reasonable, suitable, flexible,
performant, high-quality, if necessary, where possible, as appropriate, as needed, if possible, where needed,
as required, etc, and so on, including but not limited to, and more, and the like, among others, better, optimal,
optimally, as much as possible, as fast as possible, best practices, improved
"""
"""Vague qualities, escapes, open ends, comparisons without a base."""
_SOFT_WORDS = """
may, might, could, should, would, usually, normally, typically, generally, as usual, all errors, all cases,
all edge cases, 100 percent, 100%, never fails, everything, handle errors, error handling, add validation,
validate input, handle edge cases, add tests
"""
"""Weak verbs, guesses, wishes, verbs without an object."""
_PLACEHOLDER = re.compile(
    r"\b(?:TBD|FIXME|XXX)\b|\bTODO\b(?! (?:list|app|item))|\?\?\?|lorem ipsum"
    r"|<\.\.\.>|<(?:your|insert|some|fill)\b[^>]*>"
)
_MASKED = re.compile(
    r"```.*?```|`[^`]*`|\"[^\"]*\"|'[^'\n]*'|\{[^{}]*\}|<[a-z][^<>]*>"
    r"|\b(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|WITH \w+ AS|(?:CREATE|ALTER|DROP) (?:TABLE|INDEX|UNIQUE))\b"
    r"[^;]*"
    r"|(?<!\w)[\w.{}:-]*/[\w./{}:*-]+|\b\w+\([^)]*\)",
    re.DOTALL,
)
"""Fences, code, quotes, braces, tags, SQL, paths, calls: what stands there is exact, or not prose."""


def _any(words: str) -> re.Pattern[str]:
    listed = sorted((" ".join(word.split()) for word in words.split(",")), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, listed))})(?![\w-])", re.IGNORECASE)


_HARD, _SOFT = _any(_HARD_WORDS), _any(_SOFT_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exactness:
    """`score` from 0 to 1; `missing`: facets that apply and are not said; `vague`: the words; `placeholders` block."""

    score: float
    missing: tuple[str, ...]
    vague: tuple[str, ...]
    placeholders: tuple[str, ...]


def measure(task: Task, kind: Kind) -> Exactness:
    """How exact the task is for its kind. A removal says enough with its identity."""
    facets = dict(_facets(task.spec, kind, whole=task.action != "remove"))
    coverage = sum(facets.values()) / len(facets) if facets else 1.0
    texts = [task.title, *_texts(task.spec)]
    prose = [_MASKED.sub(" ", text) for text in texts]
    hard, soft = _hits(_HARD, prose), _hits(_SOFT, prose)
    words = max(sum(len(text.split()) for text in prose), _MIN_WORDS)
    density = 100.0 * (len(hard) + len(soft) / 2) / words
    return Exactness(
        score=max(0.0, coverage - min(_MOST, density / _SCALE)),
        missing=tuple(name for name, said in facets.items() if not said),
        vague=tuple(dict.fromkeys(word.lower() for word in (*hard, *soft))),
        placeholders=tuple(dict.fromkeys(_hits(_PLACEHOLDER, [task.title, *prose]))),
    )


def _facets(spec: Json, kind: Kind, *, whole: bool) -> Iterator[tuple[str, bool]]:
    for name in kind.schema.get("required", ()):
        if name != "kind":
            yield name, _said(spec.get(name))
    if whole:
        for path in kind.expect:
            applies, said = _expected(spec, path)
            if applies:
                yield path, said


def _expected(spec: Json, path: str) -> tuple[bool, bool]:
    """Whether the facet applies (there is something to say it of) and whether it is said at least once."""
    parent, star, leaf = path.rpartition(".*.")
    if star:
        items = [item for _, value in found(spec, parent) for item in _items(value)]
        return bool(items), any(_said(value) for item in items for _, value in found(item, leaf))
    parent, dot, leaf = path.rpartition(".")
    if dot:
        holders = [value for _, value in found(spec, parent)]
        return bool(holders), any(_said(value) for holder in holders for _, value in found(holder, leaf))
    return True, any(_said(value) for _, value in found(spec, path))


def _items(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def _said(value: Json) -> bool:
    # An empty list says "none", an empty text says nothing.
    return value is not None and value != ""


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _hits(pattern: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    return [match.group() for text in texts for match in pattern.finditer(text)]
