"""`orch explain`: which manager, group and seat each task gets, and why; the same code that `assign` runs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from runner import schema
from runner.api.run import load_judged
from runner.errors import FileProblems, UsageError
from runner.managing.explain import details, explain, line
from runner.positions import Document, load_json, load_yaml, read_source
from runner.records import Problem, Task, from_json
from runner.schema.messages import meant


def explain_tasks(root: Path, pipeline: str, tasks: Path, task: str = "") -> str:
    """The line of every task in the file and what it waits for, or all that is known of the one `task`.

    Raises errors.FileProblems for files that `orch lint` would refuse, errors.UsageError for a task that is not there.
    """
    loaded = load_judged(root, pipeline, None)
    found, _, problems = explain(read_tasks(tasks), loaded.managers)
    names = [one.task.id for one in found]
    if task and task not in names:
        raise UsageError(f'no task "{task}" in {tasks}{meant(task, names)}', hint=f"it holds {len(names)} tasks")
    lines: list[str] = []
    for one in found:
        if not task or one.task.id == task:
            lines += [line(one), *(f"    {text}" for text in details(one, everything=bool(task)))]
    wrong = [problem for problem in problems if not task or problem.owner == task]
    return "\n".join([*lines, *(f"{one.severity}: {one.message} [{one.rule} {one.name}]" for one in wrong)])


def read_tasks(path: Path) -> tuple[Task, ...]:
    """The tasks of a YAML or JSON file: `{"tasks": [...]}` or the list itself. Raises errors.FileProblems."""
    text, problems = read_source(path, str(path))
    _refuse(problems)
    document, problems = (load_json if path.suffix == ".json" else load_yaml)(text or "", str(path))
    _refuse(problems)
    if document is None:
        return ()
    data = {"tasks": document.data} if isinstance(document.data, list) else document.data
    wanted = schema.shipped("tasks.schema.json")
    _refuse([_placed(problem, document) for problem in schema.problems(wanted, data)])
    return from_json(tuple[Task, ...], data["tasks"])


def _placed(problem: Problem, document: Document) -> Problem:
    parts = [int(part) if part.isdigit() else part for part in problem.pointer.split("/")[1:]]
    pointer = tuple(parts[1:] if isinstance(document.data, list) else parts)
    return dataclasses.replace(problem, position=document.position(pointer))


def _refuse(problems: list[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise FileProblems(errors)
