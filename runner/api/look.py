"""Looking at runs: what `orch runs | show | events | report` print, as functions. Nothing here changes a run."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.errors import UsageError
from runner.journal import Journal
from runner.records import Event, Json, JsonObject
from runner.reporters.rows import read_report

FORMATS = ("md", "html", "json")
_PERIOD = 0.1
"""Seconds between two looks for new events."""


def open_journal(root: Path) -> Journal:
    """The journal of the project at `root`. Raises UsageError where there is none: looking makes no files."""
    path = root / ".orch" / "journal.db"
    if not path.exists():
        raise UsageError(f"no runs yet: there is no {path}", "start one: orch run PIPELINE --request FILE")
    return Journal.open(path)


def find_run(journal: Journal, name: str) -> str:
    """The run's full name from its name, a beginning that only it has, or "last". Raises UsageError."""
    runs = [str(row["run"]) for row in journal.runs()]
    if name in runs:
        return name
    if name == "last" and runs:
        return runs[-1]
    found = [run for run in runs if run.startswith(name)]
    if len(found) > 1:
        raise UsageError(f'"{name}" is the beginning of {len(found)} runs', f"one of: {', '.join(found[-8:])}")
    if not found:
        known = ", ".join(runs[-5:]) or "none"
        raise UsageError(f'there is no run "{name}" in {journal.path}', f"the latest runs: {known}")
    return found[0]


def runs(root: Path) -> list[dict[str, Any]]:
    """Every run, newest first: run, status, started_at, seconds, title, pipeline, and counts of tasks by status."""
    with open_journal(root) as journal:
        return [_summary(read_report(journal, str(row["run"]))) for row in reversed(journal.runs())]


def _summary(report: JsonObject) -> dict[str, Any]:
    keys = ("run", "status", "started_at", "seconds", "title", "pipeline", "verdict")
    statuses = [task["status"] for task in report["tasks"]]
    return {**{key: report[key] for key in keys}, "tasks": {word: statuses.count(word) for word in sorted({*statuses})}}


def report(root: Path, run: str) -> dict[str, Any]:
    """The report of a run as it stands now (`schemas/report.schema.json`)."""
    with open_journal(root) as journal:
        return read_report(journal, find_run(journal, run))


def step_output(root: Path, run: str, step: str) -> Json:
    """What a step of a run gave, as `--given STEP=FILE` takes it. Raises UsageError for a step without an output."""
    with open_journal(root) as journal:
        name = find_run(journal, run)
        outputs = {key.step: data.get("output") for key, data in journal.entries(name, "step")}
    if outputs.get(step) is None:
        have = ", ".join(one for one, output in outputs.items() if output is not None) or "none"
        raise UsageError(f'step "{step}" of run "{name}" has no output', f"steps that have one: {have}")
    return outputs[step]


def attempts(root: Path, run: str, task: str) -> list[Event]:
    """Everything that happened to one task, in order. Raises UsageError when the run has no such task."""
    with open_journal(root) as journal:
        name = find_run(journal, run)
        orders: set[str] = set()
        found = []
        for event in journal.events(name):
            if event.kind == "order_started" and task in (event.data.get("tasks") or ()):
                orders.add(event.subject)
            if event.subject == task or event.subject in orders:
                found.append(event)
    if not found:
        raise UsageError(f'nothing is known of a task "{task}" in run "{name}"', f"its tasks: orch show {name}")
    return found


def events(root: Path, run: str, after: int = 0, follow: bool = False) -> Iterator[Event]:
    """The events of a run whose `seq` is greater than `after`; with `follow`, until nobody works on it any more."""
    with open_journal(root) as journal:
        name = find_run(journal, run)
        while True:
            # Asked before reading: what was written before the holder let go is read below.
            held = journal.holder(name) is not None
            for event in journal.events(name, after):
                after = event.seq
                yield event
            if not follow or not held:
                return
            time.sleep(_PERIOD)


def report_text(made: JsonObject, form: str) -> str:
    """The report in one of FORMATS."""
    # Each form is imported when it is asked for: a page's pictures need networkx's neighbours, JSON needs nothing.
    if form == "html":
        from runner.reporters.html import html  # noqa: PLC0415

        return html(made)
    if form == "md":
        from runner.reporters.markdown import markdown  # noqa: PLC0415

        return markdown(made)
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def write_report(journal: Journal, run: str, folder: Path) -> dict[str, Path]:
    """Writes report.json, report.md and report.html to `folder`; returns each format's path."""
    made = read_report(journal, run)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {form: folder / f"report.{form}" for form in FORMATS}
    for form, path in paths.items():
        partly = path.with_name(f".{path.name}.part")
        partly.write_text(report_text(made, form), encoding="utf-8")
        partly.replace(path)
    return paths
