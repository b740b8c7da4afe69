"""Every fault that follows from chirp's specs turns the requirements red that it breaks.

The built-in agent renders the golden tasks once. Then each fault is put into a copy, the checks of the task that owns
the file run again, and the verdicts are made again. Faults in endpoints that do not touch each other share a server.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from checking import CHIRP, ROOT, build, golden, judge
from runner.blueprint.rendering.mutants import Mutant, mutants
from runner.blueprint.rendering.pack import load_pack
from runner.checks.base import CheckOutcome
from runner.managing.verdicts import verdicts
from runner.records import Evidence, Plan, TaskResult, from_json

TASKS = golden()
PLAN = from_json(Plan, json.loads((CHIRP / "plan.json").read_text()))
MUTANTS = mutants(load_pack("webapp", ROOT), TASKS.values())
KINDS = ("table", "index", "endpoint", "module", "ui_component")
ENDPOINTS = [one for one in MUTANTS if TASKS[one.task].kind == "endpoint"]
SHARED = [one for one in ENDPOINTS if not {"issues", "stream"} & TASKS[one.task].spec.keys()]


def rounds() -> Iterator[tuple[Mutant, ...]]:
    """Faults to seed together: at most one for each endpoint; whatever others depend on stands alone."""
    by_task: dict[str, list[Mutant]] = {}
    for one in SHARED:
        by_task.setdefault(one.task, []).append(one)
    for place in range(max(len(found) for found in by_task.values())):
        yield tuple(found[place] for found in by_task.values() if place < len(found))
    yield from ((one,) for one in MUTANTS if one not in SHARED)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chirp") / "worktree"
    folder.mkdir()
    asyncio.run(build(folder, TASKS))
    return folder


def failed(outcomes: dict[str, CheckOutcome]) -> set[str]:
    """The requirements, constraints and criteria that fail when these tasks end so, and all others well."""
    results = [_result(name, outcomes.get(name)) for name in TASKS]
    return {verdict.id for verdict in verdicts(PLAN, TASKS.values(), results) if verdict.status == "failed"}


def _result(name: str, outcome: CheckOutcome | None) -> TaskResult:
    if outcome is None or outcome.passed is None:
        return TaskResult(task=name, status="unverified")
    one = Evidence(name=name, command=outcome.command, exit_code=outcome.exit_code, passed=outcome.passed)
    return TaskResult(task=name, status="verified" if outcome.passed else "failed", checks=(one,))


async def test_without_a_fault_nothing_fails(built: Path) -> None:
    outcomes = await judge(built, TASKS, [name for name, task in TASKS.items() if task.kind in KINDS])
    assert {name: one.output for name, one in outcomes.items() if not one.passed} == {}
    assert failed(outcomes) == set()


def test_every_requirement_has_faults() -> None:
    served = {name for one in MUTANTS for name in one.requirements}
    wanted = {one.id for one in (*PLAN.requirements, *PLAN.constraints, *PLAN.criteria)}
    assert wanted <= served


@pytest.mark.parametrize("together", tuple(rounds()), ids=lambda together: together[0].name)
async def test_a_fault_fails_its_requirements(built: Path, together: Iterable[Mutant], tmp_path: Path) -> None:
    folder = tmp_path / "worktree"
    shutil.copytree(built, folder, ignore=shutil.ignore_patterns("__pycache__", "data"))
    assert [one.name for one in together if not one.apply(folder)] == [], "these faults found no place"
    outcomes = await judge(folder, TASKS, [one.task for one in together])
    survived = [one.name for one in together if outcomes[one.task].passed is not False]
    assert survived == []
    assert {name for one in together for name in one.requirements if name[0] in "RCS"} <= failed(outcomes)
