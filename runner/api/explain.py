"""`orch explain`: which manager, group and seat each task gets, and why; the same code that `assign` runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner import schema
from runner.api.run import load_judged
from runner.errors import FileProblems, UsageError
from runner.managing.explain import details, explain, line, seat_reasons
from runner.positions import Document, load_json, load_yaml, read_source
from runner.records import Problem, Task, from_json
from runner.resources import Resources
from runner.rules.places import placed
from runner.schema.messages import meant


@dataclass(frozen=True, slots=True)
class Explained:
    """`text` for people; `problems` stand against the assignment, each at its place in the file of tasks."""

    text: str
    problems: tuple[Problem, ...] = ()


def explain_tasks(root: Path, pipeline: str, tasks: Path, task: str = "") -> Explained:
    """The line of every task in the file and what it waits for, or all that is known of the one `task`.

    Raises errors.FileProblems for files that `orch lint` would refuse, errors.UsageError for a task that is not there.
    """
    loaded = load_judged(root, pipeline, None)
    document = _read(tasks, Resources(root).relative(tasks.absolute()))
    found, assignment, problems = explain(_tasks(document), loaded.managers)
    names = [one.task.id for one in found]
    if task and task not in names:
        raise UsageError(f'no task "{task}" in {tasks}{meant(task, names)}', hint=f"it holds {len(names)} tasks")
    lines: list[str] = []
    for one in found:
        if not task or one.task.id == task:
            lines += [line(one), *(f"    {text}" for text in details(one, everything=bool(task)))]
    shown = [group for group in assignment.groups if not task or task in group.tasks]
    lines += seat_reasons(shown, {one.task.id: one.task for one in found}, loaded.managers)
    wrong = [placed(problem, document) for problem in problems if not task or problem.owner == task]
    return Explained("\n".join(lines), tuple(wrong))


def _read(path: Path, name: str) -> Document | None:
    text, problems = read_source(path, name)
    _refuse(problems)
    document, problems = (load_json if path.suffix == ".json" else load_yaml)(text or "", name)
    _refuse(problems)
    return document


def _tasks(document: Document | None) -> tuple[Task, ...]:
    if document is None:
        return ()
    data = {"tasks": document.data} if isinstance(document.data, list) else document.data
    wanted = schema.shipped("tasks.schema.json")
    _refuse([placed(problem, document) for problem in schema.problems(wanted, data)])
    return from_json(tuple[Task, ...], data["tasks"])


def _refuse(problems: list[Problem]) -> None:
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise FileProblems(errors)
