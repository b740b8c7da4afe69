"""What an endpoint answered and wrote, against what its model says; values that it makes up itself may be anything."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.checks.derive.model import Outcome, Rows, success
from runner.checks.derive.reference import Spec

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
MADE_UP = "2026-01-01"
"""The day on which all prepared rows were written: a later time was made by the call itself."""


def alike(wanted: Any, real: Any, free: frozenset[Any]) -> bool:
    """Whether a real value is what the model says, or free where the model's is."""
    if _free(wanted, free):
        return real is not None
    if isinstance(wanted, str) and isinstance(real, str) and TIME.match(wanted) and TIME.match(real):
        return wanted == real or MADE_UP not in (wanted[:10], real[:10])
    if isinstance(real, bool) or isinstance(wanted, bool):
        return real is not None and wanted is not None and bool(wanted) == bool(real)
    return bool(wanted == real)


def _free(value: Any, free: frozenset[Any]) -> bool:
    return isinstance(value, str) and value in free


def answer_differences(spec: Spec, outcome: Outcome, body: Any, media: str) -> list[str]:
    """How the body of a success answer differs from the model's rows and the fields that the spec lists."""
    said: Spec = next((one for one in spec["responses"] if one["status"] == success(spec)), {})
    if said.get("media") and said["media"] not in media:
        return [f"the answer is {media or 'of no type'}, the spec says {said['media']}"]
    if "fields" not in said:
        return [] if body is None or outcome.answer is None or said["status"] != 204 else ["the answer has a body"]
    if said.get("list"):
        return list(_list(said["fields"], outcome, body))
    if not isinstance(body, dict):
        return [f"the answer is no object: {_short(body)}"]
    wanted = outcome.answer[0] if outcome.answer else {}
    return list(_object(said["fields"], wanted, body, outcome.free))


def _list(fields: Sequence[Spec], outcome: Outcome, body: Any) -> Iterator[str]:
    if not isinstance(body, list):
        yield f"the answer is no list: {_short(body)}"
        return
    rows = outcome.answer or []
    if len(body) != len(rows):
        yield f"the answer lists {len(body)} items, the spec's SQL gives {len(rows)}"
        return
    for place, (row, item) in enumerate(zip(rows, body, strict=True), 1):
        if not isinstance(item, dict):
            yield f"item {place} is no object"
            return
        found = list(_object(fields, row, item, outcome.free))
        if found:
            yield f"item {place}: {found[0]}"
            return


def _object(
    fields: Sequence[Spec], wanted: Mapping[str, Any], real: Mapping[str, Any], free: frozenset[Any]
) -> Iterator[str]:
    names = {field["name"]: field for field in fields}
    yield from (f"field {name} is missing" for name in names if name not in real)
    yield from (f"field {name} is not in the spec" for name in real if name not in names)
    for name in names.keys() & real.keys():
        value = real[name]
        if not _typed(names[name], value):
            yield f"{name} is {_short(value)}, the spec says {names[name]['type']}"
        elif name in wanted and not alike(wanted[name], value, free):
            yield f"{name} is {_short(value)}, the spec's SQL gives {_short(wanted[name])}"


def _typed(field: Spec, value: Any) -> bool:
    if value is None:
        return bool(field.get("null"))
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "string": isinstance(value, str),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": number,
        "boolean": isinstance(value, bool),
        "datetime": isinstance(value, str) and TIME.match(value) is not None,
        "uuid": isinstance(value, str) and UUID.fullmatch(value) is not None,
        "object": isinstance(value, dict),
        "list": isinstance(value, list),
    }[field["type"]]


def row_differences(before: Rows, after: Rows, outcome: Outcome, columns: Mapping[str, Sequence[str]]) -> list[str]:
    """How the tables after a call differ from the model's tables after it."""
    found: list[str] = []
    for table in before:
        wanted = outcome.after.get(table, before[table])
        gone, gone_wanted = (less(before[table], rows) for rows in (after[table], wanted))
        new, new_wanted = (less(rows, before[table]) for rows in (after[table], wanted))
        left = less(gone, gone_wanted) + less(gone_wanted, gone)
        if len(gone) != len(gone_wanted) or left:
            found.append(f"{table}: {_rows(gone)} removed or changed, the spec's SQL does so to {len(gone_wanted)}")
        elif len(new) != len(new_wanted):
            found.append(f"{table}: {_rows(new)} written, the spec's SQL writes {len(new_wanted)}")
        else:
            found += _pairs(table, new, new_wanted, outcome.free, columns[table])
    return found


def less(rows: Sequence[tuple[Any, ...]], other: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows that `other` has not, each as often as it is one too many."""
    return list((Counter(rows) - Counter(other)).elements())


def _pairs(
    table: str,
    new: Sequence[tuple[Any, ...]],
    wanted: Sequence[tuple[Any, ...]],
    free: frozenset[Any],
    columns: Sequence[str],
) -> Iterator[str]:
    left = list(new)
    for row in wanted:
        near = min(left, key=lambda real: _distance(row, real, free))
        left.remove(near)
        for name, want, real in zip(columns, row, near, strict=True):
            if not alike(want, real, free):
                yield f"{table}.{name} becomes {_short(real)}, the spec's SQL writes {_short(want)}"


def _distance(row: tuple[Any, ...], real: tuple[Any, ...], free: frozenset[Any]) -> int:
    return sum(not alike(want, value, free) for want, value in zip(row, real, strict=True))


def _rows(rows: Sequence[object]) -> str:
    return f"{len(rows)} row{'' if len(rows) == 1 else 's'}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text)} characters)"
