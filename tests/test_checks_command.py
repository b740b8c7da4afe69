"""Checks that run a command, and rubrics, which run nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checking import ROOT, context, task
from runner.checks import command, rubric
from runner.checks.base import CheckOutcome, with_env
from runner.errors import StepFailed


async def judged(folder: Path, fields: dict[str, Any]) -> CheckOutcome:
    worktree = folder / "worktree"
    worktree.mkdir()
    (worktree / "here.txt").write_text("here")
    found = context(worktree, task(table="users", file="a b.sql"), **fields)
    return await command.run(replace(found, check=with_env(found.check, found.task, {"KEY": "very secret"})))


@pytest.mark.parametrize(
    ("fields", "passed", "code"),
    [
        ({"run": ("cat", "here.txt")}, True, 0),
        ({"run": ("cat", "gone.txt")}, False, 1),
        ({"shell": "exit 3"}, False, 3),
        ({"shell": "exit 3", "exit": (0, 3)}, True, 3),
        ({"shell": "exit 3", "exit": ()}, True, 3),
        ({"shell": "exit 0", "exit": ()}, False, 0),
        ({"shell": "no-such-program", "exit": ()}, False, 127),
        ({"shell": 'test "$A" = 1', "env": {"A": "1"}}, True, 0),
        ({"shell": 'test "$A" = "very secret"', "env": {"A": "{{ secrets.KEY }}"}}, True, 0),
    ],
)
async def test_the_exit_code_decides(tmp_path: Path, fields: dict[str, Any], passed: bool, code: int) -> None:
    outcome = await judged(tmp_path, fields)
    assert (outcome.passed, outcome.exit_code) == (passed, code)


async def test_a_command_that_takes_too_long_has_not_passed(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, {"run": ("sleep", "30"), "exit": (), "timeout": 0.2})
    assert outcome.passed is False
    assert "stopped after 0.2 s, its time limit" in outcome.output


async def test_values_of_the_task_stay_one_word(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, {"run": ("printf", "%s|", "{{ task.spec.file }}", "x")})
    assert (outcome.output, outcome.command) == ("a b.sql|x|", "printf '%s|' 'a b.sql' x")


async def test_values_of_the_task_reach_a_shell_by_its_environment(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, {"shell": 'printf %s "$FILE"', "env": {"FILE": "{{ task.spec.file }}"}})
    assert outcome.output == "a b.sql"


@pytest.mark.parametrize(
    ("written", "passed", "said"),
    [
        ("printf '%s|' \"a b\" '$HOME' `x` *", True, "a b|$HOME|`x`|*|"),
        ("A=1 printenv A", True, "1"),
        ("printf x && printf y", False, "needs a shell (`&&`)"),
        ("printf x > here.txt", False, "needs a shell (`>`)"),
        ("printf 'x", False, "No closing quotation"),
        ("", False, "the command is empty"),
    ],
)
async def test_a_command_of_the_spec_is_words_that_no_shell_reads(
    tmp_path: Path, written: str, passed: bool, said: str
) -> None:
    found = context(tmp_path, task(table="users", command=written), uses="command")
    outcome = await command.run(found)
    assert outcome.passed is passed
    assert said in outcome.output


def test_no_shipped_manager_evaluates_text() -> None:
    texts = [path.read_text() for path in sorted((ROOT / "managers").glob("*.yaml"))]
    assert texts
    assert [text for text in texts if re.search(r"\beval\b|\bsh -c\b", text)] == []


async def test_a_rubric_is_no_evidence_and_says_so(tmp_path: Path) -> None:
    one = context(tmp_path, task(table="users"), uses="rubric", options={"asks": ["Is it kind?"]})
    outcome = await rubric.run(one)
    assert outcome.passed is None
    assert "no model judges rubrics" in outcome.output
    assert "Is it kind?" in outcome.output


async def test_values_of_the_task_that_are_no_text_are_written_as_json(tmp_path: Path) -> None:
    values = {"on": True, "names": ["a", "b"]}
    found = context(tmp_path, task(**values), run=("printf", "%s|", "{{ task.spec.on }}", "{{ task.spec.names }}"))
    assert (await command.run(found)).output == 'true|["a", "b"]|'


@pytest.mark.parametrize(
    "run",
    [
        ("printf", "{{ task.spec.x }}"),
        ("printf", " {{ task.spec.x }} "),
        ("printf", "-{{ task.spec.x }}"),
        ("{{ task.spec.x }}",),
        ("./{{ task.id }}",),
    ],
)
async def test_no_value_of_the_task_becomes_an_option_or_the_program(tmp_path: Path, run: tuple[str, ...]) -> None:
    with pytest.raises(StepFailed):
        await command.run(context(tmp_path, task(x="--help"), run=run))


@pytest.mark.parametrize("run", [("printf", "%s", "--", "{{ task.spec.x }}"), ("printf", "--x={{ task.spec.x }}")])
async def test_behind_two_dashes_and_an_equals_sign_any_value_may_stand(tmp_path: Path, run: tuple[str, ...]) -> None:
    outcome = await command.run(context(tmp_path, task(x="--help"), run=run))
    assert "Usage" not in outcome.output
