"""Records to JSON values and back. msgspec does the work; it is imported here and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec
import msgspec.json

Json: TypeAlias = Any
"""None, bool, int, float, str, list or dict with string keys, all the way down."""
JsonObject: TypeAlias = Mapping[str, Any]

T = TypeVar("T")

DEEPEST = 100
"""Levels of lists and mappings in what models, agents and commands answer."""


def read_json(text: str) -> Json:
    """The value of a text that a model, an agent or a command answered. Raises ValueError for what is no JSON, and for
    what could not be kept or handed on: NaN, halves of characters, deeper than DEEPEST."""
    try:
        data = json.loads(text, parse_constant=_no_number)
        json.dumps(data, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("it holds half of a character (a lone surrogate)") from None
    level = [data]
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise ValueError(f"it is nested deeper than {DEEPEST} levels")
    return data


def _inside(value: Json) -> Iterable[Json]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _no_number(name: str) -> Json:
    raise ValueError(f"{name} is no number of JSON")


def to_json(record: object) -> Json:
    """The record as plain JSON values; keys stand in the order of its fields."""
    return msgspec.json.decode(msgspec.json.encode(record))


def from_json(kind: type[T], data: Json) -> T:
    """The record of type `kind` that `data` describes. Raises ValueError naming the path that does not fit."""
    return msgspec.convert(data, kind)
