"""Limits on cost and tokens: of the run, of a step, of a manager; what agents use counts like what models use."""

from __future__ import annotations

from pathlib import Path

import pytest

from project import Project, payments

USED = ', usage: {input: 900, output: 100, cost_usd: 0.5}, appends: {starts.log: "{task} {attempt}"}'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = payments(tmp_path / "project")
    script = project.root / "scripted" / "payments.yaml"
    script.write_text(script.read_text().replace(', appends: {starts.log: "{task} {attempt}"}', USED))
    return project


def limited(project: Project, file: str, before: str, limits: str) -> None:
    """Puts `limits` behind the text `before` of a file."""
    path = project.root / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, before + limits, 1))


def started(project: Project) -> int:
    return len((project.root / "starts.log").read_text().splitlines())


def request(project: Project) -> str:
    return (project.root / "request.md").read_text()


ABOUT = "description: Providers, flows of money and the ledger.\n"


@pytest.mark.parametrize(
    ("file", "before", "limits", "said"),
    [
        ("pipelines/payments.yaml", "limits: {", "cost_usd: 0.9, ", "$1.00 are spent, the limit is $0.90"),
        ("pipelines/payments.yaml", "  execute: {", "limits: {tokens: 1900}, ", 'step "execute": 2000 tokens'),
        ("managers/payments.yaml", ABOUT, "limits: {tokens: 1900}\n", 'manager "payments": 2000 tokens'),
        ("managers/payments.yaml", ABOUT, "limits: {cost_usd: 0.8}\n", 'manager "payments": $1.00 are'),
    ],
)
def test_turns_of_agents_count(project: Project, file: str, before: str, limits: str, said: str) -> None:
    limited(project, file, before, limits)
    outcome = project.run(request(project), "payments")
    assert (outcome.exit_code, said in outcome.reason) == (4, True), outcome.reason
    assert started(project) == 2


def test_what_was_spent_before_a_stop_counts_after_it(project: Project) -> None:
    limited(project, "managers/payments.yaml", ABOUT, "limits: {tokens: 1900}\n")
    assert project.run(request(project), "payments").exit_code == 4
    outcome = project.resume()
    assert (outcome.exit_code, 'manager "payments": 2000 tokens' in outcome.reason) == (4, True), outcome.reason
    assert started(project) == 2


def test_a_step_asks_within_its_own_limit(project: Project) -> None:
    limited(project, "pipelines/payments.yaml", "    retry: 2\n", "    limits: {tokens: 1000}\n")
    outcome = project.run(request(project) + "\nAll of it is in EUR.\n" * 300, "payments")
    assert (outcome.exit_code, 'step "plan": ' in outcome.reason) == (4, True), outcome.reason
    assert not list(project.events("item_started"))


def test_an_agent_step_counts_too_and_the_report_says_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("scripted/a.yaml", "agents: {look: [{exit: 1, usage: {input: 1500, cost_usd: 0.25}}]}\n")
    project.pipeline(
        "look: {uses: agent, limits: {tokens: 1400, attempts: 3}, with: {agent: scripted/a, prompt: Look.}}"
    )
    outcome = project.run()
    assert (outcome.exit_code, 'step "look": 1500 tokens' in outcome.reason) == (4, True), outcome.reason
    assert [event.data["usage"]["cost_usd"] for event in project.events("turn_finished")] == [0.25]
