"""What the documents say is what happens: their examples are linted and run as they stand."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from project import Project, payments
from runner.cli import orch as command

ROOT = Path(__file__).parent.parent
REQUEST = "# Refunds\n\nThe ledger knows customer funds and merchants. A refund goes to the customer within 30 days.\n"
BALANCE = 'import pathlib, sys\nsys.exit(any("wrong" in f.read_text() for f in pathlib.Path("ledger").glob("*")))\n'


def fences(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def orch(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, list(words), catch_exceptions=False)
    return result.exit_code, result.output


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with the manager of docs/managers.md, and a workspace that has the tool of its check."""
    project = payments(tmp_path / "desk")
    (project.root / "managers" / "payments.yaml").write_text(fences("docs/managers.md", "yaml")[0])
    shop = project.root / "shop"
    pipeline = project.root / "pipelines" / "payments.yaml"
    pipeline.write_text(pipeline.read_text() + "agents: {coder: [scripted/payments]}\n")
    project.write("shop/tools/balance.py", BALANCE)
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Tools"]):
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *identity, *words], cwd=shop, check=True)
    monkeypatch.chdir(project.root)
    return project


def task(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"payments_{name}",
        "title": f"Write {name}",
        "component": "payments",
        "action": "create",
        "requirements": ["R-1"],
        "outputs": [f"ledger/{name}.txt"],
        "spec": spec,
    }


def test_the_manager_of_the_documents_lints_clean(project: Project) -> None:
    assert orch("lint", "managers/payments.yaml", "--format", "text") == (0, "ok: 1 file\n")


def test_the_manager_of_the_documents_runs(project: Project) -> None:
    """With the agents of docs/doubles.md: the first refund is wrong, and the second prompt says why."""
    doubles = yaml.safe_load(fences("docs/doubles.md", "yaml")[0])
    requirement = {"id": "R-1", "text": "Refunds", "quote": "A refund goes to the customer within 30 days."}
    plan = {"title": "Refunds", "requirements": [requirement], "components": [{"name": "payments", "why": ["R-1"]}]}
    refund = {"kind": "transfer", "transfer": "refund", "from": "merchant", "to": "customer_funds", "max_days": 30}
    tasks = [
        task(name, {"kind": "account", "account": name, "currency": "EUR"}) for name in ("customer_funds", "merchant")
    ]
    agents = {one["id"]: [{"writes": {one["outputs"][0]: "account\n"}}] for one in tasks} | doubles["agents"]
    models = {"plan": [{"json": plan}], "decompose/payments": [{"json": {"tasks": [*tasks, task("refund", refund)]}}]}
    project.write("scripted/payments.yaml", json.dumps({"models": models, "agents": agents}))
    outcome = project.run(REQUEST, "payments", agent="scripted/payments", workspace=str(project.root / "shop"))
    results = {one["task"]: one for one in project.steps()["execute"]["output"]}
    assert outcome.exit_code == 0, outcome.reason
    assert {name: one["status"] for name, one in results.items()} == dict.fromkeys(results, "verified")
    assert results["payments_refund"]["attempts"] == 2


def test_the_doubles_of_the_documents_are_valid() -> None:
    schema = json.loads((ROOT / "schemas" / "scripted.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(fences("docs/doubles.md", "yaml")[0]))


def test_the_steps_of_the_documents_lint_clean(project: Project) -> None:
    steps = fences("docs/pipelines.md", "yaml")[0]
    head = "version: 1\nname: history\nmodels: {architect: [blueprint]}\nrequires: {commands: [git]}\n"
    (project.root / "pipelines" / "history.yaml").write_text(head + steps)
    assert orch("lint", "pipelines/history.yaml", "--format", "text") == (0, "ok: 1 file\n")


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))]
)
def test_commands_and_links_of_the_documents_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    said = re.findall(r"`(orch [^`\n]+)`", text) + [
        line for fence in re.findall(r"```(?:sh|console)\n(.*?)```", text, re.S) for line in fence.splitlines()
    ]
    commands = {name for line in said for name in re.findall(r"\borch ([a-z]+)", line)}
    unknown = [name for name in sorted(commands) if orch(name, "--help")[0] != 0]
    links = [
        link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (ROOT / document).parent.joinpath(link).exists()
    ]
    assert (unknown, links) == ([], [])
