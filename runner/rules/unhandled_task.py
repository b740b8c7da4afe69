"""ORC459 unhandled_task: every task has a manager.

No manager's `specs` declares its kind and no entry of `handles` matches it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.managing.assign import unhandled
from runner.managing.select import choose
from runner.records import Problem
from runner.rules.base import Judgement
from runner.rules.reading import tasks_of

ID = "ORC459"
NAME = "unhandled_task"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    for place, task in enumerate(tasks_of(judgement)):
        if choose(task, judgement.managers) is None:
            yield unhandled(task, place, judgement.managers)
