"""Which sentences that were not understood may say something about what is assumed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

from runner.blueprint.english import join, plural
from runner.blueprint.reading import Statement

ACCOUNTS = "account|register|registration|sign|sign-up|signup|log|login|log-in|username|password"
ORDER = "newest|oldest|latest|recent|first|sort|order|alphabetically|alphabetical|chronologically|chronological"


class Assume(Protocol):
    """assume(text, why, *about): the id of the assumption; `about` are the words that it is about, "a|b" for either."""

    def __call__(self, text: str, why: str, *about: str) -> str: ...


def doubts(missed: Iterable[Statement], about: Iterable[str]) -> str:
    """ "Line 7 says", "Lines 7 and 9 say": the sentences that hold a word of each of `about` ("a|b": either); ""
    for none. Headings and leads count: below "Notes", a sentence is about notes."""
    wanted = [{form for word in one.split("|") for form in _forms(word)} for one in about]
    if not wanted:
        return ""
    lines = [str(one.line) for one in missed if one.kind != "code" and all(_words(one) & forms for forms in wanted)]
    found = list(dict.fromkeys(lines))
    return f"Line{'s' if len(found) > 1 else ''} {join(found)} say{'' if len(found) > 1 else 's'}" if found else ""


def _words(statement: Statement) -> set[str]:
    return set(re.findall(r"[a-z][a-z-]*", " ".join((*statement.section[1:], statement.lead, statement.text)).lower()))


def _forms(word: str) -> set[str]:
    """The word with the endings of nouns and verbs: like, likes, liked, liking."""
    stem = word.removesuffix("e")
    return {word, plural(word), f"{word}s", f"{stem}ed", f"{stem}ing", f"{word}{word[-1]}ed", f"{word}{word[-1]}ing"}
