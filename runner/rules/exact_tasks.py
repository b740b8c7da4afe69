"""ORC452 exact_tasks: a task says exactly what is to be made.

Its spec fits the schema of its kind, says what the manager's `expect` asks for, and holds no placeholder ("TBD") and
few vague words ("robust", "as needed", "etc."). Its SQL binds no name that means two things: `:user_id` is always the
caller, so no parameter is called so. Below 0.5, and with a placeholder, it is an error and the model is
asked again with the names of what is missing; below 0.75 a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from runner import schema
from runner.records import Json, JsonObject, Kind, Problem, Task
from runner.rules.base import Judgement
from runner.rules.reading import kinds_of, tasks_of
from runner.rules.specificity import ERROR_BELOW, WARNING_BELOW, Exactness, measure

ID = "ORC452"
NAME = "exact_tasks"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"
FILLED: Mapping[str, str] = {
    "user_id": "the caller",
    "new_id": "the id that the request makes",
    "now": "the time of the request",
}
"""Binds of an endpoint's SQL that every request has."""


def judge(judgement: Judgement) -> Iterator[Problem]:
    kinds = kinds_of(judgement)
    for place, task in enumerate(tasks_of(judgement)):
        if task.kind in kinds:
            yield from judge_task(task, kinds[task.kind], place)


def judge_task(task: Task, kind: Kind, place: int = 0) -> Iterator[Problem]:
    """What keeps one task from being exact; `place` is its number in the list."""
    pointer = f"/tasks/{place}"
    for problem in schema.problems(kind.schema, task.spec, pointer=("tasks", place, "spec")):
        yield replace(problem, message=f"{task.id}: {problem.message}", owner=task.id)
    yield from _ambiguous(task, pointer)
    exactness = measure(task, kind)
    if exactness.placeholders or exactness.score < WARNING_BELOW:
        wrong = exactness.placeholders or exactness.score < ERROR_BELOW
        yield Problem(
            ID,
            NAME,
            f"{task.id}: {_said(exactness)}",
            severity="error" if wrong else "warning",
            pointer=pointer,
            hint=f"a good {kind.name} is exact like the example of its manager: every field, value and bound is said",
            owner=task.id,
        )


def _ambiguous(task: Task, pointer: str) -> Iterator[Problem]:
    """Parameters and fields with a name that the request itself fills, where the task's SQL binds it."""
    named = {one["name"] for key in ("params", "body") for one in _objects(task.spec.get(key)) if "name" in one}
    statements = [str(one.get("sql", "")) for one in _objects(task.spec.get("queries"))]
    for name in sorted(named & FILLED.keys()):
        if any(re.search(rf"(?<![:\w]):{name}\b", sql) for sql in statements):
            message = f"{task.id}: `:{name}` is {FILLED[name]}, and a parameter or field is called {name} as well"
            hint = f'call the parameter otherwise, for example "of_{name}", and bind `:of_{name}`'
            yield Problem(ID, NAME, message, severity="error", pointer=pointer, hint=hint, owner=task.id)


def _objects(value: Json) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _said(exactness: Exactness) -> str:
    parts = [f"missing {', '.join(exactness.missing)}"] if exactness.missing else []
    parts += [f'placeholder "{word}"' for word in exactness.placeholders]
    if exactness.vague:
        parts.append("vague: " + ", ".join(f'"{word}"' for word in exactness.vague))
    return "; ".join(parts) + f" (exactness {exactness.score:.2f})"
