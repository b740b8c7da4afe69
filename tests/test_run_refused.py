"""What the blueprint cannot serve is refused at `execute`: exit 3, the reason, the plan, and no workspace."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from project import Project
from runner.errors import CannotStart, UsageError

REQUESTS = {
    "command_line": "# rename\n\nA command-line tool in Python that renames files by a pattern.\n",
    "game": "# Snake\n\nA game of snake in the terminal. The snake grows with each apple it eats.\n",
    "library": "# fastmap\n\nA Rust library with a concurrent hash map. Publish it as a crate.\n",
    "training": "# Train\n\nTrain a model that classifies cats and dogs, and reports its accuracy.\n",
    "images": "Train a model that classifies images.",
    "phone": "# Notes\n\nAn iOS app in Swift to write notes. It works without a network.\n",
    "static": "# Page\n\nA static page about our bakery, with no backend. It shows opening hours.\n",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_misfit_is_refused_with_its_reason_and_plan(tmp_path: Path, name: str) -> None:
    project = Project(tmp_path)
    outcome = project.run(REQUESTS[name], "fullstack", offline=True)
    assert (outcome.exit_code, isinstance(outcome.error, CannotStart)) == (3, True), outcome.reason
    assert outcome.reason
    assert "requirements" in outcome.flow
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", REQUESTS)
def test_breakdown_prints_for_a_misfit(tmp_path: Path, name: str) -> None:
    outcome = Project(tmp_path).ahead(REQUESTS[name], "fullstack", offline=True)
    assert "requirements" in outcome.flow
    assert not list(tmp_path.iterdir())


def test_a_required_sandbox_that_does_not_work_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tools))
    project = Project(tmp_path / "project")
    project.pipeline('a: {uses: command, with: {shell: "true"}}')
    with pytest.raises(CannotStart, match="sandbox"):
        project.run(sandbox="required")
    assert not (project.root / "out").exists()
    assert not (project.root / ".orch").exists()


@pytest.mark.parametrize(
    ("head", "steps", "said"),
    [
        ("", "a: {uses: approve, with: {text: Go on?}}", "approve"),
        ("environment: {prepare: [make]}\n", 'a: {uses: command, with: {shell: "true"}}', "environment"),
    ],
)
def test_what_comes_later_is_refused_and_never_ignored(tmp_path: Path, head: str, steps: str, said: str) -> None:
    project = Project(tmp_path)
    project.pipeline(steps, head)
    with pytest.raises(CannotStart, match=said):
        project.run()
    assert not (tmp_path / ".orch").exists()


@pytest.mark.parametrize(
    ("repository", "place", "said"),
    [
        ("existing", "", "works in an existing repository"),
        ("existing", "empty", "works in an existing repository"),
        ("new", "full", "wants a new workspace"),
        ("any", "full", "is no git repository"),
    ],
)
def test_an_unfit_workspace_is_refused_before_anything_is_made(
    tmp_path: Path, repository: str, place: str, said: str
) -> None:
    project = Project(tmp_path)
    (tmp_path / "empty").mkdir()
    project.write("full/file.txt", "mine\n")
    project.pipeline('a: {uses: command, with: {shell: "true"}}', f"workspace: {{repository: {repository}}}\n")
    with pytest.raises(UsageError, match=said):
        project.run(workspace=str(tmp_path / place) if place else "")
    assert not (tmp_path / ".orch").exists()


def test_an_existing_repository_is_worked_on_in_a_branch_of_its_own(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("mine/file.txt", "mine\n")
    for words in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-q", "-m", "mine"]):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *words], cwd=tmp_path / "mine", check=True)
    project.pipeline('a: {uses: command, with: {shell: "cat file.txt > copy.txt", owns: [copy.txt]}}')
    outcome = project.run(workspace=str(tmp_path / "mine"))
    assert outcome.exit_code == 0, outcome.reason
    assert [path.name for path in (tmp_path / "mine").iterdir() if path.name != ".git"] == ["file.txt"]
    shown = subprocess.run(
        ["git", "show", "orch/run/main:copy.txt"], cwd=tmp_path / "mine", check=True, capture_output=True, text=True
    )
    assert shown.stdout == "mine\n"


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize(
    ("steps", "until"),
    [
        ("a: {uses: prompt, with: {model: [none], prompt: x}}", ""),
        ("a: {uses: command, with: {run: ['true']}}", ""),
        (
            "a: {uses: prompt, with: {model: [none], prompt: x}}\nb: {uses: agent, with: {agent: [none], prompt: x}}",
            "a",
        ),
    ],
)
def test_an_agent_that_would_have_nothing_to_do_is_refused(tmp_path: Path, steps: str, until: str, dry: bool) -> None:
    project = Project(tmp_path / "p")
    project.pipeline(steps.replace("[none]", "scripted/m"))
    project.write("scripted/m.yaml", "models: {a: [{text: ok}]}\nagents: {b: [{says: ok}]}\n")
    with pytest.raises(UsageError, match="no step of this run gives work to an agent"):
        (project.ahead if dry else project.run)(agent="scripted/m", until=until)
