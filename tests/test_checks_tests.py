"""The tests check: cases by name, and a fault that has to be noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checking import context, task
from runner.checks import tests
from runner.checks.base import CheckOutcome
from runner.checks.derive.faults import faults
from runner.records import Task

CODE = "LONGEST = 280\n\n\ndef fits(text):\n    return len(text) <= LONGEST\n"
CASES = """from app.posts import fits
import pytest


def test_longest_fits():
    assert fits("a" * 280)


@pytest.mark.parametrize("extra", [1, 2])
def test_longer_is_refused(extra):
    assert not fits("a" * (280 + extra))
"""
MODULE = task("module", table="module", file="app/posts.py", exports=[{"name": "fits", "signature": "fits(text)"}])


def about(**changes: Any) -> Task:
    spec: dict[str, Any] = {
        "level": "unit",
        "framework": "pytest",
        "file": "tests/test_posts.py",
        "command": "python -m pytest tests/test_posts.py -q",
        "targets": ["app/posts.py"],
        "cases": [{"name": "longest_fits"}, {"name": "longer_is_refused"}],
    }
    return task("tests", table="tests", **{**spec, **changes})


async def judged(folder: Path, one: Task, cases: str = CASES, **options: Any) -> CheckOutcome:
    worktree = folder / "worktree"
    for name, text in {"app/__init__.py": "", "app/posts.py": CODE, "tests/test_posts.py": cases}.items():
        (worktree / name).parent.mkdir(parents=True, exist_ok=True)
        (worktree / name).write_text(text)
    return await tests.run(context(worktree, one, MODULE, uses="tests", options=options))


async def test_tests_that_pass_with_every_case_pass(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, about())
    named = "every case of the spec among them: longest_fits, longer_is_refused"
    assert (outcome.passed, outcome.output) == (True, f"3 tests passed, {named}")
    assert outcome.command == "python -m pytest tests/test_posts.py -q"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("280)", "281)", "1 failed"),
        ("def test_longest_fits", "def test_other", "no test is called test_longest_fits"),
        ("def test_longest_fits", "@pytest.mark.skip\ndef test_longest_fits", "test_longest_fits was skipped"),
        ("def test_", "def not_", "no tests ran"),
    ],
)
async def test_a_case_that_did_not_pass_is_red(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in CASES
    outcome = await judged(tmp_path, about(), CASES.replace(old, new))
    assert outcome.passed is False
    assert words in outcome.output


async def test_another_framework_is_judged_by_its_exit_code(tmp_path: Path) -> None:
    assert (await judged(tmp_path, about(framework="sh", command="test -f app/posts.py"))).passed
    assert (await judged(tmp_path, about(framework="sh", command="test -f gone.py"))).passed is False


async def test_a_command_that_wants_a_shell_is_refused(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, about(framework="sh", command="test -f app/posts.py; true"))
    assert (outcome.passed, outcome.exit_code) == (False, 126)
    assert "needs a shell (`;`)" in outcome.output


async def test_tests_that_notice_a_fault_pass(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, about(), fault=True)
    assert outcome.passed, outcome.output
    assert "red, as it must be, with this fault: fits of app/posts.py is gone" in outcome.output
    assert (tmp_path / "worktree" / "app" / "posts.py").read_text() == CODE


async def test_tests_that_notice_no_fault_are_red(tmp_path: Path) -> None:
    empty = "def test_longest_fits():\n    assert True\n\n\ndef test_longer_is_refused():\n    assert True\n"
    outcome = await judged(tmp_path, about(), empty, fault=True)
    assert outcome.passed is False
    assert "still green with this fault" in outcome.output


async def test_without_a_target_there_is_nothing_to_break(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, about(targets=[]), fault=True)
    assert (outcome.passed, outcome.output) == (None, "no fault could be derived from what these tests are about")


def test_a_bound_is_broken_in_every_layer_at_once(tmp_path: Path) -> None:
    endpoint = {
        "kind": "endpoint", "method": "POST", "path": "/api/posts/{id}", "file": "a.py", "responses": [{"status": 201}],
        "body": [{"name": "content", "max": 280}],
    }  # fmt: skip
    table = {
        "kind": "table",
        "table": "posts",
        "file": "b.sql",
        "columns": [{"name": "c", "check": "length(c) <= 280"}],
    }
    (tmp_path / "a.py").write_text("longest = 280  # 2800, v280\n")
    (tmp_path / "b.sql").write_text("CREATE TABLE posts (c TEXT CHECK (length(c) <= 280));\n")
    found = list(faults(tmp_path, {"targets": ["POST /api/posts/{post_id}", "posts"]}, [endpoint, table]))
    assert found[0].words == "the bound 280 becomes 2809"
    assert found[0].seed(tmp_path)
    assert (tmp_path / "a.py").read_text() == "longest = 2809  # 2800, v280\n"
    assert "<= 2809" in (tmp_path / "b.sql").read_text()
