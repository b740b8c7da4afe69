"""The calls that were made and what came of them, for a person: one line for each thing that they are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LINE = 220
"""Characters of one line; what does not fit is counted."""


@dataclass(frozen=True, slots=True)
class Made:
    """One call: `about` is the field that it tries, "" where it is about the whole; `came` is what it answered."""

    about: str
    words: str
    came: str

    @property
    def name(self) -> str:
        """The call in a few words."""
        if not self.about:
            return self.words
        return f"{self.about}{'' if self.words.startswith('=') else ':'} {self.words}"


def lines(made: Iterable[Made]) -> list[str]:
    """One line for each field and for each other call, in the order in which they were made."""
    by_field: dict[str, list[str]] = {}
    for one in made:
        key = one.about or one.words
        by_field.setdefault(key, []).append(f"{one.words} {one.came}" if one.about else one.came)
    return [f"{key}: {_bounded(list(dict.fromkeys(said)))}" for key, said in by_field.items()]


def _bounded(said: list[str]) -> str:
    kept = len(said)
    while kept > 1 and len(", ".join(said[:kept])) > LINE:
        kept -= 1
    left = len(said) - kept
    return ", ".join(said[:kept]) + (f" and {left} more" if left else "")
