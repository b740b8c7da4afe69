"""Whole runs by the doubles: exit codes, kill -9, signals, limits, and what resume does not repeat."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest

from project import Project, payments
from runner.errors import CannotStart, LimitReached, UsageError

COMMAND = [sys.executable, "-m", "runner"]
REPOSITORY = Path(__file__).parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return payments(tmp_path / "shop")


def start(project: Project, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        [*COMMAND, *words],
        cwd=project.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def orch(project: Project, *words: str) -> tuple[int, str, str]:
    process = start(project, *words)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def request(project: Project) -> str:
    return (project.root / "request.md").read_text()


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_request_becomes_merged_verified_commits_and_a_report(project: Project) -> None:
    code, out, err = orch(project, "run", "payments", "--request", "request.md", "--progress", "plain")
    assert code == 0, err
    assert "workspace: out/request" in out
    assert "payments_refund verified after 2 attempts" in err
    main = project.root / "out" / "request"
    assert {path.name for path in (main / "flows").iterdir()} == {"capture.txt", "ledger.txt", "refund.txt"}
    tasks = git(main, "log", "--format=%(trailers:key=Orch-Task,valueonly,separator=%x2C)").split()
    assert sorted(tasks) == ["payments_capture", "payments_ledger", "payments_refund"]
    (report,) = (project.root / ".orch" / "runs").glob("*/report.json")
    made = json.loads(report.read_text())
    assert made["status"] == "ok"
    assert {row["id"]: row["status"] for row in made["requirements"]} == dict.fromkeys(
        ("R-1", "R-2", "R-3"), "verified"
    )
    assert (project.root / "starts.log").read_text().split("\n").count("payments_refund 2") == 1


def test_why_an_answer_was_rejected_is_said_everywhere(project: Project) -> None:
    code, _, err = orch(project, "run", "payments", "--request", "request.md", "--progress", "plain")
    assert code == 0, err
    said = "plan: answer 1 was rejected: /requirements/2/quote: "
    (line,) = [line for line in err.splitlines() if said in line]
    assert "quotes_request]" in line
    for words in (("show",), ("events",), ("report",)):
        assert said in orch(project, *words)[1].replace("\\", ""), words


def test_every_answer_that_stays_wrong_is_said(project: Project) -> None:
    script = project.root / "scripted" / "payments.yaml"
    script.write_text(script.read_text().replace("written to a ledger.", "written to a book."))
    outcome = project.run(request(project), "payments")
    assert outcome.exit_code == 1
    assert "still wrong after 2 attempts: /requirements/2/quote: " in outcome.reason
    attempts = [event.data["attempt"] for event in project.events("problem") if "was rejected" in event.data["message"]]
    assert attempts == [1, 2]


def test_a_check_that_cannot_be_filled_stops_the_run_before_an_attempt_is_spent(project: Project) -> None:
    file = project.root / "managers" / "payments.yaml"
    file.write_text(file.read_text() + '  - {name: in time, run: [test, "{{ task.spec.max_days }}", -gt, "0"]}\n')
    outcome = project.run(request(project), "payments")
    assert outcome.exit_code == 1
    wanted = (
        'managers/payments.yaml: check "in time" cannot be filled for payments_capture: "task.spec.max_days" has no'
    )
    assert wanted in outcome.reason
    assert project.events("turn_started") == []


def test_a_failing_task_ends_with_exit_1_and_its_dependents_are_skipped(project: Project) -> None:
    script = project.root / "scripted" / "payments.yaml"
    script.write_text(
        script.read_text().replace('{flows/capture.txt: "flow capture_card\\n"}', '{flows/capture.txt: "wrong\\n"}')
    )
    outcome = project.run(request(project), "payments")
    assert outcome.exit_code == 1
    with project.journal() as journal:
        known = {key.item: data for key, data in journal.entries("run", "published")}
    assert {row["task"]: row["status"] for row in known["results"]} == {
        "payments_capture": "failed",
        "payments_ledger": "verified",
        "payments_refund": "skipped",
    }
    assert {row["id"]: row["status"] for row in known["verdicts"]} == {
        "R-1": "failed",
        "R-2": "failed",
        "R-3": "verified",
        "S-1": "failed",
    }


def test_a_round_reopens_what_failed_and_tells_it_why(project: Project) -> None:
    script = project.root / "scripted" / "payments.yaml"
    wrong = '- {writes: {flows/capture.txt: "wrong\\n"}, appends: {starts.log: "{task} {attempt}"}}'
    right = '- {writes: {flows/capture.txt: "flow capture_card\\n"}, expects: [R-1 failed]}'
    text = script.read_text()
    old = next(line.strip() for line in text.splitlines() if "flow capture_card" in line)
    script.write_text(text.replace(old, f"{wrong}\n    {wrong}\n    {right}"))
    outcome = project.run(request(project), "payments")
    assert outcome.exit_code == 0, outcome.reason
    (event,) = project.events("round_started")
    assert event.data["round"] == 1
    assert event.data["reopened"] == ["payments_capture"]
    with project.journal() as journal:
        rounds = {(key.task, key.round) for key, _ in journal.entries("run", "result")}
    assert {("payments_capture", 0), ("payments_capture", 1), ("payments_refund", 1)} <= rounds
    assert ("payments_ledger", 1) not in rounds


def slow_down(project: Project, delay: str) -> None:
    script = project.root / "scripted" / "payments.yaml"
    script.write_text(script.read_text().replace("delay: 0.1", f"delay: {delay}"))


def wait_for_line(path: Path, text: str) -> None:
    for _ in range(1000):
        if path.exists() and text in path.read_text():
            return
        time.sleep(0.02)
    raise AssertionError(f"{text} never came")


def only_run(project: Project) -> str:
    with project.journal() as journal:
        (row,) = journal.runs()
    return str(row["run"])


def test_kill_9_and_resume_repeat_nothing_that_was_finished(project: Project) -> None:
    slow_down(project, "2.0")
    process = start(project, "run", "payments", "--request", "request.md", "--progress", "quiet")
    log = project.root / "starts.log"
    wait_for_line(log, "payments_ledger")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    run = only_run(project)
    with project.journal() as journal:
        finished = {key.task for key, _ in journal.entries(run, "result")}
        answers = len(journal.entries(run, "answer"))
    assert "payments_capture" in finished
    # Today's files play no part any more.
    (project.root / "managers" / "payments.yaml").unlink()
    (project.root / "scripted" / "payments.yaml").unlink()
    before = Counter(log.read_text().split("\n"))
    code, _, err = orch(project, "resume", run, "--progress", "plain")
    assert code == 0, err
    after = Counter(log.read_text().split("\n"))
    for task in finished:
        for line in before:
            if line.startswith(task):
                assert after[line] == before[line]
    with project.journal() as journal:
        assert len(journal.entries(run, "answer")) == answers
        assert journal.run(run)["status"] == "ok"
    code, _, err = orch(project, "resume", run)
    assert (code, "is finished" in err) == (3, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_130_and_the_command_to_go_on(project: Project, number: signal.Signals) -> None:
    slow_down(project, "20")
    process = start(project, "run", "payments", "--request", "request.md", "--progress", "quiet")
    wait_for_line(project.root / "starts.log", "payments_capture")
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    run = only_run(project)
    assert process.returncode == 130
    assert f"orch resume {run}" in err
    with project.journal() as journal:
        assert (journal.run(run)["status"], journal.holder(run)) == ("interrupted", None)


def test_a_run_is_worked_on_by_one_process_and_cancel_stops_it(project: Project) -> None:
    slow_down(project, "20")
    process = start(project, "run", "payments", "--request", "request.md", "--progress", "quiet")
    wait_for_line(project.root / "starts.log", "payments_capture")
    run = only_run(project)
    code, _, err = orch(project, "resume", run)
    assert (code, f"process {process.pid} is working" in err) == (3, True)
    code, out, _ = orch(project, "cancel", run)
    assert (code, "is stopped" in out) == (0, True)
    process.communicate(timeout=60)
    with project.journal() as journal:
        assert journal.run(run)["status"] == "cancelled"


def test_the_time_limit_ends_with_4_and_the_run_can_go_on(project: Project) -> None:
    slow_down(project, "0.5")
    stopped = project.run(request(project), "payments", time=1.2)
    assert (stopped.exit_code, isinstance(stopped.error, LimitReached)) == (4, True)
    again = project.resume()
    assert (again.exit_code, again.hint) == (4, "give it time for what is left: orch resume RUN --time DURATION")
    assert project.resume(limit=60).status == "ok"
    with project.journal() as journal:
        assert journal.run("run")["lives"] == 3


def test_breakdown_prints_the_flow_and_makes_nothing(project: Project) -> None:
    code, out, _ = orch(project, "run", "payments", "--request", "request.md", "--breakdown")
    assert code == 0
    assert "payments_refund" in out
    assert "predicted timeline" in out
    assert not (project.root / "out").exists()
    assert not (project.root / ".orch").exists()
    assert not (project.root / "starts.log").exists()


def test_until_stops_before_the_workspace_is_made(project: Project) -> None:
    outcome = project.run(request(project), "payments", until="assign")
    assert (outcome.exit_code, outcome.workspace) == (0, "")
    assert not (project.root / "out").exists()


def test_unverified_items_fail_a_strict_run_only(project: Project) -> None:
    manager = project.root / "managers" / "payments.yaml"
    manager.write_text(manager.read_text().partition("checks:")[0])
    relaxed = project.run(request(project), "payments", run="relaxed")
    assert (relaxed.exit_code, relaxed.unverified > 0) == (0, True)
    assert project.run(request(project), "payments", run="strict", strict=True).exit_code == 1


def test_what_cannot_start_says_why_before_anything_is_made(project: Project) -> None:
    with pytest.raises(CannotStart, match="scripted/nobody"):
        project.run(request(project), "payments", agent="scripted/nobody")
    with pytest.raises(CannotStart, match="no adapter for"):
        project.run(request(project), "payments", models={"architect": "openai/gpt-5.2"})
    with pytest.raises(UsageError, match="no step uses"):
        project.run(request(project), "payments", models={"architekt": "scripted/payments"})
    with pytest.raises(UsageError, match='needs the input "request"'):
        project.run("", "payments")
    assert not (project.root / ".orch").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "nothing"], 2, 'no pipeline "nothing"'),
        (["run", "payments", "--request", "empty.md"], 2, "is empty"),
        (["run", "payments", "--request", "missing.md"], 2, "No such file"),
        (["run", "payments", "--request", "request.md", "--time", "soon"], 2, "no duration"),
        (["run", "payments", "--request", "request.md", "--set", "a"], 2, "KEY=VALUE"),
        (["run", "payment"], 2, 'no pipeline "payment"; did you mean "payments"?'),
        (["resume", "nothing"], 2, "no runs yet"),
        (["cancel", "nothing"], 2, "no runs yet"),
    ],
)
def test_wrong_words_have_their_exit_code(project: Project, words: list[str], code: int, said: str) -> None:
    project.write("empty.md", "\n")
    got, _, err = orch(project, *words)
    assert (got, said in err) == (code, True), err


def test_a_run_that_stops_early_says_what_to_look_at_and_nothing_of_sandboxes(project: Project) -> None:
    words = ("run", "payments", "--request", "request.md", "--until", "plan", "--progress", "plain")
    code, out, err = orch(project, *words)
    assert code == 0, err
    name = next(line.split()[1] for line in out.splitlines() if line.startswith("run: "))
    assert err.endswith(f"look at it with: orch show {name} --step plan > plan.json\n")
    assert json.loads(orch(project, "show", name, "--step", "plan")[1])["title"] == "Payments for the shop"
    assert "sandbox" not in err + orch(project, "show")[1]


def test_resume_and_cancel_take_the_last_run_and_refuse_an_unknown_one(project: Project) -> None:
    project.run(request(project), "payments", until="plan")
    for words in (["resume"], ["resume", "last"], ["cancel"], ["cancel", "last"]):
        code, _, err = orch(project, *words)
        assert (code, 'run "run" is finished: ok' in err) == (3, True), err
    for command in ("resume", "cancel", "show", "events", "report"):
        code, _, err = orch(project, command, "nothing")
        assert (code, 'there is no run "nothing"' in err) == (2, True), err


@pytest.mark.parametrize("words", [[], ["--model", "architect=scripted/typo"], ["--agent", "scripted/typo"]])
def test_a_broken_double_is_refused_as_lint_does(project: Project, words: list[str]) -> None:
    broken = "models:\n  plan: [{jsno: 1}]\n"
    project.write("scripted/typo.yaml" if words else "scripted/payments.yaml", broken)
    code, _, err = orch(project, "run", "payments", "--request", "request.md", *words)
    assert code == 2, err
    assert f'scripted/{"typo" if words else "payments"}.yaml:2:11: error: unexpected key "jsno"' in err
    assert "did you mean" in err
    assert not (project.root / ".orch").exists()


def test_a_criterion_without_tasks_is_decomposed_alone(project: Project) -> None:
    pipeline = project.root / "pipelines" / "payments.yaml"
    text = pipeline.read_text().replace(", covers_plan]", "]")
    pipeline.write_text(text.replace("rounds: 1}", "rounds: 1, model: architect, template: validate.md.j2}"))
    script = project.root / "scripted" / "payments.yaml"
    text = script.read_text().replace("R-3, S-1]", "R-1]").replace("R-2, S-1]", "R-2]")
    text = text.replace("requirements: [R-2, R-3]}", "requirements: [R-3]}")
    answer = """
      validate/S-1:
        - expects: [A refund is in the ledger, payments_ledger]
          json:
            tasks:
              - id: payments_entry
                title: Write refunds to the ledger
                component: payments
                action: fix
                requirements: [S-1, R-3]
                outputs: [flows/entry.txt]
                spec: {kind: payment_flow, flow: entry, currency: EUR, steps: [write one negative line]}
    agents:
      payments_fix_s_1_1: [{writes: {flows/entry.txt: "flow entry\\n"}}]
    """
    script.write_text(text.replace("\nagents:\n", textwrap.dedent(answer)))
    outcome = project.run(request(project), "payments")
    assert outcome.exit_code == 0, outcome.reason
    with project.journal() as journal:
        known = {key.item: data for key, data in journal.entries("run", "published")}
    assert [task["id"] for task in known["tasks"]["tasks"]][-1] == "payments_fix_s_1_1"
    assert {row["task"]: row["status"] for row in known["results"]}["payments_fix_s_1_1"] == "verified"
    assert {row["id"]: row["status"] for row in known["verdicts"]}["S-1"] == "verified"


def test_a_task_that_is_too_large_is_decomposed_again(project: Project) -> None:
    script = project.root / "scripted" / "payments.yaml"
    text = script.read_text().replace("complexity: medium", "complexity: split")
    part = """          - id: payments_{0}
            title: Refund {0}
            component: payments
            action: create
            requirements: [R-2, S-1]
            outputs: [flows/{0}.txt]
            spec: {{kind: payment_flow, flow: {0}, currency: EUR, uses: [capture_card], max_days: 9, steps: [refund]}}
"""
    answers = f"""  decompose/payments/payments_refund:
    - expects: [Split this one task, '"max_days": 30']
      json:
        tasks:
{part.format("full")}{part.format("late")}agents:
  payments_full: [{{writes: {{flows/full.txt: "flow full\\n"}}}}]
  payments_late: [{{writes: {{flows/late.txt: "flow late\\n"}}}}]
"""
    script.write_text(text.replace("agents:\n", answers))
    outcome = project.run(request(project), "payments")
    assert outcome.exit_code == 0, outcome.reason
    with project.journal() as journal:
        known = {key.item: data for key, data in journal.entries("run", "published")}
    assert {row["task"] for row in known["results"]} == {
        "payments_capture",
        "payments_ledger",
        "payments_full",
        "payments_late",
    }


def test_a_group_may_have_an_agent_of_its_own(project: Project) -> None:
    manager = project.root / "managers" / "payments.yaml"
    groups = """groups:
  - {name: refunds, match: {keywords: [refund]}, agents: {use: [scripted/other]}}
"""
    manager.write_text(manager.read_text().replace("groups:\n", groups, 1))
    project.write(
        "scripted/other.yaml", 'agents: {payments_refund: [{writes: {flows/refund.txt: "flow by another\\n"}}]}\n'
    )
    outcome = project.run(request(project), "payments")
    assert outcome.exit_code == 0, outcome.reason
    assert (Path(outcome.workspace) / "flows" / "refund.txt").read_text() == "flow by another\n"
    agents = {str(event.data["group"]): event.data["agent"] for event in project.events("order_started")}
    assert agents == {"refunds": "scripted/other", "flows": "scripted/payments"}
    (began,) = project.events("run_started")
    assert began.data["agents"] == {"payments": "scripted/payments", "payments.refunds": "scripted/other"}


def test_a_breakdown_names_the_agent_of_each_group(project: Project) -> None:
    manager = project.root / "managers" / "payments.yaml"
    groups = "groups:\n  - {name: refunds, match: {keywords: [refund]}, agents: {use: [scripted/other]}}\n"
    manager.write_text(manager.read_text().replace("groups:\n", groups, 1))
    project.write("scripted/other.yaml", 'agents: {"*": [{}]}\n')
    flow = project.ahead(request(project), "payments").flow
    lines = [line for line in flow.splitlines() if "scripted/" in line and "." in line.split("scripted/")[0]]
    assert any("refunds" in line and "scripted/other" in line for line in lines), flow
    assert any("flows" in line and "scripted/payments" in line for line in lines), flow
