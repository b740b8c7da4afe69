"""Every finding of the catalogue: a file that has it and only it (the exact lines beside it), and a clean one."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from runner.api.lint import lint
from runner.records import Problem
from runner.records.catalogue import CATALOGUE
from runner.registry import FILE_RULES

HERE = Path(__file__).parent
PROJECT = HERE / "project"
SHOWN = sorted(folder.name for folder in HERE.iterdir() if (folder / "bad.yaml").exists())


def found_in(file: Path) -> list[Problem]:
    return lint(PROJECT, [file]).problems


def line(problem: Problem) -> str:
    assert problem.position is not None
    place = f"{problem.position.line}:{problem.position.column}"
    return f"{place}: {problem.severity}: {problem.message} [{problem.rule} {problem.name}]"


@pytest.mark.parametrize("rule", SHOWN)
def test_the_bad_file_has_exactly_these_findings(rule: str) -> None:
    problems = found_in(HERE / rule / "bad.yaml")
    assert [line(problem) for problem in problems] == (HERE / rule / "bad.out").read_text().splitlines()


@pytest.mark.parametrize("rule", SHOWN)
def test_the_bad_file_breaks_no_other_rule_and_says_what_to_do(rule: str) -> None:
    problems = found_in(HERE / rule / "bad.yaml")
    assert {problem.rule for problem in problems} == {rule}
    assert all(problem.hint and problem.severity == CATALOGUE[rule][1] for problem in problems)


@pytest.mark.parametrize("rule", SHOWN)
def test_the_good_file_is_clean(rule: str) -> None:
    assert found_in(HERE / rule / "good.yaml") == []


def test_every_finding_of_the_catalogue_is_shown() -> None:
    assert set(CATALOGUE) - set(SHOWN) == {"ORC000"}, "ORC000 is a fault of orch itself"


@pytest.mark.parametrize("name", FILE_RULES.names())
def test_a_module_of_rules_documents_what_it_finds(name: str) -> None:
    page = importlib.import_module(FILE_RULES.modules[name]).__doc__ or ""
    told = [word.rstrip(",:") for word in page.split() if word.rstrip(",:") in CATALOGUE]
    assert told, "its docstring starts with the ids of its findings"
    assert all(CATALOGUE[rule][0] in page for rule in told)
    assert "Bad:" in page
    assert "Good:" in page


def test_what_is_shipped_is_clean() -> None:
    root = HERE.parent.parent
    assert [line(problem) for problem in lint(root).problems] == []
