"""The report as Markdown, for a pull request, an issue or a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runner.graph.colours import MARKS
from runner.graph.layout import without_shortcuts
from runner.graph.pictures import to_mermaid
from runner.reporters.chain_line import bound, waited
from runner.reporters.safe import escape, escape_lines, shorten
from runner.reporters.units import count, moment, seconds, tokens, usd

Report = Mapping[str, Any]
_ACTIVE = re.compile(r"([\\`*{}\[\]<>#|~!&]|(?<![^\W_])_|_(?![^\W_]))")


def plain(text: object) -> str:
    """Any text on one line, with nothing in it that Markdown or HTML would act on."""
    return _ACTIVE.sub(r"\\\1", escape(" ".join(str(text).split())))


def code(text: object) -> str:
    """Any text as inline code; the fence is longer than what stands inside."""
    inside = escape(str(text)).replace("|", "\\|") or " "
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", inside)), default=0) + 1)
    pad = " " if inside.startswith("`") or inside.endswith("`") else ""
    return f"{ticks}{pad}{inside}{pad}{ticks}"


def fenced(text: str, indent: str = "") -> list[str]:
    """Any text as a block of code."""
    body = escape_lines(text)
    ticks = "`" * max(3, max((len(run) for run in re.findall(r"`+", body)), default=0) + 1)
    return [f"{indent}{line}" for line in (f"{ticks}text", *body.splitlines(), ticks)]


def _state(status: str) -> str:
    return f"{MARKS.get(status, '·')} {status}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def markdown(report: Report) -> str:
    """The text of a report (`schemas/report.schema.json`), most needed first."""
    lines = [
        *_head(report),
        *_section("Requirements", _promises(report["requirements"])),
        *_section("Failures", _failures(report)),
        *_section(
            "Not understood", [f"- line {one['line']}: {plain(one['text'])}" for one in report["not_understood"]]
        ),
        *_section("Assumptions", _assumptions(report)),
        *_section("Open points", _open_points(report)),
        *_section("Constraints", _promises(report["constraints"])),
        *_section("Success criteria", _promises(report["criteria"])),
        *_section("Graph", _graph(report)),
        *_section("Tasks", _tasks(report)),
        *_section("Usage and costs", _usage(report)),
        *_section("Schedule", _schedule(report)),
        *_section("Problems", _problems(report)),
        *_section("Agents, models, sandbox", _choices(report)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _head(report: Report) -> list[str]:
    when = f", {moment(report['started_at'])}" if report["started_at"] else ""
    facts = f"{seconds(report['seconds'])}, {usd(report['usage']['cost_usd'])}"
    lines = [
        f"# {plain(report['title'] or report['pipeline'])}",
        "",
        f"**{_state(report['status'])}** — {plain(report['verdict'])}",
        "",
        f"Run {code(report['run'])} of pipeline {plain(report['pipeline'])}{when}: {facts}.",
        "",
    ]
    return lines + _section("Next", [f"- {code(one['command'])}: {plain(one['why'])}" for one in report["next"]])


def _promises(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    table = [
        [
            plain(row["id"]),
            _state(row["status"]),
            plain(row["text"]),
            ", ".join(map(plain, row["tasks"])),
            _evidence(row["evidence"]),
        ]
        for row in rows
    ]
    lines = _table(("id", "status", "what", "tasks", "evidence"), table)
    for row in rows:
        if row["status"] != "verified":
            more = [f"{plain(row['id'])}: {plain(row['reason'])}"] if row["reason"] else []
            more += [f"{plain(row['id'])}: suggested: {plain(one)}" for one in row["suggestions"]]
            lines += ["", *(f"- {one}" for one in more)] if more else []
    return lines


def _evidence(checks: Sequence[Mapping[str, Any]]) -> str:
    shown = [f"{plain(one['name'])}, exit {one['exit_code']}" for one in checks[:3]]
    return "; ".join([*shown, f"and {len(checks) - 3} more"] if len(checks) > 3 else shown) or "none"


def _failures(report: Report) -> list[str]:
    lines: list[str] = []
    for task in report["tasks"]:
        if task["status"] == "skipped":
            lines.append(f"- {_state('skipped')} {plain(task['id'])}: {plain(task['reason'])}")
        if task["status"] == "failed":
            lines.append(_failure(report, task))
            for check in task["checks"]:
                if not check.get("passed", check["exit_code"] == 0) and check["output_tail"]:
                    lines += fenced(check["output_tail"], "  ")
    return lines


def _failure(report: Report, task: Mapping[str, Any]) -> str:
    command = f"orch show {report['run']} {task['id']}"
    return (
        f"- {_state('failed')} **{plain(task['id'])}** after {count(task['attempts'], 'attempt')}: "
        f"{plain(task['reason'])}; next: {code(command)}"
    )


def _assumptions(report: Report) -> list[str]:
    lines = [
        f"- {plain(one['id'])}: {plain(one['text'])} Why: {plain(one['why'])} ({', '.join(map(plain, one['tasks']))})"
        for one in report["assumptions"]
    ]
    get = code(f"orch show {report['run']} --step plan > plan.json")
    strike = f"To strike one, take it out of the plan ({get}) and run again with `--given plan=plan.json`."
    return [*lines, "", strike] if lines else []


def _open_points(report: Report) -> list[str]:
    lines = [f"- question: {plain(one)}" for one in report["questions"]]
    lines += [
        f"- contradiction: {plain(one.get('text', ''))} ({' / '.join(map(plain, one.get('quotes') or ()))})"
        for one in report["contradictions"]
    ]
    return lines + [f"- left out: {plain(one.get('text', ''))}" for one in report["exclusions"]]


def _graph(report: Report) -> list[str]:
    known = [task["id"] for task in report["tasks"]]
    inside = set(known)
    edges = [(edge["before"], edge["after"]) for edge in report["edges"]]
    if not known:
        return []
    picture = to_mermaid(
        {task["id"]: task["id"] for task in report["tasks"]},
        without_shortcuts(known, [edge for edge in edges if inside.issuperset(edge)]),
        {task["id"]: task["manager"] for task in report["tasks"]},
        {task["id"]: task["status"] for task in report["tasks"]},
    )
    return ["```mermaid", picture.rstrip(), "```"]


def _tasks(report: Report) -> list[str]:
    rows = [
        [
            plain(task["id"]),
            _state(task["status"]),
            plain(f"{task['manager']} / {task['group']}"),
            str(task["attempts"]),
            seconds(task["seconds"]),
            code(task["commit"][:10]) if task["commit"] else "",
            plain(shorten(task["reason"], 120)),
        ]
        for task in report["tasks"]
    ]
    return _table(("task", "status", "manager / group", "attempts", "time", "commit", "reason"), rows)


def _usage(report: Report) -> list[str]:
    rows = [
        [
            plain(row["what"]),
            plain(row["by"]),
            str(row["usage"]["requests"]),
            tokens(row["usage"]["input"]),
            tokens(row["usage"]["output"]),
            usd(row["usage"]["cost_usd"]),
        ]
        for row in (*report["spent"], {"what": "all", "by": "", "usage": report["usage"]})
    ]
    return _table(("what", "by", "requests", "input tokens", "output tokens", "cost"), rows)


def _schedule(report: Report) -> list[str]:
    made = report["schedule"]
    if not made["chain"]:
        return []
    rows = [
        [plain(link["task"]), seconds(link["seconds"]), plain(waited(link)), seconds(link["waited"])]
        for link in made["chain"]
    ]
    said = (
        f"The tasks took {seconds(made['seconds'])}; with these durations nothing could take less than "
        f"{seconds(made['lower_bound'])} (bound by {bound(made['bound_by'])}). At most "
        f"{count(made['most_at_once'], 'agent')} worked at once."
    )
    return [said, "", *_table(("longest chain", "took", "started after", "gap"), rows)]


def _problems(report: Report) -> list[str]:
    lines = [
        f"- {plain(one['severity'])}: {plain(one['subject'])}: {plain(one['message'])} {plain(one['hint'])}".rstrip()
        for one in report["problems"]
    ]
    return lines + [
        f"- step {plain(step['name'])} {step['status']}: {plain(step['reason'])}"
        for step in report["steps"]
        if step["status"] != "ok"
    ]


def _choices(report: Report) -> list[str]:
    lines = [_choice(one) for one in report["chosen"]]
    lines.append(f"- sandbox: **{plain(report['sandbox'])}**")
    return lines + [f"- {plain(note)}" for note in dict.fromkeys(report["notes"])]


def _choice(one: Mapping[str, str]) -> str:
    why = f" ({plain(one['why'])})" if one["why"] else ""
    return f"- {one['seam'][:-1]} {plain(one['alias'])}: **{plain(one['name'])}**{why}"
