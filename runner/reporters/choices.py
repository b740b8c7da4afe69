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


def choice_name(value: object) -> str:
    """The name of a choice, which is that name or a mapping that has it."""
    return str(value.get("name") or "") if isinstance(value, Mapping) else str(value)


def _choice(seam: str, alias: str, value: object) -> dict[str, str]:
    why = str(value.get("why") or "") if isinstance(value, Mapping) else ""
    return {"seam": seam, "alias": alias, "name": choice_name(value), "why": why}
