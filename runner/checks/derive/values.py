"""Values for a column: one that usually fits, and those around every bound that its constraints name."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from typing import Any

from runner.checks.derive.sql import characters, numbers, texts

LONGEST = 100_000
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "uuid": ("UUID",),
    "boolean": ("BOOL",),
    "time": ("TIME", "DATE"),
    "json": ("JSON",),
    "integer": ("INT", "SERIAL"),
    "number": ("REAL", "FLOA", "DOUB", "NUMERIC", "DEC"),
    "blob": ("BLOB", "BYTEA"),
}
Spec = Mapping[str, Any]


def family(column: Spec) -> str:
    """integer, number, boolean, uuid, time, json, blob or text: what values of this column look like."""
    kind, name = str(column["type"]).upper(), str(column["name"])
    for found, words in FAMILIES.items():
        if any(word in kind for word in words):
            return found
    return "time" if name.endswith("_at") else "text"


def usual(column: Spec, n: int, sample: object = None) -> Any:
    """A plain value, different for each `n`; `sample` (what the column's default gives) shows how it writes times."""
    kind = family(column)
    if str(column["type"]).upper() == "DATE":
        return f"20{26 + n // 336 % 70}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}"
    if kind == "time":
        return moment(n, sample)
    if kind == "text":
        return _text(str(column["name"]), n)
    plain: Mapping[str, Any] = {
        "integer": 100 + n,
        "number": n + 0.5,
        "boolean": 0,
        "uuid": f"00000000-0000-4000-8000-{n + 1:012x}",
        "json": "{}",
        "blob": bytes([n % 256]),
    }
    return plain[kind]


def moment(n: int, sample: object = None) -> str:
    """A time on 1 January 2026, later for each `n`, spelled as `sample` is."""
    clock = f"{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}"
    if isinstance(sample, str) and re.match(r"\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d", sample):
        return f"2026-01-01{sample[10]}{clock}{sample[19:]}"
    return f"2026-01-01 {clock}"


def _text(name: str, n: int) -> str:
    if name == "id" or name.endswith("_id"):
        return f"00000000-0000-4000-8000-{n + 1:012x}"
    if "email" in name:
        return f"user{n}@example.com"
    return f"{re.sub('[^a-z]', '', name)[:6] or 'text'}{n}"


def sized(length: int, n: int = 0) -> str:
    """A text of exactly this length, of lower-case letters and digits, different for each `n` where there is room."""
    mark = _letters(n)
    return (mark + "a" * length)[:length] if length >= len(mark) else mark[-length:] if length > 0 else ""


def _letters(n: int) -> str:
    alphabet = string.ascii_lowercase[1:]
    text = ""
    while True:
        n, rest = divmod(n, len(alphabet))
        text = alphabet[rest] + text
        if n == 0:
            return text


def around(column: Spec, expressions: Iterable[str], n: int = 0, sample: object = None) -> list[Any]:
    """The usual value first, then one on each side of every bound and pattern that the expressions hold."""
    kind = family(column)
    found: list[Any] = [usual(column, n, sample)]
    for expression in expressions:
        for number in numbers(expression):
            found += _near(kind, number, n)
        for text in texts(expression):
            found += [text, *_like(text)]
        found += [f"a{sign}b" for sign in characters(expression)] if kind == "text" else []
    found += ["", "   ", "A b!", "user@example.com", "{}", 0, 1, -1] if kind in ("text", "json") else [0, 1, -1]
    return list({(type(value), value): value for value in found}.values())


def _near(kind: str, number: float, n: int) -> list[Any]:
    whole = int(number)
    if kind == "text":
        return [sized(length, n) for length in (whole - 1, whole, whole + 1) if 0 <= length <= LONGEST]
    step = 1 if number == whole else 0.01
    return [whole + delta if number == whole else number + delta for delta in (-step, 0, step)]


def _like(pattern: str) -> list[str]:
    """Texts that a LIKE or GLOB pattern could accept."""
    if not any(sign in pattern for sign in "%_*?"):
        return []
    return [re.sub(r"[%*]", "ab", re.sub(r"[_?]", "a", pattern))]
