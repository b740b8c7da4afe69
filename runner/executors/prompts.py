"""What a manager's prompt may say about a turn, and what a failed attempt tells the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.executors.base import Job
from runner.executors.judging import checks_of
from runner.records import Check, Evidence, Json, JsonObject, Manager, Task, WorkOrder, to_json


def variables(job: Job, order: WorkOrder, task: Task, ahead: tuple[Task, ...], session: str) -> JsonObject:
    """The variables of a turn's template: `task` is this turn's, `tasks` what the text has to list.

    The first turn of an order lists all its tasks (`ahead`, this one first), a later one its own task only.
    `number` counts from 1 in the order; `related` are the tasks that this one needs, with their specs.
    """
    manager = job.managers[order.manager]
    number = order.tasks.index(task.id)
    return {
        "order": to_json(order),
        "group": order.group,
        "seat": order.seat,
        "part": order.seat.rpartition(".")[2],
        "manager": _about(manager),
        "task": to_json(task),
        "tasks": [to_json(one) for one in ahead],
        "number": number + 1,
        "count": len(order.tasks),
        "first": len(ahead) > 1 or number == 0,
        "continued": bool(session),
        "attempt": order.attempts[number],
        "round": order.round,
        "feedback": order.feedback[number],
        "owns": list(manager.owns),
        "checks": [_said(check) for check in checks_of(task, manager, order.group)],
        "related": [to_json(one) for one in _needed(job, task)],
        "request": to_json(job.request),
        "plan": job.plan,
        "run": job.run,
    }


def _about(manager: Manager) -> JsonObject:
    return {
        "name": manager.name,
        "title": manager.title or manager.name,
        "description": manager.description,
        "tools": list(manager.tools),
        "kinds": {name: {"good": kind.good, "bad": kind.bad} for name, kind in manager.specs.items()},
    }


def _said(check: Check) -> JsonObject:
    return {"name": check.name, "command": check.shell or " ".join(check.run) or check.uses, "at": list(check.at)}


def _needed(job: Job, task: Task) -> Iterable[Task]:
    before = {edge.before for edge in job.assignment.edges if edge.after == task.id and not edge.soft}
    return (one for one in job.assignment.tasks if one.id in before)


def for_agent(reason: str) -> str:
    return f"The agent did not finish: {reason}"


def for_paths(outside: Iterable[str], allowed: Iterable[str]) -> str:
    """Feedback on files that the task may not touch."""
    listed = "\n".join(f"- {path}" for path in outside)
    may = ", ".join(allowed) or "nothing"
    head = "These files were changed, and are not this task's to change; everything was undone:"
    return f"{head}\n{listed}\nIt may change: {may}"


def for_missing(outputs: Iterable[str]) -> str:
    """Feedback on outputs that are not there after the turn."""
    return "These outputs of the task are not there:\n" + "\n".join(f"- {path}" for path in outputs)


def for_checks(failed: Iterable[Evidence], whose: Mapping[str, str] | None = None) -> str:
    """Feedback on failed checks, with the end of what each one said."""
    return "\n\n".join(_one_check(evidence) for evidence in failed)


def _one_check(evidence: Evidence) -> str:
    where = " on the merged result" if evidence.at == "merge" else ""
    head = f'The check "{evidence.name}" failed{where} (exit code {evidence.exit_code}):'
    return f"{head}\n$ {evidence.command}\n{evidence.output_tail}".rstrip()


def again(reason: str, branch: str) -> str:
    """Feedback on work that was not accepted but kept."""
    return f"{reason}\n\nThat work is kept on the branch {branch}; this attempt starts from the newest accepted state."


__all__ = ["Json", "again", "for_agent", "for_checks", "for_missing", "for_paths", "variables"]
