"""Records to JSON values and back. msgspec does the work; it is imported here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec
import msgspec.json

Json: TypeAlias = Any
"""None, bool, int, float, str, list or dict with string keys, all the way down."""
JsonObject: TypeAlias = Mapping[str, Any]

T = TypeVar("T")


def to_json(record: object) -> Json:
    """The record as plain JSON values; keys stand in the order of its fields."""
    return msgspec.json.decode(msgspec.json.encode(record))


def from_json(kind: type[T], data: Json) -> T:
    """The record of type `kind` that `data` describes. Raises ValueError naming the path that does not fit."""
    return msgspec.convert(data, kind)
