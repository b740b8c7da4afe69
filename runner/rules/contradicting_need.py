"""ORC457 contradicting_need: what is declared agrees with what follows from the specs.

A declared need says that one task is first, a typed reference or an input says the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.managing.cycles import open_cycles
from runner.managing.references import circles, edges
from runner.records import Problem
from runner.rules.base import Judgement
from runner.rules.reading import tasks_of

ID = "ORC457"
NAME = "contradicting_need"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    tasks = open_cycles(tasks_of(judgement), judgement.managers)
    found, _ = edges(tasks, judgement.managers)
    yield from (problem for problem in circles(tasks, found) if problem.rule == ID)
