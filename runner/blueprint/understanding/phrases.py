"""The small words of requests: numbers, bounds, predicates of fields, things, actors. All text here is lower case.

A phrase is understood only as a whole: each function returns None where a single word stays over, so that nothing
that was asked for is dropped on the way.
"""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from runner.blueprint.english import is_plural, singular, words_of
from runner.blueprint.things import INTEGERS, LONG
from runner.blueprint.things import NUMBERS as FRACTIONS
from runner.blueprint.understanding.vocabulary import (
    ACCOUNT,
    ANYONE,
    COMPUTED,
    DETERMINERS,
    DROPPED,
    LY,
    NOT_SERVED,
    NOT_THINGS,
    NUMBERS,
    PLURAL_FORMS,
    USERS,
)
from runner.records import JsonObject

N = r"(?:\d{1,3}(?:[,']\d{3})+|\d+|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"

_TO = r"(?: ?(?:-|–|\.\.) ?| and | to )"

_AT_MOST = (
    r"(?:up to|at most|no more than|not more than|no longer than|a maximum of|maximum|max\.?|limited to|at maximum)"
)

_AT_LEAST = r"(?:at least|a minimum of|minimum|min\.?|no fewer than|no less than|no shorter than)"

_CHARS = r"(?: (?:characters?|chars?)(?: long| in length)?)"

_UNITS = r"(?: (?:stars?|points?|pages?|minutes?|hours?|days?|people|persons?|euros?|dollars?|items?|copies|servings))?"


def number(text: str) -> int:
    """The value of a number in digits or in words."""
    bare = re.sub(r"[,']", "", text)
    return int(bare) if bare.isdigit() else NUMBERS[text]


def thing(text: str) -> str | None:
    """The singular identifier of a noun phrase ("their own blog posts" -> "blog_post"), None where it is none."""
    words = text.replace("’", "'").split()
    while words and (words[0] in DETERMINERS or words[0] in DROPPED):
        words = words[1:]
    if not 0 < len(words) <= 3 or any(not _noun_like(word) for word in words):
        return None
    if singular(words[-1]) in NOT_SERVED or singular(words[0]) in NOT_SERVED:
        return None
    if _plural_before(words) or any(word.endswith("ed") for word in words[:-1]):
        return None
    return words_of(singular(" ".join(words))) or None


def _noun_like(word: str) -> bool:
    if word in NOT_THINGS or word in DETERMINERS or is_adverb(word):
        return False
    return bool(re.fullmatch(r"[a-z][a-z-]*", word))


def is_adverb(word: str) -> bool:
    """Whether the word says how or when ("daily", "automatically")."""
    return word.endswith("ly") and word not in LY


def _plural_before(words: list[str]) -> bool:
    """Nouns are joined in the singular: "notes abroad" is no kind of note."""
    return any(is_plural(word) and word not in PLURAL_FORMS for word in words[:-1])


def is_user(text: str) -> bool:
    """Whether the words name a signed-in person ("a signed-in user", "people", "another member")."""
    words = [word for word in text.split() if word not in DETERMINERS]
    while words and words[0] in {"signed-in", "logged-in", "registered", "authenticated"}:
        words = words[1:]
    if words[-2:] in (["signed", "in"], ["logged", "in"]):
        words = words[:-3] if words[-3:-2] in (["is"], ["are"]) else words[:-2]
        words = words[:-1] if words and words[-1] in {"who", "that"} else words
    return len(words) == 1 and (singular(words[0]) in USERS or words[0] in USERS)


def is_anyone(text: str) -> bool:
    """Whether the words name everybody, signed in or not."""
    words = [word for word in text.split() if word not in DETERMINERS]
    return len(words) == 1 and singular(words[0]) in ANYONE


def splits(text: str, separators: str = r", and |, or |; | and |, | or ") -> Iterator[tuple[str, str]]:
    """Every way to cut the text once at a separator outside of brackets, left to right."""
    for found in re.finditer(separators, text):
        left = text[: found.start()]
        if left.count("(") == left.count(")"):
            yield left.strip(), text[found.end() :].strip()


def listed(
    text: str,
    parse: Callable[[str], list[JsonObject] | None],
    failed: set[str] | None = None,
    separators: str = r", and |, |; | and |, | or ",
) -> list[JsonObject] | None:
    """The text as one phrase, or as a list of phrases that each parse; None where a part does not."""
    failed = set() if failed is None else failed
    if text in failed:
        return None
    whole = parse(text)
    if whole is not None:
        return whole
    for left, right in splits(text, separators):
        head = parse(left)
        if head is not None:
            tail = listed(right, parse, failed, separators)
            if tail is not None:
                return head + tail
    failed.add(text)
    return None


def predicate(text: str) -> JsonObject | None:
    """What a field must be, as keys of a field ("between 3 and 30 characters" -> min, max); None if not understood."""
    parsed = listed(text.strip(), _single)
    if parsed is None:
        return None
    merged: dict[str, object] = {}
    for part in parsed:
        if any(key in merged and merged[key] != value for key, value in part.items()):
            return None
        merged |= part
    return merged


_LEADS = re.compile(
    r"^(?:(?:,|and|but|of|with|which is|that is|which are|is|are|it is|must be|must have|has|have|be|contains?|"
    r"consists? of|may contain|can contain|containing|made of|it has|can be|in) )+"
)


_HOLDS = re.compile(r"^(?:(?:,|and|but|which|that|it|can|may|must) )*(?:contain|has |have |with )")
"""What contains letters and digits may hold other signs beside them."""


def _single(text: str) -> list[JsonObject] | None:
    bare = _LEADS.sub("", text.strip() + " ").strip().strip("()").strip()
    holds = bool(_HOLDS.match(text.strip()))
    for form in _FORMS:
        found = form(bare) if form is not _charset or not holds or "only" in bare else None
        if found is not None:
            return [found]
    return None


def _characters(text: str) -> JsonObject | None:
    bounds = _bounds(text, _CHARS)
    return {**bounds, "type": "string"} if bounds else None


def _values(text: str) -> JsonObject | None:
    found = re.fullmatch(r"(?:an? )?(whole number|integer|number|decimal|amount)(?: (?:of|in))? ?(.*)", text)
    kind = "integer"
    if found:
        kind, text = (
            ("integer" if found.group(1) in ("whole number", "integer", "number") else "number"),
            found.group(2),
        )
        if not text:
            return {"type": kind}
    bounds = _bounds(text, _UNITS)
    kinds: JsonObject = {"type": kind} if found else {}
    return {**bounds, **kinds, "numeric": True} if bounds else None


def _bounds(text: str, unit: str) -> dict[str, object]:
    """min and max of "between A and B", "at least A", "up to B", with the unit (a pattern) behind; {} if not that."""
    if found := re.fullmatch(rf"(?:between |from )?({N}){_TO}({N}){unit}", text):
        return {"min": number(found.group(1)), "max": number(found.group(2))}
    if found := re.fullmatch(
        rf"(?:{_AT_MOST} ({N}){unit}|({N}){unit} (?:at most|or fewer|or less|maximum|max\.?))", text
    ):
        return {"max": number(found.group(1) or found.group(2))}
    if found := re.fullmatch(rf"(?:{_AT_LEAST} ({N}){unit}|({N}){unit} (?:at least|or more|minimum|min\.?))", text):
        return {"min": number(found.group(1) or found.group(2))}
    if found := re.fullmatch(rf"exactly ({N}){unit}", text):
        return {"min": number(found.group(1)), "max": number(found.group(1))}
    return {}


_FLAGS: Mapping[str, JsonObject] = {
    "required": {"required": True},
    "mandatory": {"required": True},
    "not empty": {"required": True},
    "never empty": {"required": True},
    "cannot be empty": {"required": True},
    "not null": {"required": True},
    "optional": {"required": False},
    "empty": {"required": False},
    "left empty": {"required": False},
    "unique": {"unique": True},
    "text": {"type": "string"},
    "a text": {"type": "string"},
    "string": {"type": "string"},
    "free text": {"type": "string"},
    "long text": {"type": "string", "long": True},
    "positive": {"type": "integer", "min": 1, "numeric": True},
    "a positive number": {"type": "integer", "min": 1, "numeric": True},
    **{
        f"{power}{unit}": {"type": "number"}
        for power in ("", "square ", "cubic ")
        for unit in ("metres", "meters", "kilometres")
    },
    **{unit: {"type": "number"} for unit in ("kilograms", "kg", "grams", "litres", "liters", "euros", "dollars")},
    "date": {"type": "date"},
    "a date": {"type": "date"},
    "date and time": {"type": "datetime"},
    "a date and time": {"type": "datetime"},
    "yes or no": {"type": "boolean"},
    "true or false": {"type": "boolean"},
    "boolean": {"type": "boolean"},
    "yes/no": {"type": "boolean"},
    "email": {"format": "email"},
    "an email address": {"format": "email"},
    "email address": {"format": "email"},
    "a valid email address": {"format": "email"},
    "a link": {"type": "string", "pattern": "^https?://"},
    "a url": {"type": "string", "pattern": "^https?://"},
    "url": {"type": "string", "pattern": "^https?://"},
}


def _flag(text: str) -> JsonObject | None:
    return _FLAGS.get(text)


_CHARSETS: Mapping[str, str] = {
    "letters": "A-Za-z",
    "small letters": "a-z",
    "lower-case letters": "a-z",
    "lowercase letters": "a-z",
    "digits": "0-9",
    "numbers": "0-9",
    "underscores": "_",
    "underscore": "_",
    "hyphens": "-",
    "dashes": "-",
    "dots": ".",
    "spaces": " ",
}


def _charset(text: str) -> JsonObject | None:
    bare = re.sub(r"^(?:only|just) | only$", "", text)
    if bare == text and not re.search(r",| and ", text):
        return None
    parts = [part for part in re.split(r", and |, | and | or ", bare) if part]
    if not parts or any(part not in _CHARSETS for part in parts):
        return None
    signs = "".join(_CHARSETS[part] for part in parts if part not in ("hyphens", "dashes"))
    tail = "-" if any(part in ("hyphens", "dashes") for part in parts) else ""
    return {"pattern": f"^[{signs}{tail}]+$", "type": "string"}


def _choices(text: str) -> JsonObject | None:
    found = re.fullmatch(r"(?:(?:either|one of|any of|always|always either)[: ]+)?(.+? or .+|.+?, .+)", text)
    if not found or (" or " not in text and not text.startswith("one of")):
        return None
    parts = [part.strip(" '\"") for part in re.split(r", or |, and |, | or | and ", found.group(1))]
    parts = [re.sub(r"^(?:an?|the) ", "", part) for part in parts]
    if any(not re.fullmatch(r"[a-z][a-z-]*(?: [a-z][a-z-]*){0,2}", part) for part in parts):
        return None
    if any(
        set(part.split()) & NOT_THINGS - {"in", "on", "to", "out", "up", "off", "not", "private", "hidden"}
        for part in parts
    ):
        return None
    return {"type": "string", "choices": [words_of(part) for part in parts]} if len(set(parts)) > 1 else None


def _default(text: str) -> JsonObject | None:
    found = re.fullmatch(
        r"(?:by default,? (?P<a>.+)|(?:the )?default(?:s to)?(?: is)?:? (?P<b>.+)|(?P<c>.+) by default|starts? (?:as|out as) (?P<d>.+))",
        text,
    )
    if not found:
        return None
    value = next(group for group in found.groups() if group).strip(" '\"")
    value = re.sub(r"^(?:an?|the) ", "", value)
    return {"default": words_of(value)} if re.fullmatch(r"[a-z]+(?: [a-z]+){0,2}", value) else None


_FORMS: tuple[Callable[[str], JsonObject | None], ...] = (_flag, _characters, _values, _charset, _default, _choices)

_ADJECTIVES: Mapping[str, JsonObject] = {
    "optional": {"required": False},
    "required": {"required": True},
    "mandatory": {"required": True},
    "unique": {"unique": True},
}


def field(text: str) -> JsonObject | None:
    """One field as it is listed: "an optional bio of up to 160 characters"; None if not understood."""
    text, marks = _brackets(text.strip())
    if marks is None:
        return None
    given: dict[str, object] = dict(marks)
    counted = re.fullmatch(
        r"(?P<before>(?:(?:an?|the|optional|required) )*)number of (?P<what>[a-z]+)(?P<rest> .+)?", text
    )
    if counted:
        text = f"{counted.group('before')}{counted.group('what')}{counted.group('rest') or ''}"
        given["type"] = "integer"
    words = text.split()
    while words and (words[0] in DETERMINERS or words[0] in _ADJECTIVES or words[0] in DROPPED):
        given |= _ADJECTIVES.get(words[0], {})
        words = words[1:]
    for size in range(1, min(4, len(words)) + 1):
        name, rest = " ".join(words[:size]).rstrip(",:"), " ".join(words[size:])
        comma = "," if words[size - 1].endswith(",") else ""
        if _ANOTHER.search(f"{comma} {rest}".strip()):
            continue
        said = predicate(rest) if rest else {}
        if said is not None and _field_name(name) and _fits(name, {**said, **given}):
            mail: JsonObject = {"format": "email"} if name.split()[-1] == "email" or name in _FIELD_NAMES else {}
            return {"name": words_of(_FIELD_NAMES.get(name, name)), **mail, **said, **given}
    return None


_ANOTHER = re.compile(
    r"^(?:number|date|text|string|link|url|email|integer|amount|decimal|boolean)\b|^(?:, )?(?:and|or)\b|(?:,|,? and|,? or) an? (?:date|text|long text|string|link|url|email|number|integer|amount|decimal)\b(?! (?:of|in|between|from|up|at)\b)"
)
"""Behind a word of a field: the rest of its name ("phone number"), another field ("a title and a date"), or what is
about the thing ("and is open")."""

_PLURALS = frozenset(["details", "remarks", "directions", "contents", "lyrics", "news", "thoughts", "observations"])


def _fits(name: str, said: JsonObject) -> bool:
    """Whether one column can be what was said: no list of things, no fraction that only counts."""
    last = name.split()[-1]
    if "type" not in said and "numeric" not in said and is_plural(last):
        return last in _PLURALS | LONG or name in INTEGERS
    return not (last in FRACTIONS and said.get("type") == "integer" and said.get("min") == 1)


def fields(text: str) -> list[JsonObject] | None:
    """A list of fields: "a title, an author and an optional year between 1450 and 2100"."""
    return listed(text, lambda part: [found] if (found := field(part)) else None, separators=r", and |, |; | and ")


_FIELD_NAMES: Mapping[str, str] = {
    "email address": "email",
    "e-mail": "email",
    "e-mail address": "email",
    "mail address": "email",
}


def _field_name(name: str) -> bool:
    if any(is_adverb(word) or word in COMPUTED for word in re.split(r"[ -]", name)):
        return False
    if name not in _FIELD_NAMES and any(singular(word) in NOT_SERVED - ACCOUNT for word in name.split()):
        return False
    return bool(re.fullmatch(r"[a-z][a-z-]*(?: [a-z][a-z-]*){0,2}", name)) and not set(name.split()) & (
        NOT_THINGS - {"time", "live", "first", "last"}
    ) | (set(name.split()) & DETERMINERS)


def _brackets(text: str) -> tuple[str, JsonObject | None]:
    """The text without its bracket, and what the bracket says (None: not understood)."""
    found = re.fullmatch(r"([^()]*?)\s*\(([^()]*)\)\s*([^()]*)", text)
    if not found:
        return text, {} if "(" not in text else None
    said = predicate(found.group(2))
    return f"{found.group(1)} {found.group(3)}".strip(), said
