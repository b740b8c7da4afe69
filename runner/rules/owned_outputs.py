"""ORC454 owned_outputs: it is clear who writes what.

Outputs are files inside the workspace; the file a spec names is one of them (or the manager owns it); one task creates
an identity; two tasks of different groups that write one file need an order between them. In one group they share a
seat, which is order enough.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal

from runner.managing.globs import is_glob, matches
from runner.managing.ranks import successors
from runner.managing.references import edges, reachable
from runner.managing.select import Choice, choose
from runner.records import Edge, Problem, Task
from runner.rules.base import Judgement
from runner.rules.reading import tasks_of

ID = "ORC454"
NAME = "owned_outputs"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["tasks"] = "tasks"


def judge(judgement: Judgement) -> Iterator[Problem]:
    tasks = tasks_of(judgement)
    found, problems = edges(tasks, judgement.managers)
    yield from (problem for problem in problems if problem.rule == ID)
    choices = {task.id: choose(task, judgement.managers) for task in tasks}
    for place, task in enumerate(tasks):
        yield from _outside(task, place)
        yield from _unowned_file(task, place, choices[task.id], judgement)
    yield from _unordered(tasks, found, choices)


def _outside(task: Task, place: int) -> Iterator[Problem]:
    for number, output in enumerate(task.outputs):
        if not _names_files(output):
            yield Problem(
                ID,
                NAME,
                f'{task.id}: output "{output}" is not a file inside the workspace',
                pointer=f"/tasks/{place}/outputs/{number}",
                hint="write a relative path of a file with /, without .. and outside .git and .orch",
                owner=task.id,
            )


def _names_files(output: str) -> bool:
    """Whether the output is a path of files; a folder, and a pattern that takes every file, say nothing exact."""
    parts = output.split("/")
    if set(parts) & {"", ".", "..", ".git", ".orch"} or "\\" in output:
        return False
    return any(part.strip("*?.") for part in parts)


def _unowned_file(task: Task, place: int, choice: Choice | None, judgement: Judgement) -> Iterator[Problem]:
    path = task.spec.get("file")
    if not isinstance(path, str) or choice is None or task.action == "remove":
        return
    owned = (*task.outputs, *judgement.managers[choice.manager].owns)
    if path not in owned and not any(matches(glob, path) for glob in owned):
        yield Problem(
            ID,
            NAME,
            f'{task.id}: spec.file "{path}" is not among its outputs: {", ".join(task.outputs) or "none"}',
            pointer=f"/tasks/{place}/spec/file",
            hint=f'add "{path}" to "outputs"; writing anything else fails the attempt',
            owner=task.id,
        )


def _unordered(
    tasks: tuple[Task, ...], found: tuple[Edge, ...], choices: dict[str, Choice | None]
) -> Iterator[Problem]:
    writers: dict[str, list[tuple[int, Task]]] = {}
    for place, task in enumerate(tasks):
        for output in task.outputs:
            if not is_glob(output):
                writers.setdefault(output, []).append((place, task))
    after = successors(found)
    for path, several in writers.items():
        for (_, one), (place, other) in itertools.pairwise(several):
            if not _same_group(choices[one.id], choices[other.id]) and not (
                other.id in reachable(one.id, after) or one.id in reachable(other.id, after)
            ):
                yield Problem(
                    ID,
                    NAME,
                    f'{one.id} and {other.id} both write "{path}", and neither waits for the other',
                    pointer=f"/tasks/{place}/outputs/{other.outputs.index(path)}",
                    hint=f'let one of them write it, or add "{path}" to the "inputs" of the one that changes it',
                    owner=other.id,
                )


def _same_group(one: Choice | None, other: Choice | None) -> bool:
    return one is not None and other is not None and (one.manager, one.group) == (other.manager, other.group)
