"""Small values of the YAML languages: durations, words, matches, checks, limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from runner.expressions import words
from runner.records import Check, Json, JsonObject, Limits, Match, Requires

_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(duration: str) -> float:
    """`1h30m` as seconds."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(duration))


def optional_seconds(data: JsonObject, key: str) -> float | None:
    """The duration under `key` in seconds, None without one."""
    return seconds(data[key]) if key in data else None


def as_tuple(value: Json) -> tuple[Any, ...]:
    """A list as a tuple; one item as a tuple of one."""
    return tuple(value) if isinstance(value, list) else (value,)


def match(data: JsonObject) -> Match:
    """One entry of `handles`, `match` or `after`."""
    return Match(**{key: tuple(value) for key, value in data.items()})


def limits(data: JsonObject | None) -> Limits:
    """`limits` with its durations in seconds."""
    given: dict[str, Any] = dict(data or {})
    for key in ("time", "idle"):
        if key in given:
            given[key] = seconds(given[key])
    return Limits(**given)


def requires(data: JsonObject | None) -> Requires:
    """`requires`, empty where it is not given."""
    given = data or {}
    return Requires(commands=tuple(given.get("commands", ())), secrets=tuple(given.get("secrets", ())))


def check(data: JsonObject) -> Check:
    """One entry of `checks`."""
    usual = Check(name=data["name"])
    return Check(
        name=data["name"],
        run=words(data["run"]) if "run" in data else (),
        shell=data.get("shell", ""),
        uses=data.get("uses", ""),
        options=data.get("with", {}),
        exit=exits(data.get("exit", [0])),
        timeout=seconds(data["timeout"]) if "timeout" in data else usual.timeout,
        env=data.get("env", {}),
        match=match(data["match"]) if "match" in data else None,
        at=tuple(data["at"]) if "at" in data else usual.at,
        network=data.get("network", False),
    )


def checks(data: Iterable[JsonObject]) -> tuple[Check, ...]:
    """All entries of `checks`."""
    return tuple(check(entry) for entry in data)


def exits(value: Json) -> tuple[int, ...]:
    """The exit codes that count as passed; () for "nonzero"."""
    return () if value == "nonzero" else tuple(value)


def merge(base: JsonObject, over: JsonObject) -> dict[str, Json]:
    """`over` upon `base`: mappings merge, lists and scalars replace; of `template` and `prompt` the newer one stays."""
    merged = dict(base)
    for exclusive, other in (("template", "prompt"), ("prompt", "template")):
        if exclusive in over:
            merged.pop(other, None)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
