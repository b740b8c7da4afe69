"""Three rules of English nouns and verbs, ours: a table of exceptions, endings, and the rest.

Importing a grammar library costs seconds (FACTS.md); requests use plain words.
"""

from __future__ import annotations

from collections.abc import Mapping

_IRREGULAR: Mapping[str, str] = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "mouse": "mice",
    "goose": "geese",
    "index": "indexes",
    "status": "statuses",
    "address": "addresses",
    "shelf": "shelves",
    "life": "lives",
    "leaf": "leaves",
    "half": "halves",
    "movie": "movies",
    "cookie": "cookies",
    "tie": "ties",
    "news": "news",
    "series": "series",
    "species": "species",
    "equipment": "equipment",
    "feedback": "feedback",
    "bus": "buses",
    "quiz": "quizzes",
    "hero": "heroes",
    "tomato": "tomatoes",
    "potato": "potatoes",
    "analysis": "analyses",
}
_SINGULAR: Mapping[str, str] = {plural: singular for singular, plural in _IRREGULAR.items()}
_SIBILANTS = ("s", "x", "z", "ch", "sh")


def plural(noun: str) -> str:
    """The plural of a noun in lower case; only its last word changes."""
    head, last = _last_word(noun)
    if last in _IRREGULAR:
        return head + _IRREGULAR[last]
    if last in _SINGULAR:
        return noun
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return head + last[:-1] + "ies"
    return head + last + ("es" if last.endswith(_SIBILANTS) else "s")


def singular(noun: str) -> str:
    """The singular of a noun in lower case; a noun that is singular already stays."""
    head, last = _last_word(noun)
    if last in _SINGULAR:
        return head + _SINGULAR[last]
    if last in _IRREGULAR or not last.endswith("s") or last.endswith(("ss", "us", "is")) or len(last) < 3:
        return noun
    if last.endswith("ies") and len(last) > 4:
        return head + last[:-3] + "y"
    if last.endswith("es") and last[:-2].endswith(_SIBILANTS) and not last.endswith(("ses", "zes")):
        return head + last[:-2]
    if last.endswith("sses"):
        return head + last[:-2]
    return head + last[:-1]


def is_plural(noun: str) -> bool:
    """Whether the noun looks like a plural."""
    return singular(noun) != noun


def base_verb(verb: str) -> str:
    """The base of a verb in the third person: follows -> follow, replies -> reply, watches -> watch."""
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    if verb.endswith("es") and verb[:-2].endswith(_SIBILANTS) and not verb.endswith(("ses", "zes")):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith("ss") else verb


def words_of(text: str) -> str:
    """A field or entity name as an identifier: "Due date" -> "due_date". Returns "" where nothing is left."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower())
    name = "_".join(kept.split())[:60]
    return name if name[:1].isalpha() else (f"x_{name}" if name else "")


def article(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def join(parts: tuple[str, ...] | list[str], last: str = "and") -> str:
    """ "a, b and c"."""
    return ", ".join(parts[:-1]) + f" {last} " + parts[-1] if len(parts) > 1 else "".join(parts)


def _last_word(noun: str) -> tuple[str, str]:
    cut = max(noun.rfind(" "), noun.rfind("_")) + 1
    return noun[:cut], noun[cut:]
