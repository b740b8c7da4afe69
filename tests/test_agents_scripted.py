"""The double of an agent does what its file says, and says what its file lacks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.agents import scripted
from runner.agents.base import AgentModule, Turn, TurnResult
from runner.errors import StepFailed, Transient
from runner.records import Finished, Request, Task
from runner.sandbox import Sandbox

TASK = Task(id="db_posts", title="Posts", component="db", spec={"kind": "table"})
MODULE: AgentModule = scripted


def script(root: Path, *acts: dict[str, Any], name: str = "db_posts") -> None:
    (root / "scripted").mkdir(exist_ok=True)
    (root / "scripted/double.yaml").write_text(json.dumps({"agents": {name: acts}}))


def turn(root: Path, **fields: Any) -> Turn:
    worktree = root / "worktree"
    worktree.mkdir(exist_ok=True)

    async def run_command(argv: tuple[str, ...], **options: Any) -> Finished:
        return await Sandbox.choose("none").run(argv, cwd=worktree, **options)

    told = Turn(
        address="execute/db_posts",
        prompt="Make the table posts.",
        worktree=worktree,
        root=root,
        request=Request(text=""),
        task=TASK,
        emit=lambda kind, subject, data: None,
        run_command=run_command,
    )
    return replace(told, **fields)


async def act(root: Path, **fields: Any) -> TurnResult:
    return await scripted.open_agent("double", {}, root).turn(turn(root, **fields))


async def test_it_writes_edits_deletes_and_says(tmp_path: Path) -> None:
    script(
        tmp_path,
        {
            "writes": {"db/posts.sql": "CREATE TABLE posts;", "old.sql": "x"},
            "edits": {"db/posts.sql": {"posts;": "posts (id);"}},
            "deletes": ["old.sql"],
            "says": "made it",
        },
    )
    result = await act(tmp_path)
    assert (result.outcome, result.said) == ("done", "made it")
    assert (tmp_path / "worktree/db/posts.sql").read_text() == "CREATE TABLE posts (id);"
    assert not (tmp_path / "worktree/old.sql").exists()


async def test_each_attempt_has_its_entry_and_the_last_one_stays(tmp_path: Path) -> None:
    script(tmp_path, {"says": "one"}, {"says": "two"})
    said = [(await act(tmp_path, attempt=number)).said for number in (1, 2, 3)]
    assert said == ["one", "two", "two"]
    assert (await act(tmp_path, attempt=1, round=1)).said == "two"


async def test_it_notes_its_starts_outside_the_worktree(tmp_path: Path) -> None:
    script(tmp_path, {"appends": {"logs/starts": "{task} {attempt} {round} {address}"}, "exit": 1})
    for attempt in (1, 2):
        await act(tmp_path, attempt=attempt)
    lines = (tmp_path / "logs/starts").read_text().splitlines()
    assert lines == ["db_posts 1 0 execute/db_posts", "db_posts 2 0 execute/db_posts"]


async def test_an_exit_other_than_0_is_a_failure(tmp_path: Path) -> None:
    script(tmp_path, {"exit": 3})
    result = await act(tmp_path)
    assert (result.outcome, result.reason) == ("failed", "scripted to end with 3")


async def test_a_prompt_that_lacks_a_text_fails_the_turn_before_it_writes(tmp_path: Path) -> None:
    script(tmp_path, {"expects": ["table posts", "ON DELETE CASCADE"], "writes": {"x": "y"}})
    result = await act(tmp_path)
    assert (result.outcome, result.reason) == ("failed", "the prompt does not hold 'ON DELETE CASCADE'")
    assert not (tmp_path / "worktree/x").exists()
    assert (await act(tmp_path, prompt="table posts ON DELETE CASCADE")).outcome == "done"


async def test_its_commands_run_in_the_worktree_until_one_fails(tmp_path: Path) -> None:
    script(tmp_path, {"runs": [["sh", "-c", "echo made > made"], ["sh", "-c", "echo no; exit 4"], ["touch", "later"]]})
    result = await act(tmp_path)
    assert (result.outcome, result.reason) == ("failed", "sh ended with 4: no\n")
    assert [path.name for path in (tmp_path / "worktree").iterdir()] == ["made"]


async def test_a_transient_failure_is_raised(tmp_path: Path) -> None:
    script(tmp_path, {"transient": True, "says": "busy"})
    with pytest.raises(Transient, match="busy"):
        await act(tmp_path)


async def test_a_session_goes_on(tmp_path: Path) -> None:
    script(tmp_path, {}, name="*")
    first = await act(tmp_path)
    assert first.session
    assert (await act(tmp_path, session=first.session)).session == first.session


async def test_a_task_that_the_script_does_not_know(tmp_path: Path) -> None:
    script(tmp_path, {}, name="other")
    with pytest.raises(StepFailed, match='no entry for "db_posts"'):
        await act(tmp_path)


def test_it_is_ready_when_its_file_is_right(tmp_path: Path) -> None:
    script(tmp_path, {"delay": "20ms"})
    assert scripted.ready("double", {}, tmp_path, False) == ""
    assert scripted.SPENDS is False
    assert scripted.fits((TASK,), Request(text=""), None) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no scripted/double.yaml"),
        ("models: {plan: [{json: 1}]}", 'has no "agents:"'),
        ("agents:\n  db_posts:\n    - {write: {a: b}}\n", "scripted/double.yaml:3: "),
        ("agents:\n  db_posts:\n    - {delay: soon}\n", "scripted/double.yaml:3: "),
        ("agents: [\n", "scripted/double.yaml"),
    ],
)
def test_what_is_wrong_with_its_file_is_said(tmp_path: Path, text: str | None, said: str) -> None:
    (tmp_path / "scripted").mkdir()
    if text is not None:
        (tmp_path / "scripted/double.yaml").write_text(text)
    assert said in scripted.ready("double", {}, tmp_path, False)
