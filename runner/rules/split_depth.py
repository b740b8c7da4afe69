"""ORC462 split_depth: a task is split at most `limits.depth` times.

A task of complexity "split" is decomposed again with itself as the request; where no level is left it must be exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.records import Problem
from runner.rules.base import Judgement
from runner.rules.reading import tasks_of

ID = "ORC462"
NAME = "split_depth"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    if judgement.depth > 0:
        return
    for place, task in enumerate(tasks_of(judgement)):
        if task.complexity == "split":
            yield Problem(
                ID,
                NAME,
                f"{task.id} may not be split again: no level of limits.depth is left",
                pointer=f"/tasks/{place}/complexity",
                hint="say low, medium or high, or raise limits.depth",
                owner=task.id,
            )
