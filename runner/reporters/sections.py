"""The sections of the HTML report, each a function of the report; "" where there is nothing to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from runner.graph.layout import without_shortcuts
from runner.graph.svg import to_svg
from runner.reporters.chain_line import bound, waited
from runner.reporters.pieces import ORDER, bullets, check_card, chips, mark, passed, section, tile, words
from runner.reporters.safe import escape, shorten
from runner.reporters.timeline_svg import timeline_svg
from runner.reporters.units import count, moment, seconds, tokens, usd

Report = Mapping[str, Any]
REASON = 300
"""Characters of a reason that are shown; `report.json` has it whole."""


def _shown(report: Report, kind: str, label: str) -> str:
    by = Counter(row["status"] for row in report[kind])
    return tile(f"{by['verified']} / {by.total()}", label, by) if by else ""


def head(report: Report) -> str:
    """Title, verdict, the numbers, and the way to each section."""
    started = f" · {moment(report['started_at'])}" if report["started_at"] else ""
    cost = report["usage"]["cost_usd"]
    tiles = [
        _shown(report, "requirements", "requirements verified"),
        _shown(report, "criteria", "criteria verified"),
        _shown(report, "tasks", "tasks verified"),
        tile(seconds(report["seconds"]), "from start to end"),
        tile(usd(cost), "spent" if cost is not None else "spent: a price is not known"),
    ]
    summary = f'<p class="soft">{words(report["summary"])}</p>' if report["summary"] else ""
    return (
        f'<header><p class="soft">Report of run <code>{words(report["run"])}</code> · pipeline '
        f"{words(report['pipeline'])}{started}</p><h1>{words(report['title'] or report['pipeline'])}</h1>{summary}"
        f'<p class="verdict {words(report["status"])}">{mark(report["status"])} {words(report["verdict"])}</p>'
        f'<div class="tiles">{"".join(tiles)}</div>{_links(report)}</header>'
    )


def _links(report: Report) -> str:
    names = {
        "requirements": "Requirements",
        "failures": "Failures",
        "not_understood": "Not understood",
        "assumptions": "Assumptions",
        "criteria": "Criteria",
        "graph": "Graph",
        "timeline": "Timeline",
        "tasks": "Tasks",
        "usage": "Usage",
        "schedule": "Schedule",
        "choices": "Agents and models",
    }
    has = {
        **{
            name: bool(report.get(name))
            for name in ("requirements", "not_understood", "assumptions", "criteria", "tasks")
        },
        "failures": any(task["status"] in ("failed", "skipped") for task in report["tasks"]),
        "graph": bool(report["tasks"]),
        "timeline": bool(report["timeline"]["spans"]),
    }
    shown = [f'<a href="#{anchor}">{title}</a>' for anchor, title in names.items() if has.get(anchor, True)]
    return f"<nav>{''.join(shown)}</nav>"


def following(report: Report) -> str:
    """What to type next."""
    rows = [f"<div><code>{words(one['command'])}</code> — {words(one['why'])}</div>" for one in report["next"]]
    return section("next", "Next", "", f'<div class="next">{"".join(rows)}</div>' if rows else "")


def promises(report: Report, kind: str, title: str, note: str) -> str:
    """Requirements, constraints or criteria, each with its tasks and its evidence; what failed is open."""
    rows = sorted(report[kind], key=lambda row: row["status"] != "failed")
    return section(kind, title, note, "".join(_promise(report, row) for row in rows))


def _promise(report: Report, row: Mapping[str, Any]) -> str:
    quote = f"<blockquote>{words(row['quote'])}</blockquote>" if row["quote"] else ""
    suggestions = f"<p>Suggested:</p>{bullets(row['suggestions'])}" if row["suggestions"] else ""
    evidence = "".join(check_card(check) for check in sorted(row["evidence"], key=passed))
    reason = f"<p>{words(shorten(row['reason'], REASON))}</p>" if row["reason"] else ""
    return (
        f'<details class="card {row["status"]}"{" open" if row["status"] == "failed" else ""}><summary>'
        f'{mark(row["status"])}<span class="id">{words(row["id"])}</span><span class="what">{words(row["text"])}</span>'
        f'<span class="meta">{count(len(row["tasks"]), "task")}, {count(len(row["evidence"]), "check")}</span>'
        "</summary>"
        f'<div class="inside">{quote}{reason}{chips(report, row["tasks"])}{suggestions}{evidence}</div></details>'
    )


def failures(report: Report) -> str:
    """Failed tasks with their last output and the next command, then what was skipped because of them."""
    failed = [task for task in report["tasks"] if task["status"] == "failed"]
    skipped = [task for task in report["tasks"] if task["status"] == "skipped"]
    cards = [_failure(report, task) for task in failed]
    if skipped:
        rows = "".join(f"<li><b>{words(task['id'])}</b>: {words(task['reason'])}</li>" for task in skipped)
        cards.append(f'<div class="card plain">{mark("skipped")} {count(len(skipped), "task")}<ul>{rows}</ul></div>')
    note = f"{count(len(failed), 'failed task')}, {len(skipped)} skipped because of them" if cards else ""
    return section("failures", "Failures", note, "".join(cards))


def _failure(report: Report, task: Mapping[str, Any]) -> str:
    bad = [check for check in task["checks"] if not passed(check)]
    return (
        f'<div class="card failed plain">{mark("failed")} '
        f'<a href="#task-{words(task["id"])}"><b>{words(task["id"])}</b></a> {words(task["title"])}'
        f"<p>{words(task['reason'])} — {count(task['attempts'], 'attempt')}</p>"
        f"{''.join(check_card(check) for check in bad)}"
        f"<p>Next: <code>orch show {words(report['run'])} {words(task['id'])}</code></p></div>"
    )


def not_understood(report: Report) -> str:
    """Lines of the request that nothing was made of."""
    rows = [
        f'<tr><td class="id">line {row["line"]}</td><td>{words(row["text"])}</td></tr>'
        for row in report["not_understood"]
    ]
    body = f'<div class="table"><table>{"".join(rows)}</table></div>' if rows else ""
    return section("not_understood", "Not understood", "nothing was made of these lines of the request", body)


def assumptions(report: Report) -> str:
    """What the plan added; each can be struck."""
    rows = [
        f"<tr><td class='id'><b>{words(row['id'])}</b></td><td>{words(row['text'])}<br>"
        f'<span class="soft">{words(row["why"])}</span></td><td>{chips(report, row["tasks"])}</td></tr>'
        for row in report["assumptions"]
    ]
    if not rows:
        return ""
    body = (
        f'<div class="table"><table><tr><th>id</th><th>what was assumed, and why</th><th>made because of it</th></tr>'
        f'{"".join(rows)}</table></div><p class="soft">To strike one, take it out of the plan (<code>orch show '
        f"{words(report['run'])} --step plan &gt; plan.json</code>) and run again with "
        "<code>--given plan=plan.json</code>.</p>"
    )
    return section("assumptions", "Assumptions", "nobody asked for these: strike what is not wanted", body)


def questions(report: Report) -> str:
    """Open questions, contradictions with their quotes, and what was left out on purpose."""
    contradictions = [
        f"{one.get('text', '')}: " + " / ".join(one.get("quotes") or ()) for one in report["contradictions"]
    ]
    exclusions = [f"{one.get('text', '')} (“{one.get('quote', '')}”)" for one in report["exclusions"]]
    parts = [
        ("Questions", report["questions"]),
        ("Contradictions", contradictions),
        ("Left out, as the request says", exclusions),
    ]
    body = "".join(f'<div class="card plain"><b>{title}</b>{bullets(items)}</div>' for title, items in parts if items)
    return section("questions", "Open points", "", body)


def graph(report: Report) -> str:
    """The tasks as a picture."""
    rows = report["tasks"]
    known = [row["id"] for row in rows]
    inside = set(known)
    edges = [(edge["before"], edge["after"]) for edge in report["edges"]]
    edges = without_shortcuts(known, [edge for edge in edges if inside.issuperset(edge)])
    picture = to_svg(
        {row["id"]: row["id"] for row in rows},
        edges,
        {row["id"]: row["manager"] for row in rows},
        {row["id"]: row["status"] for row in rows},
        {row["id"]: escape(f"{row['title']} — {row['manager']}, {row['group']}: {row['status']}") for row in rows},
        {row["id"]: f"#task-{row['id']}" for row in rows},
        alone=False,
    )
    note = "what waited for what; edges that a longer path says too are left out"
    return section("graph", "Graph", note, f'<figure tabindex="0">{picture}</figure>' if rows else "")


def timeline(report: Report) -> str:
    """Steps and seats over time."""
    line = report["timeline"]
    if not line["spans"]:
        return ""
    outcomes = dict.fromkeys(span["outcome"] for span in line["spans"])
    key = "".join(f'<span class="key">{mark(outcome)}</span>' for outcome in outcomes)
    most = report["schedule"]["most_at_once"]
    together = f"up to {count(most, 'agent')} at work at once; " if most > 1 else ""
    caption = f"<figcaption>{key} the darker end of a bar is checks and merge</figcaption>"
    return section(
        "timeline", "Timeline", f"{together}one lane a seat", f"<figure>{timeline_svg(line)}{caption}</figure>"
    )


def tasks(report: Report) -> str:
    """Every task with its checks and files."""
    rows = report["tasks"]
    by = Counter(row["status"] for row in rows)
    buttons = "".join(
        f'<button type="button" data-only="{status}" aria-pressed="false">{status} {by[status]}</button>'
        for status in ORDER
        if by[status]
    )
    tools = (
        '<div class="tools" hidden><input id="search" type="search" placeholder="Find a task" aria-label="Find a task">'
        f"{buttons}<label>sort by "
        '<select id="sort"><option value="order">order of work</option><option value="name">name</option>'
        '<option value="seconds">time</option><option value="attempts">attempts</option></select></label></div>'
    )
    cards = "".join(_task(row, number) for number, row in enumerate(rows))
    return section("tasks", "Tasks", count(len(rows), "task"), f"{tools}<div>{cards}</div>" if rows else "")


def _task(row: Mapping[str, Any], number: int) -> str:
    tries = f"{count(row['attempts'], 'attempt')}, " if row["attempts"] != 1 else ""
    searched = words(" ".join((row["id"], row["title"], row["manager"], row["group"])).lower())
    facts = {
        "manager": f"{words(row['manager'])} · {words(row['group'])} · seat {words(row['seat'])}",
        "for": ", ".join(words(one) for one in row["requirements"]),
        "kind": f"{words(row['action'])} {words(row['kind'])}, complexity {words(row['complexity'])}",
        "commit": f"<code>{words(row['commit'])}</code>" if row["commit"] else "",
        "files": ", ".join(f"<code>{words(file['path'])}</code>" for file in row["files"]),
    }
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items() if value)
    reason = f"<p>{words(row['reason'])}</p>" if row["reason"] else ""
    checks = "".join(check_card(check) for check in row["checks"]) or '<p class="soft">No check ran.</p>'
    return (
        f'<details class="card {row["status"]}" id="task-{words(row["id"])}" data-status="{row["status"]}"'
        f' data-words="{searched}" data-order="{number}" data-seconds="{row["seconds"]}"'
        f' data-attempts="{row["attempts"]}">'
        f'<summary>{mark(row["status"])}<span class="what"><b>{words(row["id"])}</b> '
        f'<span class="soft">{words(row["title"])}</span></span>'
        f'<span class="meta">{tries}{seconds(row["seconds"])}</span></summary>'
        f'<div class="inside">{reason}<dl>{listed}</dl>{checks}</div></details>'
    )


def usage(report: Report) -> str:
    """Tokens and costs, line by line and in all."""
    rows = [*report["spent"], {"what": "all", "by": "", "usage": report["usage"]}]
    cells = "".join(
        f"<tr><td>{words(row['what'])}</td><td>{words(row['by'])}</td>"
        + "".join(
            f'<td class="n">{tokens(row["usage"][key])}</td>' for key in ("requests", "input", "cache_read", "output")
        )
        + f'<td class="n">{usd(row["usage"]["cost_usd"])}</td></tr>'
        for row in rows
    )
    header = (
        '<tr><th>what</th><th>by</th><th class="n">requests</th><th class="n">input tokens</th>'
        '<th class="n">of it cached</th><th class="n">output tokens</th><th class="n">cost</th></tr>'
    )
    return section("usage", "Usage and costs", "", f'<div class="table"><table>{header}{cells}</table></div>')


def schedule(report: Report) -> str:
    """How long the tasks took, how fast it could have gone, and what the longest chain waited for."""
    plan = report["schedule"]
    if not plan["chain"]:
        return ""
    chain = "".join(
        f"<tr><td>{words(link['task'])}{_again(link)}</td>"
        f'<td class="n">{seconds(link["seconds"])}</td><td>{words(waited(link))}</td>'
        f'<td class="n">{seconds(link["waited"])}</td></tr>'
        for link in plan["chain"]
    )
    said = (
        f"<p>The tasks took <b>{seconds(plan['seconds'])}</b>; with these durations nothing could take less than "
        f"<b>{seconds(plan['lower_bound'])}</b>, bound by {words(bound(plan['bound_by']))}. Agents were at work for "
        f"{seconds(plan['busy'])} in all, at most {plan['most_at_once']} at once.</p>"
    )
    table = (
        '<div class="table"><table><tr><th>longest chain</th><th class="n">took</th><th>started after</th>'
        f'<th class="n">gap</th></tr>{chain}</table></div>'
    )
    return section("schedule", "Schedule", "", said + table)


def _again(link: Mapping[str, Any]) -> str:
    """Which attempt and validation round, where it is not the first."""
    said = [f"{word} {link[word]}" for word, first in (("round", 0), ("attempt", 1)) if link[word] > first]
    return f" ({', '.join(said)})" if said else ""


def problems(report: Report) -> str:
    """What was wrong with files and answers, and steps that did not end well."""
    rows = [
        f"<tr><td>{mark(row['severity'])}</td><td>{words(row['subject'])}</td><td>{words(row['message'])}"
        f'<br><span class="soft">{words(row["hint"])}</span></td></tr>'
        for row in report["problems"]
    ]
    rows += [
        f"<tr><td>{mark(step['status'])}</td><td>step {words(step['name'])}</td><td>{words(step['reason'])}</td></tr>"
        for step in report["steps"]
        if step["status"] != "ok"
    ]
    return section(
        "problems", "Problems", "", f'<div class="table"><table>{"".join(rows)}</table></div>' if rows else ""
    )


def choices(report: Report) -> str:
    """Models, agents, sandbox: what was used and why."""
    rows = [
        f"<tr><td>{words(one['seam'][:-1])}</td><td>{words(one['alias'])}</td><td><b>{words(one['name'])}</b></td>"
        f"<td>{words(one['why'])}</td></tr>"
        for one in report["chosen"]
    ]
    rows.append(f"<tr><td>sandbox</td><td></td><td><b>{words(report['sandbox'])}</b></td><td></td></tr>")
    if report["workspace"]:
        rows.append(f"<tr><td>workspace</td><td></td><td><code>{words(report['workspace'])}</code></td><td></td></tr>")
    notes = bullets(list(dict.fromkeys(report["notes"])))
    body = f'<div class="table"><table>{"".join(rows)}</table></div>{notes}'
    return section("choices", "Agents, models, sandbox", "", body)


def foot(report: Report) -> str:
    """Where the numbers come from."""
    request = (
        f" · request sha256 <code>{words(report['request_sha256'][:16])}</code>" if report["request_sha256"] else ""
    )
    return (
        f"<footer>Made from the journal of run <code>{words(report['run'])}</code>{request}. “Verified” means: a check "
        "with an exit code said so. An agent's word is no evidence.</footer>"
    )
