"""From the bounds of a parameter or body field: a value that fits, and one on each side of every bound."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runner.checks.derive.reference import Spec
from runner.checks.derive.values import sized

NOWHERE = "00000000-0000-4000-8000-00000000dead"
LONGEST = 20_000


class NoValue(Exception):
    """No value was found that fits a field's bounds and pattern."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One value for one field, and whether the spec takes it; `words` say what is special about it."""

    field: str
    words: str
    value: Any
    fits: bool


def good(field: Spec, n: int) -> Any:
    """A value that fits, different for each `n` where there is room. Raises NoValue."""
    if field.get("choices"):
        return field["choices"][n % len(field["choices"])]
    kind = field["type"]
    if kind in ("integer", "number"):
        low = field.get("min", 0 if "max" not in field else min(0, field["max"]))
        return min(low + n % 5, field.get("max", low + 5))
    plain: Mapping[str, Any] = {
        "boolean": n % 2 == 0,
        "uuid": f"00000000-0000-4000-9000-{n:012x}",
        "datetime": f"2026-02-01T00:{n // 60 % 60:02}:{n % 60:02}Z",
    }
    return plain[kind] if kind in plain else _text(field, n)


def _text(field: Spec, n: int) -> str:
    low, high = int(field.get("min", 1)), int(field.get("max", 200))
    for value in _texts(field, n, low, high):
        if low <= len(value) <= high and _matches(field, value):
            return value
    raise NoValue(f"no text was found that fits {field['name']}")


def _texts(field: Spec, n: int, low: int, high: int) -> Iterator[str]:
    if field.get("format") == "email" or "email" in field["name"]:
        yield f"user{n}@example.com"
    word = re.sub("[^a-z]", "", field["name"])[:8]
    length = min(max(low, len(word) + 4), high)
    yield f"{word}{n}"
    yield sized(length, n)
    yield from (
        f"{n}".rjust(length, "1"),
        sized(length, n).upper(),
        sized(length, n).title(),
        f"Aa1!{sized(length, n)}",
    )
    yield from (f"#{n:06x}", f"+49{n:09}", f"https://example.com/{n}", f"2026-02-{n % 28 + 1:02}", f"a-{n}", f"A{n}")


def _matches(field: Spec, value: str) -> bool:
    return not field.get("pattern") or re.search(field["pattern"], value) is not None


def fits(field: Spec, value: Any) -> bool:
    """Whether a text or number is inside the bounds of a field."""
    size = len(value) if isinstance(value, str) else value
    if value is None or isinstance(value, bool) or field.get("choices"):
        return value in field.get("choices", [value])
    inside = field.get("min", size) <= size <= field.get("max", size)
    return inside and (not isinstance(value, str) or _matches(field, value))


def variants(field: Spec, n: int) -> list[Variant]:
    """Every bound at min-1, min, max and max+1, trimming, pattern, choices, and a wrong type."""
    makers = {"string": _strings, "integer": _numbers, "number": _numbers}
    found = list(makers.get(field["type"], _others)(field, n))
    if not field.get("in"):
        found += _shape(field)
    return [Variant(field["name"], words, value, fits) for words, value, fits in found]


def _shape(field: Spec) -> Iterator[tuple[str, Any, bool]]:
    if field["required"]:
        yield "null", None, False
    if field["type"] == "string" and field.get("in") is None:
        yield "a list", ["x"], False


def _strings(field: Spec, n: int) -> Iterator[tuple[str, Any, bool]]:
    low, high = field.get("min"), field.get("max")
    if field.get("choices"):
        yield from ((f"{choice!r}", choice, True) for choice in field["choices"])
        yield "none of its choices", "none-of-these", False
        return
    if field.get("format") == "email":
        yield "no address", "nobody", False
        return
    for length, fits in _edges(low, high):
        # In a path nothing at all is another path.
        if 0 <= length <= LONGEST and not (length == 0 and field.get("in") == "path"):
            yield from _of_length(field, length, fits, n)
    if not field.get("pattern") and high and high <= LONGEST and field.get("format") != "password":
        yield f"{high} letters beyond ASCII", "é" * int(high), True
    if field.get("trim"):
        yield from _trimmed(field, n)
    if field.get("pattern"):
        wrong = [value for value in _wrong(field) if not _matches(field, value)]
        yield from ((f"{value!r}, which its pattern refuses", value, False) for value in wrong[:1])


def _edges(low: float | None, high: float | None) -> Iterator[tuple[int, bool]]:
    if low is not None and low > 0:
        yield int(low) - 1, False
    if low is not None:
        yield int(low), True
    if high is not None:
        yield int(high), True
        yield int(high) + 1, False


def _of_length(field: Spec, length: int, fits: bool, n: int) -> Iterator[tuple[str, Any, bool]]:
    words = f"{length} character{'' if length == 1 else 's'}"
    for value in (sized(length, n), f"{n}".rjust(length, "1")[-length:] if length else "", sized(length, n).upper()):
        if not fits or _matches(field, value):
            yield words, value, fits
            return


def _trimmed(field: Spec, n: int) -> Iterator[tuple[str, Any, bool]]:
    low, high = int(field.get("min", 0)), field.get("max")
    yield "white space around it", f"  {good(field, n + 500)} ", True
    if low > 0:
        yield "nothing but white space", " " * max(low, 3), False
    if high is not None and high <= LONGEST and not field.get("pattern"):
        yield f"{high} characters and white space around them", f" {sized(int(high), n + 501)} ", True


def _wrong(field: Spec) -> list[str]:
    length = int(max(field.get("min", 1), 4))
    if field.get("max") is not None:
        length = min(length, int(field["max"]))
    return [text[:length].ljust(length, "!") for text in ("A b!", "a b!", "ÄÖ?!", "<b>x", "....", "1234", "abcd")]


def _numbers(field: Spec, n: int) -> Iterator[tuple[str, Any, bool]]:
    low, high = field.get("min"), field.get("max")
    step = 1 if field["type"] == "integer" else 0.5
    if low is not None:
        yield from ((f"{_short(low - step)}", low - step, False), (f"{_short(low)}", low, True))
    if high is not None:
        yield from ((f"{_short(high)}", high, True), (f"{_short(high + step)}", high + step, False))
    yield "no number", "many", False


def _short(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e15 else str(number)


def _others(field: Spec, n: int) -> Iterator[tuple[str, Any, bool]]:
    yield f"no {field['type']}", "not-one", False


def cleaned(spec: Spec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the endpoint's SQL sees them: defaults filled in, trimmed, absent ones None."""
    found: dict[str, Any] = {}
    for field in (*spec.get("params", []), *spec.get("body", [])):
        value = given.get(field["name"], field.get("default"))
        found[field["name"]] = value.strip() if field.get("trim") and isinstance(value, str) else value
    return found
