"""Whose lines a task may remove."""

from __future__ import annotations

from runner.executors.relations import Relations
from runner.records import Assignment, Edge, Task


def task(name: str, *requirements: str, action: str = "create") -> Task:
    spec = {"kind": "text"}
    return Task(id=name, title=name, component="text", spec=spec, requirements=requirements, action=action)  # type: ignore[arg-type]


TASKS = (
    task("a", "R-1"),
    task("b", "R-2"),
    task("c", "R-3"),
    task("d", "R-4"),
    task("mend", "S-1", action="fix"),
    task("other", "S-1"),
)
EDGES = (
    Edge(before="a", after="b", why="need"),
    Edge(before="b", after="c", why="need"),
    Edge(before="d", after="c", why="after", soft=True),
)
PLAN = {"criteria": [{"id": "S-1", "text": "it works", "requirements": ["R-2"]}], "constraints": []}


def relations() -> Relations:
    return Relations(Assignment(tasks=TASKS, groups=(), edges=EDGES), PLAN)


def test_its_own_lines_and_those_of_all_that_it_needs() -> None:
    assert relations().may_remove("c", reopened=False) == {"a", "b", "c"}


def test_what_needs_it_only_when_it_was_reopened() -> None:
    assert relations().may_remove("a", reopened=False) == {"a"}
    assert relations().may_remove("a", reopened=True) == {"a", "b", "c"}


def test_a_soft_edge_is_no_need() -> None:
    assert relations().may_remove("d", reopened=True) == {"d"}


def test_a_fix_may_change_what_serves_the_requirements_of_its_criterion() -> None:
    assert relations().may_remove("mend", reopened=False) == {"mend", "b", "other"}
    assert relations().may_remove("other", reopened=False) == {"other"}


def test_without_a_plan_a_fix_has_what_its_ids_say() -> None:
    bare = Relations(Assignment(tasks=TASKS, groups=(), edges=EDGES), None)
    assert bare.may_remove("mend", reopened=False) == {"mend", "other"}
