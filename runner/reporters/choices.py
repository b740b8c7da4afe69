"""Which model or agent each alias got, and why."""

from __future__ import annotations

from collections.abc import Mapping

from runner.records import JsonObject


def chosen(row: JsonObject, started: JsonObject, seam: str) -> list[dict[str, str]]:
    """The choices of a run for `seam` "models" or "agents": seam, alias, name, why.

    A choice is a name, or a mapping with `name` and `why`; what the run's start said is used before its row.
    """
    choices = started.get(seam) or row.get(seam) or {}
    if not isinstance(choices, Mapping):
        choices = {str(name): name for name in choices}
    return [_choice(seam, str(alias), value) for alias, value in choices.items()]


def _choice(seam: str, alias: str, value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        name, why = str(value.get("name") or value.get("use") or ""), str(value.get("why") or "")
    else:
        name, why = str(value), ""
    return {"seam": seam, "alias": alias, "name": name, "why": why}
