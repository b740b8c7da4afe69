"""Typed fields of a spec by dotted path, `*` for each item: what identities and references are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.records import Json, JsonObject

_PARAMETER = re.compile(r"(?<=/)(?::[A-Za-z_]\w*|\{[^{}/]*\})")


def found(data: Json, at: str) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """Each value that the path `at` finds, with its concrete pointer; nothing where the path leads nowhere."""
    yield from _walk(data, tuple(at.split(".")), ())


def _walk(
    data: Json, path: tuple[str, ...], done: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    if not path:
        yield done, data
        return
    head, rest = path[0], path[1:]
    if head == "*" and isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from _walk(item, rest, (*done, index))
    elif head == "*" and isinstance(data, dict):
        for key, item in data.items():
            yield from _walk(item, rest, (*done, key))
    elif isinstance(data, dict) and head in data:
        yield from _walk(data[head], rest, (*done, head))


def identity(spec: JsonObject, fields: tuple[str, ...]) -> str:
    """What others call the task of this spec: its fields joined by one space; "" where one is missing."""
    parts = [str(value) for field in fields for _, value in found(spec, field)]
    return named(" ".join(parts)) if len(parts) == len(fields) else ""


def named(name: str) -> str:
    """`name` as identities are compared: parameters of a path by position only, no query, no closing slash."""
    if "/" not in name:
        return " ".join(name.split())
    path = _PARAMETER.sub("{}", " ".join(name.partition("?")[0].split()))
    return path if path.endswith(" /") else path.rstrip("/")
