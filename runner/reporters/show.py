"""A run, a task and the list of runs as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.graph.colours import MARKS
from runner.records import Event
from runner.reporters.lines import say
from runner.reporters.safe import escape, escape_lines, shorten
from runner.reporters.units import count, moment, seconds, usd

Report = Mapping[str, Any]


def columns(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Rows as aligned columns, the last as long as it is."""
    if not rows:
        return []
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    return [
        (indent + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])).rstrip()
        for row in rows
    ]


def _state(status: str) -> str:
    return f"{MARKS.get(status, '·')} {status}"


def _title(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def runs_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line a run, newest first."""
    table = [["run", "status", "started", "time", "tasks", "title"]]
    for row in rows:
        tasks = ", ".join(f"{number} {status}" for status, number in row["tasks"].items()) or "none"
        started = moment(row["started_at"]) if row["started_at"] else "never"
        title = shorten(row["title"] or row["pipeline"], 60)
        table.append([row["run"], _state(row["status"]), started, seconds(row["seconds"]), tasks, title])
    return "\n".join(escape(line) for line in columns(table)) + "\n"


def run_text(report: Report) -> str:
    """What a run was, did and lacks."""
    facts = [
        f"run {report['run']}: {report['status']}",
        report["verdict"],
        f"pipeline {report['pipeline']}, {seconds(report['seconds'])}, {usd(report['usage']['cost_usd'])}"
        + (f", sandbox {report['sandbox']}" if report["workspace"] else ""),
    ]
    if report["workspace"]:
        facts.append(f"software: {report['workspace']}")
    lines = [
        *facts,
        *_title("requirements, constraints, criteria", _promises(report)),
        *_title("tasks", _tasks(report)),
        *_title("not understood", [f"  line {one['line']}: {one['text']}" for one in report["not_understood"]]),
        *_title("steps", _steps(report)),
        *_title("problems", [_problem(one) for one in report["problems"]]),
        *_title("next", columns([[one["command"], one["why"]] for one in report["next"]], "  ")),
    ]
    return "\n".join(escape(line) for line in lines) + "\n"


def _problem(row: Mapping[str, Any]) -> str:
    about = f"{row['subject']}: " if row["subject"] else ""
    return f"  {row['severity']}: {about}{row['message']}"


def _promises(report: Report) -> list[str]:
    rows = [
        [_state(row["status"]), row["id"], count(len(row["evidence"]), "check"), shorten(row["text"], 100)]
        for kind in ("requirements", "constraints", "criteria")
        for row in report[kind]
    ]
    return columns(rows, "  ")


def _tasks(report: Report) -> list[str]:
    rows = [
        [
            _state(task["status"]),
            task["id"],
            task["seat"] or task["manager"],
            count(task["attempts"], "attempt"),
            seconds(task["seconds"]),
            shorten(task["reason"], 100),
        ]
        for task in report["tasks"]
    ]
    return columns(rows, "  ")


def _steps(report: Report) -> list[str]:
    rows = [[_state(one["status"]), one["name"], seconds(one["seconds"]), one["reason"]] for one in report["steps"]]
    return columns(rows, "  ")


def task_text(report: Report, task: Mapping[str, Any], events: Sequence[Event]) -> str:
    """One task: how it ended, what happened in each attempt, and its checks with the ends of their output."""
    place = " · ".join(part for part in (task["manager"], task["group"], task["seat"]) if part)
    lines = [
        _first_line(task),
        task["title"],
        f"{place}; for {', '.join(task['requirements']) or 'nothing'}",
    ]
    lines += [f"commit {task['commit']}"] if task["commit"] else []
    start = report["started_at"] or 0.0
    happened = [f"  {seconds(event.at - start):>8}  {say(event)}" for event in events]
    lines = [escape(line) for line in (*lines, *_title("what happened", happened))]
    for check in task["checks"]:
        passed = check.get("passed", check["exit_code"] == 0)
        lines += [
            "",
            escape(f"{_state('passed' if passed else 'failed')}: {check['name']} (exit {check['exit_code']})"),
        ]
        lines += [f"  $ {escape(check['command'])}"]
        lines += [f"  {line}" for line in escape_lines(check["output_tail"]).splitlines()]
    lines += _title("files", [escape(f"  {file['path']}") for file in task["files"]])
    return "\n".join(lines) + "\n"


def _first_line(task: Mapping[str, Any]) -> str:
    reason = f" — {task['reason']}" if task["reason"] else ""
    return f"{task['id']}: {task['status']} after {count(task['attempts'], 'attempt')}{reason}"
