"""ORC458 task_id: a task is called by its component and a name, and by nothing else in the run.

The id names branches, commits and journal rows; it starts with its component and "_" and stands once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.records import Problem
from runner.rules.base import Judgement
from runner.rules.reading import tasks_of

ID = "ORC458"
NAME = "task_id"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, task in enumerate(tasks_of(judgement)):
        if not task.id.removeprefix(f"{task.component}_") or not task.id.startswith(f"{task.component}_"):
            yield _problem(
                f'"{task.id}": the id of a task of {task.component} starts with "{task.component}_"', place, task.id
            )
        if task.id in seen:
            yield _problem(f'"{task.id}" is the id of two tasks', place, task.id)
        seen.add(task.id)


def _problem(message: str, place: int, owner: str) -> Problem:
    return Problem(ID, NAME, message, pointer=f"/tasks/{place}/id", hint="rename it, in every needs too", owner=owner)
