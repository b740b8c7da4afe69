"""The report of a run, as plain JSON values (`schemas/report.schema.json`), from rows of the journal and nothing else.

`report` is a pure function of what was published, the results, and the events; Markdown and HTML are drawn from its
value alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner.managing import analysis
from runner.managing.schedule import SLOTS
from runner.records import Assignment, Event, Json, JsonObject, Usage, from_json, to_json
from runner.reporters.choices import chosen
from runner.reporters.safe import masked
from runner.reporters.spent import spent, total
from runner.reporters.timeline import Timeline, most_at_once, timeline
from runner.reporters.verdict_line import next_commands, verdict_line

VERSION = 1
RUN_STATUSES = ("running", "ok", "failed", "refused", "limit", "waiting", "interrupted", "cancelled", "error")
BY_EXIT = {0: "ok", 1: "failed", 2: "refused", 3: "refused", 4: "limit", 5: "waiting", 70: "error", 130: "interrupted"}
"""Exit code -> status of a finished run."""

Row = dict[str, Any]


def report(
    row: JsonObject,
    plan: JsonObject | None,
    tasks: Sequence[JsonObject],
    assignment: JsonObject | None,
    results: Mapping[str, JsonObject],
    verdicts: Sequence[JsonObject],
    events: Sequence[Event],
    secrets: tuple[str, ...] = (),
    held: bool = True,
) -> Row:
    """The report; `row` is the run's own row, `results` the last result of each task, `held` whether a process works
    on it now. Secrets come out as `***`."""
    plan = plan or {}
    tasks = _of_all(list((assignment or {}).get("tasks") or ()), tasks, results)
    line = timeline(events)
    judged = {str(verdict["id"]): verdict for verdict in verdicts}
    edges = list((assignment or {}).get("edges") or ())
    made: Row = {
        "version": VERSION,
        **_head(row, plan, events, line),
        "status": run_status(row, events, held),
        **_promises(plan, tasks, judged),
        "tasks": _tasks(tasks, assignment, results, line),
        "usage": to_json(total(events, results)),
        "spent": spent(events, results),
        "schedule": _schedule(row, assignment, line),
        "steps": _steps(line),
        "timeline": to_json(line),
        "edges": edges,
        "problems": _problems(events),
    }
    made["verdict"] = verdict_line(made)
    made["next"] = next_commands(made)
    return dict(masked(made, secrets))


def _data(events: Iterable[Event], kind: str) -> JsonObject:
    """The data of the last event of this kind, {} without one."""
    found: JsonObject = {}
    for event in events:
        if event.kind == kind:
            found = event.data
    return found


def run_status(row: JsonObject, events: Sequence[Event], held: bool = True) -> str:
    """One of RUN_STATUSES: from the end of its last life, else what its row says, else "running".

    What runs without a process that holds it was interrupted.
    """
    status = _said_status(row, events)
    return "interrupted" if status == "running" and not held else status


def _said_status(row: JsonObject, events: Sequence[Event]) -> str:
    last = next((e for e in reversed(events) if e.kind in ("run_finished", "run_started", "run_resumed")), None)
    finished = last.data if last and last.kind == "run_finished" else {}
    for word in (finished.get("status"), row.get("status")):
        if word in RUN_STATUSES:
            return str(word)
    code = finished.get("exit_code", row.get("exit_code"))
    return BY_EXIT.get(int(code), "error") if code is not None else "running"


def _head(row: JsonObject, plan: JsonObject, events: Sequence[Event], line: Timeline) -> Row:
    started, finished = _data(events, "run_started"), _data(events, "run_finished")
    models, agents = chosen(row, started, "models"), chosen(row, started, "agents")
    request = row.get("request") if isinstance(row.get("request"), Mapping) else {}
    return {
        "run": str(row.get("id") or row.get("run") or (events[0].subject if events else "")),
        "pipeline": str(row.get("pipeline") or started.get("pipeline") or ""),
        "request_sha256": str(row.get("request_sha256") or (request or {}).get("sha256") or ""),
        "exit_code": finished.get("exit_code", row.get("exit_code")),
        "reason": str(finished.get("reason") or ""),
        "title": str(plan.get("title") or (request or {}).get("title") or ""),
        "summary": str(plan.get("summary") or ""),
        "started_at": events[0].at if events else None,
        "seconds": round(line.seconds, 3),
        "resumed": len(line.resumed),
        "workspace": str(row.get("workspace") or started.get("workspace") or ""),
        "offline": bool(started.get("offline", row.get("offline", False))),
        "sandbox": str(started.get("sandbox") or row.get("sandbox") or "none"),
        "agents_used": _unique(choice["name"] for choice in agents),
        "models_used": _unique(choice["name"] for choice in models),
        "chosen": [*models, *agents],
        "notes": [str(note) for note in started.get("notes") or ()]
        + [str(event.data.get("message", "")) for event in events if event.kind == "note"],
    }


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _promises(plan: JsonObject, tasks: Sequence[JsonObject], judged: Mapping[str, JsonObject]) -> Row:
    served: dict[str, list[str]] = {}
    for task in tasks:
        for promise in task.get("requirements") or ():
            served.setdefault(str(promise), []).append(str(task["id"]))

    def rows(kind: str) -> list[Row]:
        return [_promise(item, judged.get(str(item["id"])), served) for item in plan.get(kind) or ()]

    return {
        "requirements": rows("requirements"),
        "constraints": rows("constraints"),
        "criteria": rows("criteria"),
        "not_understood": [dict(item) for item in plan.get("not_understood") or ()],
        "assumptions": [
            {"why": "", **item, "tasks": served.get(str(item["id"]), [])} for item in plan.get("assumptions") or ()
        ],
        "exclusions": [dict(item) for item in plan.get("exclusions") or ()],
        "questions": [str(question) for question in plan.get("questions") or ()],
        "contradictions": [dict(item) for item in plan.get("contradictions") or ()],
        "components": [dict(item) for item in plan.get("components") or ()],
    }


def _promise(item: JsonObject, verdict: JsonObject | None, served: Mapping[str, list[str]]) -> Row:
    verdict = verdict or {"status": "unverified", "reason": "the run ended before it was judged"}
    return {
        "id": str(item["id"]),
        "text": str(item.get("text") or ""),
        "quote": str(item.get("quote") or ""),
        "status": verdict["status"],
        "reason": str(verdict.get("reason") or ""),
        "tasks": list(verdict.get("tasks") or served.get(str(item["id"]), [])),
        "evidence": [dict(one) for one in verdict.get("evidence") or ()],
        "suggestions": [str(one) for one in verdict.get("suggestions") or ()],
    }


def _of_all(
    assigned: Sequence[JsonObject], tasks: Sequence[JsonObject], results: Mapping[str, JsonObject]
) -> list[JsonObject]:
    """The tasks of the last assignment, and those of earlier ones that were worked on; without one, all there are."""
    if not assigned:
        return list(tasks)
    names = {task["id"] for task in assigned}
    return [*(task for task in tasks if task["id"] not in names and task["id"] in results), *assigned]


def _tasks(
    tasks: Sequence[JsonObject], assignment: JsonObject | None, results: Mapping[str, JsonObject], line: Timeline
) -> list[Row]:
    places = _places(assignment)
    worked: Counter[str] = Counter()
    for span in line.spans:
        if span.kind == "turn":
            worked[span.subject] += span.end - span.start  # type: ignore[assignment]
    return [_task(task, places.get(str(task["id"]), {}), results.get(str(task["id"])), worked) for task in tasks]


def _places(assignment: JsonObject | None) -> dict[str, dict[str, str]]:
    return {
        str(task): {"manager": group["manager"], "group": group["name"], "seat": seat["id"]}
        for group in (assignment or {}).get("groups") or ()
        for seat in group["seats"]
        for task in seat["tasks"]
    }


def _task(task: JsonObject, place: JsonObject, result: JsonObject | None, worked: Mapping[str, float]) -> Row:
    result = result or {"status": "pending"}
    usage = from_json(Usage, result["usage"]) if result.get("usage") else Usage()
    return {
        "id": str(task["id"]),
        "title": str(task.get("title") or ""),
        "component": str(task.get("component") or ""),
        "kind": str((task.get("spec") or {}).get("kind") or ""),
        "action": str(task.get("action") or "create"),
        "complexity": str(task.get("complexity") or "low"),
        "requirements": list(task.get("requirements") or ()),
        **{word: str(result.get(word) or place.get(word) or "") for word in ("manager", "group", "seat")},
        "attempts": int(result.get("attempts") or 0),
        "round": int(result.get("round") or 0),
        "status": result["status"],
        "reason": str(result.get("reason") or ""),
        "commit": str(result.get("commit") or ""),
        "seconds": round(worked.get(str(task["id"]), 0.0), 3),
        "files": [dict(one) for one in result.get("files") or ()],
        "checks": [dict(one) for one in result.get("checks") or ()],
        "usage": to_json(usage),
    }


def _steps(line: Timeline) -> list[Row]:
    """Each step once, as its last life left it."""
    last = {span.subject: span for span in line.spans if span.kind == "step"}
    return [
        {"name": name, "status": span.outcome, "seconds": round(span.end - span.start, 3), "reason": span.reason}
        for name, span in last.items()
    ]


def _schedule(row: JsonObject, assignment: JsonObject | None, line: Timeline) -> Row:
    """Why the tasks took as long as they did, in seconds; `busy` is the work of all of them."""
    turns = [span for span in line.spans if span.kind == "turn"]
    spans = [
        analysis.Span(
            task=span.subject,
            seat=span.lane,
            start=span.start,
            end=span.end,
            attempt=span.attempt,
            round=span.round,
        )
        for span in turns
    ]
    known = from_json(Assignment, assignment) if assignment else Assignment(tasks=(), groups=(), edges=())
    slots = int((row.get("limits") or {}).get("agents") or SLOTS)
    found = analysis.schedule(known, spans, slots, row.get("parallel") or {})
    return {
        **_rounded(found),
        "busy": round(sum(span.end - span.start for span in turns), 3),
        "most_at_once": most_at_once(turns),
        "chain": [_rounded(link) for link in found["chain"]],
    }


def _rounded(data: JsonObject) -> Row:
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in data.items()}


def _problems(events: Iterable[Event]) -> list[Row]:
    found: dict[str, Json] = {}
    for event in events:
        if event.kind == "problem":
            problem = {"severity": "error", "message": "", "hint": "", **event.data, "subject": event.subject}
            found.setdefault(f"{event.subject} {problem['message']}", problem)
    return list(found.values())
