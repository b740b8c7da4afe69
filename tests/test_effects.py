"""What is written in YAML has its effect: the keys that nothing else shows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from project import Project, payments
from runner.api.lint import lint
from runner.errors import UsageError


def request(project: Project) -> str:
    return (project.root / "request.md").read_text()


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.example")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def with_check(tmp_path: Path, check: str, more: str = "") -> Project:
    """The payments project with one more check of its manager."""
    project = payments(tmp_path / "project")
    path = project.root / "managers" / "payments.yaml"
    path.write_text(path.read_text().replace("checks:\n", f"{more}checks:\n  - {check}\n"))
    return project


TOKEN = """{name: token, shell: 'test "$TOKEN" = "very secret"', env: {TOKEN: "{{ secrets.TOKEN }}"}}"""


def test_a_secret_reaches_the_check_that_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "very secret")
    project = with_check(tmp_path, TOKEN, "requires: {secrets: [TOKEN]}\n")
    outcome = project.run(request(project), "payments")
    assert outcome.exit_code == 0, outcome.reason
    passed = {(event.data["name"], event.data["passed"]) for event in project.events("check_finished")}
    assert ("token", True) in passed


@pytest.mark.parametrize(
    ("check", "rule"),
    [(TOKEN, "ORC313"), ('{name: token, run: [echo, "{{ secrets.TOKEN }}"]}', "ORC315")],
)
def test_a_secret_of_a_check_is_declared_and_stands_in_its_env(tmp_path: Path, check: str, rule: str) -> None:
    project = with_check(tmp_path, check)
    (problem,) = lint(project.root, [project.root / "managers" / "payments.yaml"]).problems
    assert (problem.rule, problem.pointer.startswith("/checks/0/")) == (rule, True)
    assert problem.position is not None
    assert problem.position.path == "managers/payments.yaml"


def test_a_command_that_names_the_task_is_run_for_each_task(tmp_path: Path) -> None:
    project = with_check(tmp_path, '{name: mine, run: [test, "{{ task.id }}", "!=", payments_ledger], at: [merge]}')
    outcome = project.run(request(project), "payments")
    failed = {event.subject for event in project.events("check_finished") if not event.data["passed"]}
    assert (outcome.exit_code, "payments_ledger" in failed, "payments_capture" in failed) == (1, True, False)


@pytest.mark.parametrize(("wanted", "code"), [("one", 0), ("two", 1)])
def test_the_env_of_an_agent_step_is_that_of_its_commands(tmp_path: Path, wanted: str, code: int) -> None:
    project = Project(tmp_path)
    project.write("scripted/a.yaml", f"agents: {{look: [{{runs: [[sh, -c, 'test \"$SAID\" = {wanted}']]}}]}}\n")
    project.pipeline("look: {uses: agent, with: {agent: scripted/a, prompt: Look., env: {SAID: one}}}")
    assert project.run().exit_code == code


def test_the_attempts_of_an_agent_step_may_stand_in_its_limits(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("scripted/a.yaml", "agents: {look: [{exit: 1}, {says: found}]}\n")
    project.pipeline("look: {uses: agent, limits: {attempts: 2}, with: {agent: scripted/a, prompt: Look.}}")
    assert project.run().exit_code == 0


@pytest.mark.parametrize(("command", "status"), [("test -f flows/ledger.txt", "ok"), ("test -f flows/none", "failed")])
def test_the_checks_of_validate_judge_the_whole(tmp_path: Path, command: str, status: str) -> None:
    project = payments(tmp_path / "project")
    path = project.root / "pipelines" / "payments.yaml"
    path.write_text(path.read_text().replace("rounds: 1", f"rounds: 1, checks: [{{name: whole, run: {command}}}]"))
    outcome = project.run(request(project), "payments")
    assert (outcome.exit_code, project.statuses()["validate"]) == (0 if status == "ok" else 1, status)
    assert project.steps()["validate"]["output"]["verdicts"]


def test_a_depth_of_the_step_counts_before_that_of_the_run(tmp_path: Path) -> None:
    project = Project(tmp_path)
    answers = {
        address: json.dumps({"tasks": [large(task)]}) for address, task in (("plan", "a_b"), ("plan/a_b", "a_c"))
    }
    said = ", ".join(f"{address}: [{{json: {answer}}}]" for address, answer in answers.items())
    project.write("scripted/m.yaml", f"models: {{{said}}}\n")
    ask = "model: scripted/m, prompt: Go., schema: tasks.schema.json"
    project.pipeline(f"plan: {{uses: prompt, limits: {{depth: 1}}, with: {{{ask}}}}}", "limits: {depth: 3}\n")
    assert project.run().exit_code == 0
    assert [event.subject for event in project.events("ask_finished")] == ["plan", "plan/a_b"]


def large(name: str) -> dict[str, Any]:
    about = {
        "title": "Build all of it",
        "component": "a",
        "action": "create",
        "outputs": ["a"],
        "requirements": ["R-1"],
    }
    return {"id": name, **about, "complexity": "split", "spec": {"kind": "k"}}


@pytest.mark.parametrize(
    ("clean", "edited", "refused"), [("true", True, True), ("true", False, False), ("false", True, False)]
)
def test_a_workspace_that_must_be_clean_is(tmp_path: Path, clean: str, edited: bool, refused: bool) -> None:
    place = tmp_path / "shop"
    place.mkdir()
    (place / "a.txt").write_text("one\n")
    git(place, "init", "-q")
    git(place, "add", ".")
    git(place, "commit", "-qm", "one")
    if edited:
        (place / "a.txt").write_text("two\n")
    project = Project(tmp_path / "project")
    project.pipeline('a: {uses: command, with: {shell: "true"}}', f"workspace: {{clean: {clean}}}\n")
    if not refused:
        assert project.run(workspace=str(place)).exit_code == 0
        return
    with pytest.raises(UsageError, match=r"not committed: a\.txt"):
        project.run(workspace=str(place))
