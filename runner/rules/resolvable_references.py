"""ORC453 resolvable_references: what a task refers to is made by a task.

A typed field of a spec (a foreign key's table, a call of a component) or a need that nothing creates is an error; the
nearest name is proposed. A need of another component is a warning: there, references and `inputs` make the edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.managing.references import edges
from runner.records import Problem
from runner.rules.base import Judgement
from runner.rules.reading import tasks_of

ID = "ORC453"
NAME = "resolvable_references"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    _, problems = edges(tasks_of(judgement), judgement.managers)
    yield from (problem for problem in problems if problem.rule == ID)
