"""The report: from rows to JSON, and from JSON to Markdown and HTML."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import markdown_it
import pytest

from made_run import ROW, START, Made, plan, tasks
from runner.records import Event
from runner.reporters.html import html as to_html
from runner.reporters.markdown import code, markdown, plain
from runner.reporters.report import RUN_STATUSES, report
from runner.reporters.rows import latest
from runner.reporters.spec_line import spec_line
from runner.reporters.timeline import timeline
from runner.reporters.timeline_svg import timeline_svg

SCHEMA = json.loads((Path(__file__).parent.parent / "schemas" / "report.schema.json").read_text())


def made(played: Made | None = None, **fields: Any) -> dict[str, Any]:
    played = played or Made().play()
    rows = {
        "row": ROW,
        "plan": plan(),
        "tasks": [],
        "assignment": played.assignment,
        "results": played.results,
        "verdicts": played.verdicts(),
        "events": played.events,
    }
    return report(**{**rows, **fields})


REPORT = made()


def valid(value: dict[str, Any]) -> dict[str, Any]:
    jsonschema.validate(value, SCHEMA)
    return value


def event(at: float, kind: str, subject: str = "", /, **data: Any) -> Event:
    return Event(seq=round(at * 10) + 1, at=START + at, kind=kind, subject=subject, data=data)


# the data


def test_the_report_is_valid_and_has_the_keys_of_the_contract() -> None:
    valid(REPORT)
    contract = (
        "run pipeline request_sha256 status agents_used models_used sandbox requirements constraints criteria"
        " not_understood tasks usage schedule problems"
    )
    assert set(contract.split()) <= set(SCHEMA["required"])
    assert REPORT["run"] == "r1"
    assert REPORT["agents_used"] == ["blueprint"]
    assert REPORT["models_used"] == ["blueprint", "none"]
    assert REPORT["sandbox"] == "bubblewrap"


def test_each_requirement_has_its_tasks_and_its_evidence() -> None:
    by_id = {row["id"]: row for row in REPORT["requirements"]}
    assert [row["id"] for row in REPORT["requirements"]] == [row["id"] for row in plan()["requirements"]]
    assert by_id["R-1"]["status"] == "verified"
    assert "database_users" in by_id["R-1"]["tasks"]
    assert by_id["R-1"]["evidence"][0]["exit_code"] == 0
    assert by_id["R-3"]["status"] == "failed"
    assert by_id["R-3"]["quote"]


def test_without_a_verdict_nothing_is_verified() -> None:
    unjudged = valid(made(verdicts=[]))
    assert {row["status"] for row in (*unjudged["requirements"], *unjudged["criteria"])} == {"unverified"}
    assert unjudged["requirements"][0]["reason"] == "the run ended before it was judged"
    assert "database_users" in unjudged["requirements"][0]["tasks"]


def test_tasks_that_never_ran_are_pending_with_their_seat() -> None:
    half = valid(made(results={}, verdicts=[]))
    assert {task["status"] for task in half["tasks"]} == {"pending"}
    assert half["tasks"][0]["seat"] == "database.tables.1"
    assert len(half["tasks"]) == len(tasks())


def test_a_run_without_plan_or_events_still_has_a_report() -> None:
    empty = valid(report({"run": "x", "pipeline": "p"}, None, [], None, {}, [], []))
    assert empty["status"] == "running"
    assert empty["verdict"] == "This run is not finished."
    assert empty["next"][0]["command"] == "orch events x --follow"
    gone = valid(report({"run": "x", "pipeline": "p"}, None, [], None, {}, [], [], held=False))
    assert (gone["status"], gone["verdict"]) == ("interrupted", "Interrupted.")
    assert gone["next"][0]["command"] == "orch resume x"
    assert to_html(empty).startswith("<!doctype html>")
    assert markdown(empty).startswith("# p\n")


@pytest.mark.parametrize(
    ("events", "row", "status"),
    [
        ([("run_finished", {"status": "ok", "exit_code": 0})], {}, "ok"),
        ([("run_finished", {"exit_code": 4})], {}, "limit"),
        ([("run_finished", {"exit_code": 5})], {}, "waiting"),
        ([("run_finished", {"exit_code": 130})], {}, "interrupted"),
        ([("run_finished", {"exit_code": 99})], {}, "error"),
        ([("run_finished", {"exit_code": 130}), ("run_resumed", {"times": 1})], {}, "running"),
        ([], {"status": "refused"}, "refused"),
        ([], {"status": "odd", "exit_code": 1}, "failed"),
        ([], {}, "running"),
    ],
)
def test_the_status_is_that_of_the_last_life(events: list[Any], row: dict[str, Any], status: str) -> None:
    said = [event(number, kind, "r", **data) for number, (kind, data) in enumerate(events)]
    assert valid(report({"run": "r", **row}, None, [], None, {}, [], said))["status"] == status
    assert SCHEMA["properties"]["status"]["enum"] == list(RUN_STATUSES)


def test_the_verdict_line_counts_and_says_what_failed() -> None:
    assert REPORT["verdict"] == (
        "7 of 11 requirements are verified, 4 failed. 3 of 4 criteria are verified, 1 unverified. "
        "55 tasks: 48 verified, 3 unverified, 1 failed, 3 skipped. 1 line of the request was not understood."
    )
    good = made(Made(fail="").play())
    assert good["verdict"].startswith(
        "All 11 requirements are verified. 3 of 4 criteria are verified, 1 unverified. 55 tasks:"
    )


def test_the_next_commands_name_the_failed_tasks_and_resume() -> None:
    assert REPORT["next"] == [
        {"command": "orch show r1 frontend_post_card", "why": "every attempt at frontend_post_card with its checks"}
    ]
    stopped = made(events=Made().play().events[:100], verdicts=[], results={}, held=False)
    assert [one["command"] for one in stopped["next"]] == ["orch resume r1"]


def test_usage_is_by_step_and_manager_and_unknown_prices_stay_unknown() -> None:
    assert REPORT["usage"]["requests"] == 2
    assert REPORT["usage"]["input"] == sum(row["usage"]["input"] for row in REPORT["spent"])
    assert REPORT["spent"][0]["what"] == "step plan"
    assert "manager backend" in [row["what"] for row in REPORT["spent"]]
    usage = {"input": 5, "output": 1, "cache_read": 0, "cache_write": 0, "requests": 1, "cost_usd": None}
    events = [*Made().play().events, event(90, "ask_finished", "validate", model="new", usage=usage)]
    assert valid(made(events=events))["usage"]["cost_usd"] is None


def test_turns_count_in_every_round() -> None:
    usage = {"input": 5, "output": 1, "cache_read": 0, "cache_write": 0, "requests": 1, "cost_usd": 0.5}
    events = [
        event(0, "order_started", "o1", manager="backend", seat="s", agent="codex", tasks=["a"], attempts=[1]),
        event(1, "turn_finished", "a", order="o1", outcome="done", usage=usage),
        event(2, "order_started", "o2", manager="backend", seat="s", agent="codex", tasks=["a"], attempts=[1], round=1),
        event(3, "turn_finished", "a", order="o2", outcome="done", usage=usage),
    ]
    result = {"task": "a", "status": "verified", "manager": "backend", "round": 1, "usage": usage}
    spent = report({"run": "r"}, None, [], None, {"a": result}, [], events)
    assert spent["usage"]["cost_usd"] == 1.0
    assert spent["spent"][0]["by"] == "codex"


def test_results_of_the_highest_round_count() -> None:
    first = {"task": "a", "round": 0, "status": "failed"}
    second = {"task": "a", "round": 1, "status": "verified"}
    judged = {"task": "a", "round": 1, "status": "unverified"}
    assert latest([second, first], [judged])["a"] == judged
    assert latest([first, second], [first])["a"] == second


def test_secrets_do_not_reach_the_report() -> None:
    played = Made().play()
    played.results["database_users"]["checks"][0]["output_tail"] = "token=the-secret-value and sk-abcdefghijklmnopqrst"
    text = json.dumps(made(played, secrets=("the-secret-value",)))
    assert "the-secret-value" not in text
    assert "sk-abcdefgh" not in text


# time


def test_attempts_become_spans_with_outcomes() -> None:
    spans = timeline(Made().play().events).spans
    tries = [span for span in spans if span.subject == "database_posts"]
    assert [(span.attempt, span.outcome) for span in tries] == [(1, "retried"), (2, "verified")]
    assert tries[0].end <= tries[1].start
    assert tries[0].reason == "check matches its spec failed"
    assert tries[0].start < tries[0].worked < tries[0].end
    failed = [span.outcome for span in spans if span.subject == "frontend_post_card"]
    assert failed == ["retried", "retried", "failed"]
    assert [span.subject for span in spans if span.kind == "step"] == ["plan", "decompose", "assign", "execute"]


def test_a_failed_attempt_ends_with_its_reason() -> None:
    line = timeline(
        [
            event(0, "turn_started", "a", seat="s", order="o", attempt=1),
            event(1, "turn_finished", "a", order="o", outcome="done"),
            event(2, "attempt_failed", "a", attempt=1, reason="wrote outside: x.txt"),
            event(8, "turn_started", "a", seat="s", order="p", attempt=2),
            event(9, "task_finished", "a", status="verified"),
        ]
    )
    assert [(span.end, span.outcome, span.reason) for span in line.spans] == [
        (2, "retried", "wrote outside: x.txt"),
        (9, "verified", ""),
    ]


def test_time_between_two_lives_is_cut_out() -> None:
    line = timeline(
        [
            event(0, "run_started", "r"),
            event(1, "turn_started", "a", seat="s", order="o", attempt=1),
            event(2, "note", "x", message="last sign of life"),
            event(50_002, "run_resumed", "r", times=1),
            event(50_003, "turn_started", "a", seat="s", order="o", attempt=1),
            event(50_006, "task_finished", "a", status="verified"),
            event(50_007, "run_finished", "r", status="ok", exit_code=0),
        ]
    )
    assert line.seconds == 7
    assert [(span.start, span.end, span.outcome) for span in line.spans] == [(1, 2, "interrupted"), (3, 6, "verified")]
    assert line.resumed == (2,)


def test_what_is_open_at_the_end_is_running() -> None:
    line = timeline([event(0, "turn_started", "a", seat="s"), event(2, "note", "x", message="m")])
    assert [(span.end, span.outcome) for span in line.spans] == [(2, "running")]


def chain_of(events: list[Event], edges: list[dict[str, str]], limits: dict[str, int] | None = None) -> dict[str, Any]:
    names = dict.fromkeys(one.subject for one in events)
    rows = [{"id": name, "title": name, "component": "x", "spec": {"kind": "x"}} for name in names]
    row = {"run": "r", "limits": limits or {}}
    made_up = report(row, None, [], {"tasks": rows, "edges": edges, "groups": []}, {}, [], events)
    schedule: dict[str, Any] = made_up["schedule"]
    return schedule


def turn(name: str, seat: str, start: float, end: float) -> list[Event]:
    return [
        event(start, "turn_started", name, seat=seat, order=name, attempt=1),
        event(end, "turn_finished", name, order=name, outcome="done"),
        event(end, "task_finished", name, status="verified"),
    ]


def test_the_schedule_says_what_the_longest_chain_waited_for() -> None:
    events = sorted(
        [*turn("a", "s1", 0, 4), *turn("b", "s1", 4, 6), *turn("c", "s2", 6, 9), *turn("d", "s3", 9, 10)],
        key=lambda one: one.at,
    )
    schedule = chain_of(events, [{"before": "b", "after": "c", "why": "needs"}], {"agents": 2})
    assert [(link["task"], link["waited_for"]) for link in schedule["chain"]] == [
        ("a", "nothing"),
        ("b", "seat"),
        ("c", "needs"),
        ("d", "slots"),
    ]
    assert (schedule["seconds"], schedule["lower_bound"], schedule["bound_by"]) == (10, 5, "seat")
    assert schedule["busy"] == 10


@pytest.mark.parametrize(
    ("agents", "outputs", "managers", "why"),
    [
        (2, {}, {}, "slots"),
        (9, {"a": ["x.py"], "c": ["x.py", "y.py"]}, {}, "file"),
        (9, {}, {"a": "backend", "c": "backend", "b": "database"}, "parallel"),
        (9, {}, {"a": "backend", "c": "frontend", "b": "database"}, "slots"),
    ],
)
def test_what_is_no_need_and_no_seat_is_a_file_a_manager_or_the_agents(
    agents: int, outputs: dict[str, list[str]], managers: dict[str, str], why: str
) -> None:
    events = sorted([*turn("a", "s1", 0, 4), *turn("b", "s2", 0, 6), *turn("c", "s3", 4, 9)], key=lambda one: one.at)
    about = {"component": "x", "spec": {"kind": "x"}}
    rows = [{"id": name, "title": name, **about, "outputs": outputs.get(name, [])} for name in "abc"]
    groups = [
        {"manager": manager, "name": "g", "tasks": [task], "seats": [{"id": f"{manager}.{task}", "tasks": [task]}]}
        for task, manager in managers.items()
    ]
    row = {"run": "r", "limits": {"agents": agents}, "parallel": dict.fromkeys(managers.values(), 1)}
    made_up = report(row, None, [], {"tasks": rows, "edges": [], "groups": groups}, {}, [], events)
    assert [(link["task"], link["waited_for"]) for link in made_up["schedule"]["chain"]] == [
        ("a", "nothing"),
        ("c", why),
    ]


def test_the_lower_bound_counts_agents_too() -> None:
    events = sorted([*turn("a", "s1", 0, 4), *turn("b", "s2", 0, 4), *turn("c", "s3", 4, 8)], key=lambda one: one.at)
    schedule = chain_of(events, [], {"agents": 2})
    assert (schedule["lower_bound"], schedule["bound_by"], schedule["most_at_once"]) == (6, "slots", 2)


def test_two_agents_at_work_at_once_stand_above_each_other() -> None:
    line = REPORT["timeline"]
    svg = timeline_svg(line)
    bars = re.findall(r'<rect class="bar (\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', svg)
    assert len(bars) == len(line["spans"])
    turns = [(float(x), float(x) + float(width), y) for _, x, y, width in bars][4:]
    assert any(a[2] != b[2] and a[0] < b[1] and b[0] < a[1] for a in turns for b in turns)
    assert not any(a is not b and a[2] == b[2] and a[0] < b[1] - 1 and b[0] < a[1] - 1 for a in turns for b in turns)
    assert REPORT["schedule"]["most_at_once"] == 5
    assert "frontend_post_card, attempt 3 by blueprint: failed" in svg


# Markdown


def test_markdown_puts_requirements_first_and_failures_second() -> None:
    text = markdown(REPORT)
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert titles[:4] == ["Next", "Requirements", "Failures", "Not understood"]
    assert "next: `orch show r1 frontend_post_card`" in text
    assert "- line 31: It should feel \\<b\\>snappy\\</b\\> \\| somehow." in text


def test_markdown_of_a_stranger_stays_text() -> None:
    played = Made().play()
    evil = "</details> <img src=x> [a](javascript:b) | `c` **d**\n# e\n\x1b[2J"
    played.results["frontend_post_card"]["reason"] = evil
    played.results["frontend_post_card"]["checks"][0]["output_tail"] = f"```\n{evil}\n~~~"
    text = markdown(made(played))
    assert "\x1b" not in text
    rendered = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<img" not in rendered
    assert "javascript" not in "".join(re.findall(r'href="([^"]*)"', rendered))
    assert "<h1>e</h1>" not in rendered
    assert rendered.count("<h1>") == 1
    assert rendered.count("<table>") == 6


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("snake_case stays", "snake_case stays"),
        ("_not emphasis_", "\\_not emphasis\\_"),
        ("a\nb", "a b"),
        ("<b>", "\\<b\\>"),
    ],
)
def test_plain_markdown(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_code_fences_are_longer_than_what_they_hold() -> None:
    assert code("a`b``c") == "```a`b``c```"
    assert code("`x`") == "`` `x` ``"
    assert code("a|b") == "`a\\|b`"


# HTML


class Page(html.parser.HTMLParser):
    """Tags and text of a page; fails on a tag that is closed in the wrong order."""

    VOID = frozenset({"meta", "br", "input", "rect", "path", "line"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_page_fetches_nothing_and_allows_only_itself() -> None:
    text = to_html(REPORT)
    page = Page(text)
    policy = next(str(meta["content"]) for meta in page.named("meta") if "http-equiv" in meta)
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    links = [value for _, attrs in page.tags for name, value in attrs.items() if name in ("href", "src", "action")]
    assert links
    assert all(str(link).startswith("#") for link in links)
    assert not [attrs for _, attrs in page.tags if any(name == "style" or name.startswith("on") for name in attrs)]
    assert "url(http" not in text


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = Page(to_html(REPORT))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {str(attrs["href"])[1:] for attrs in page.named("a")} <= set(ids)


def test_the_page_starts_with_the_verdict_and_goes_on_with_requirements() -> None:
    text = to_html(REPORT)
    order = ['class="verdict failed"', 'id="requirements"', 'id="failures"', 'id="not_understood"', 'id="assumptions"']
    order += ['id="constraints"', 'id="criteria"', 'id="graph"', 'id="timeline"', 'id="tasks"', 'id="usage"']
    order += ['id="schedule"', 'id="problems"', 'id="choices"']
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_nothing_quoted_becomes_markup() -> None:
    played = Made().play()
    evil = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>\x1b[2J\x00 " onclick="alert(1)'
    for task in played.assignment["tasks"]:
        task["title"] = evil
    for result in played.results.values():
        result["reason"] = evil
        for check in result["checks"]:
            check.update(name=evil, command=evil, output_tail=evil)
    evil_plan = plan()
    evil_plan["title"] = evil_plan["summary"] = evil_plan["requirements"][0]["text"] = evil
    evil_plan["not_understood"] = [{"line": 1, "text": evil}]
    evil_plan["questions"] = [evil]
    text = to_html(made(played, plan=evil_plan))
    page = Page(text)
    assert page.named("img") == []
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert len(page.named("script")) == 1
    assert "\x1b" not in text
    assert "\x00" not in text


def test_the_page_reads_without_script() -> None:
    page = Page(to_html(REPORT))
    tools = next(attrs for attrs in page.named("div") if attrs.get("class") == "tools")
    assert "hidden" in tools
    assert not [attrs for attrs in page.named("details") if "hidden" in attrs]


# specs in one line


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (
            {
                "kind": "table",
                "dialect": "sqlite",
                "table": "likes",
                "columns": [
                    {"name": "user_id", "type": "TEXT", "null": False},
                    {"name": "post_id", "type": "TEXT", "null": False},
                    {"name": "note", "type": "VARCHAR(9)", "null": True, "unique": True, "default": "''", "check": "x"},
                ],
                "primary_key": ["user_id", "post_id"],
                "foreign_keys": [
                    {"columns": ["user_id"], "table": "users", "references": ["id"], "on_delete": "cascade"}
                ],
                "indexes": [{"name": "ix", "columns": ["post_id"], "where": "note IS NULL"}],
            },
            "likes(user_id TEXT NOT NULL -> users.id ON DELETE CASCADE, post_id TEXT NOT NULL, "
            "note VARCHAR(9) UNIQUE DEFAULT '' CHECK (x), PRIMARY KEY (user_id, post_id)); "
            "INDEX ix (post_id) WHERE note IS NULL",
        ),
        (
            {
                "kind": "endpoint",
                "method": "POST",
                "path": "/api/posts",
                "auth": "required",
                "body": [{"name": "content", "type": "string", "required": True, "min": 1, "max": 280}],
                "responses": [{"status": 201, "when": "made"}, {"status": 422, "when": "not"}],
            },
            "POST /api/posts; auth required; body {content: string 1..280} -> 201, 422",
        ),
        (
            {"kind": "payment", "provider": "x", "retries": 3, "live": False, "steps": [{"name": "hold", "days": 2}]},
            "provider: x; retries: 3; live: no; steps: hold (days 2)",
        ),
    ],
)
def test_specs_in_one_line(spec: dict[str, Any], line: str) -> None:
    assert spec_line(spec) == line


def test_every_spec_of_chirp_fits_in_one_line() -> None:
    lines = [spec_line(task["spec"]) for task in tasks()]
    assert all(line and line.isprintable() for line in lines)
    assert len(set(lines)) == len(lines)
