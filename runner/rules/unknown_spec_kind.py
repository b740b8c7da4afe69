"""ORC460 unknown_spec_kind: the kind of a spec is declared by a manager of the pipeline.

Without its schema nobody could say whether the task is exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.records import Problem
from runner.rules.base import Judgement
from runner.rules.reading import kinds_of, tasks_of
from runner.schema.messages import listed, meant

ID = "ORC460"
NAME = "unknown_spec_kind"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    kinds = kinds_of(judgement)
    for place, task in enumerate(tasks_of(judgement)):
        if task.kind not in kinds:
            yield Problem(
                ID,
                NAME,
                f'{task.id}: no manager declares kind "{task.kind}"{meant(task.kind, kinds)}',
                pointer=f"/tasks/{place}/spec/kind",
                hint=f"kinds: {listed(kinds)}",
                owner=task.id,
            )
