"""ORC461 unknown_requirement: a task serves what the plan has.

Requirements, constraints, criteria and assumptions are named by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.records import Problem
from runner.rules.base import Judgement
from runner.rules.reading import ids_of, tasks_of
from runner.schema.messages import listed

ID = "ORC461"
NAME = "unknown_requirement"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    if judgement.plan is None:
        return
    known = ids_of(judgement.plan)
    for place, task in enumerate(tasks_of(judgement)):
        for number, name in enumerate(task.requirements):
            if name not in known:
                yield Problem(
                    ID,
                    NAME,
                    f"{task.id}: the plan has no {name}",
                    pointer=f"/tasks/{place}/requirements/{number}",
                    hint=f"the plan has {listed(known)}",
                    owner=task.id,
                )
