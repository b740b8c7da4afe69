"""ORC455 covers_plan: every requirement of the plan has a task.

What no task serves would never be built. The component that the plan names for the requirement has to answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.records import Plan, Problem
from runner.rules.base import Judgement
from runner.rules.reading import tasks_of

ID = "ORC455"
NAME = "covers_plan"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    if judgement.plan is None:
        return
    served = {name for task in tasks_of(judgement) for name in task.requirements}
    for requirement in judgement.plan.requirements:
        if requirement.id not in served:
            yield Problem(
                ID,
                NAME,
                f'{requirement.id} has no task: "{requirement.text}"',
                pointer="/tasks",
                hint=f'add {requirement.id} to "requirements" of the task that serves it, or add a task',
                owner=_component(requirement.id, judgement.plan),
            )


def _component(requirement: str, plan: Plan) -> str:
    return next((component.name for component in plan.components if requirement in component.why), "")
