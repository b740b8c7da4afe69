"""Who has to answer for a problem in joined answers: the item whose part of the whole it stands in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from runner.records import Json, Problem, Step


def by_item(step: Step, outputs: Mapping[str, Json], problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """The problems of each item, their pointers into the item's own answer; what nobody owns goes to every item."""
    collect = step.foreach.collect if step.foreach else ""
    owned: dict[str, list[Problem]] = {}
    for problem in problems:
        item, pointer = _by_pointer(collect, outputs, problem.pointer)
        item = item or _by_owner(collect, outputs, problem.owner)
        for one in (item,) if item else tuple(outputs):
            owned.setdefault(one, []).append(dataclasses.replace(problem, pointer=pointer))
    return owned


def _by_pointer(collect: str, outputs: Mapping[str, Json], pointer: str) -> tuple[str, str]:
    """The item that a pointer into the joined answer leads to, and the pointer inside it; "" where it leads to none."""
    parts = pointer.split("/")[1:]
    if not collect:
        return _plain(outputs, parts, pointer)
    if len(parts) < 2 or parts[0] != collect or not parts[1].isdigit():
        return "", pointer
    place = int(parts[1])
    for item, output in outputs.items():
        if place < len(output[collect]):
            return item, "/" + "/".join([collect, str(place), *parts[2:]])
        place -= len(output[collect])
    return "", pointer


def _plain(outputs: Mapping[str, Json], parts: Sequence[str], pointer: str) -> tuple[str, str]:
    if not parts or not parts[0].isdigit() or int(parts[0]) >= len(outputs):
        return "", pointer
    return list(outputs)[int(parts[0])], "".join(f"/{part}" for part in parts[1:])


def _by_owner(collect: str, outputs: Mapping[str, Json], owner: str) -> str:
    """The item that is the owner, or that answered the entry with the owner's id."""
    if owner in outputs:
        return owner
    for item, output in outputs.items():
        entries = output.get(collect, ()) if collect and isinstance(output, dict) else ()
        if any(isinstance(entry, dict) and entry.get("id") == owner for entry in entries):
            return item
    return ""
