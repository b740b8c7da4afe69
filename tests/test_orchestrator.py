"""The Python front door: one object, one function, the same runs as the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import runner
from runner.errors import CannotStart, UsageError
from runner.journal import Journal

PIPELINE = """
version: 1
name: ask
inputs: {request: {type: markdown}}
models: {writer: [scripted/double]}
steps:
  say: {uses: prompt, with: {model: writer, prompt: "{{ request }}"}}
outputs: {said: steps.say.output}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    script = {"models": {"say": [{"expects": ["The stack is FastAPI.", "- Loans end", "Books"], "text": "yes"}]}}
    for path, text in {"pipelines/ask.yaml": PIPELINE, "scripted/double.yaml": json.dumps(script)}.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def desk(root: Path, **changes: object) -> runner.Orchestrator:
    said: dict[str, object] = {
        "task_id": "Desk 1",
        "title": "Lending desk",
        "description": "Books are lent.",
        "context": {"tech_stack": "FastAPI", "requirements": ["Loans end after 30 days"]},
        "config": {"max_agent_depth": 2, "timeout_minutes": 5},
        "pipeline": "ask",
        "root": root,
    }
    return runner.Orchestrator(**{**said, **changes})  # type: ignore[arg-type]


async def test_it_runs_and_reports(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report = await desk(root).execute(verbose=True)
    assert (report.run, report.status, report.exit_code) == ("desk-1", "ok", 0)
    assert report.data["run"] == "desk-1"
    assert report.files["html"].read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "step say ok" in capfd.readouterr().err


async def test_what_is_asked_in_the_context_reaches_the_prompt(root: Path) -> None:
    # The double fails unless the prompt holds stack and requirement.
    assert (await desk(root).execute()).exit_code == 0
    assert (await desk(root, task_id="other", context={}).execute()).exit_code == 1


async def test_a_finished_task_id_is_refused(root: Path) -> None:
    await desk(root).execute()
    with pytest.raises(CannotStart, match="desk-1"):
        await desk(root).execute()


async def test_unknown_keys_are_refused(root: Path) -> None:
    with pytest.raises(UsageError, match="max_depth"):
        desk(root, config={"max_depth": 3})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config": {"max_agent_depth": 0}}, "max_agent_depth"),
        ({"config": {"timeout_minutes": "soon"}}, "timeout_minutes"),
        ({"context": {"requirements": "Loans end"}}, "list of texts"),
    ],
)
def test_values_that_would_mean_nothing_are_refused(root: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        desk(root, **changes)


async def test_an_unfinished_task_id_goes_on_with_its_own_request_only(root: Path) -> None:
    await desk(root).execute()
    with Journal.open(root / ".orch" / "journal.db") as journal:
        journal.update_run("desk-1", status="interrupted")
    with pytest.raises(CannotStart, match="another request"):
        await desk(root, description="Games are lent.").execute()
    assert (await desk(root).execute()).status == "ok"


def test_run_is_the_same_as_a_function(root: Path) -> None:
    text = "# Books\n\nBooks are lent.\n\nThe stack is FastAPI.\n\n- Loans end\n"
    assert runner.run("ask", text, root=root).status == "ok"
    (root / "spec.md").write_text(text, encoding="utf-8")
    assert runner.run("ask", root / "spec.md", root=root).exit_code == 0


def test_importing_it_is_light() -> None:
    assert runner.__all__ == ["Orchestrator", "Report", "run"]
    with pytest.raises(AttributeError, match="nothing"):
        runner.nothing  # noqa: B018
