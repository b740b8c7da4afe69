"""ORC456 task_cycle: no task waits for itself.

The path is printed. A cycle of foreign keys is none: one table is split into create and alter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.managing.cycles import open_cycles
from runner.managing.references import circles, edges
from runner.records import Problem
from runner.rules.base import Judgement
from runner.rules.reading import tasks_of

ID = "ORC456"
NAME = "task_cycle"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    tasks = open_cycles(tasks_of(judgement), judgement.managers)
    found, _ = edges(tasks, judgement.managers)
    yield from (problem for problem in circles(tasks, found) if problem.rule == ID)
