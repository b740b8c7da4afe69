"""What rules over plans and tasks read from a judgement."""

from __future__ import annotations

from runner.records import Kind, Plan, Task, from_json
from runner.rules.base import Judgement


def tasks_of(judgement: Judgement) -> tuple[Task, ...]:
    """The tasks of `{"tasks": [...]}` or of a list. Raises ValueError when they do not fit the record."""
    data = judgement.data["tasks"] if isinstance(judgement.data, dict) else judgement.data
    return from_json(tuple[Task, ...], data)


def plan_of(judgement: Judgement) -> Plan:
    """The plan that is judged. Raises ValueError when it does not fit the record."""
    return from_json(Plan, judgement.data)


def ids_of(plan: Plan) -> tuple[str, ...]:
    """Every id that something may refer to: R-n, C-n, S-n, A-n, in this order."""
    return (
        *(entry.id for entry in plan.requirements),
        *(entry.id for entry in plan.constraints),
        *(entry.id for entry in plan.criteria),
        *(entry.id for entry in plan.assumptions),
    )


def kinds_of(judgement: Judgement) -> dict[str, Kind]:
    """Every kind that a manager of the pipeline declares."""
    return {name: kind for manager in judgement.managers.values() for name, kind in manager.specs.items()}


def folded(text: str) -> str:
    """The text with each run of white space as one space."""
    return " ".join(text.split())
