"""Which manager and group a task gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from managing import backend, database, endpoint, index, managers, table
from runner.managing.globs import matches as glob_matches
from runner.managing.globs import overlap
from runner.managing.select import Choice, choose, matches
from runner.records import Manager, Match


def manager(name: str, *handles: Match) -> Manager:
    return Manager(name=name, description="", handles=handles)


def test_a_declared_kind_wins_over_everything_else() -> None:
    greedy = manager("greedy", Match(components=("database",), actions=("create",), outputs=("migrations/*",)))
    choice = choose(table("users"), managers(greedy, database()))
    assert choice == Choice(
        manager="database",
        group="table_creation",
        why="kind table",
        rule=1,
        also=("greedy (component database, action create, output migrations/users.sql)",),
    )


def test_more_typed_keys_win_over_fewer_and_over_the_order_of_managers() -> None:
    one = manager("one", Match(components=("backend",)))
    two = manager("two", Match(components=("backend",), actions=("create",)))
    task = endpoint("GET", "/x", "x")
    assert choose(task, managers(one, two)).manager == "two"  # type: ignore[union-attr]
    assert choose(replace(task, action="fix"), managers(one, two)).manager == "one"  # type: ignore[union-attr]


def test_a_typed_key_wins_over_keywords() -> None:
    words = manager("words", Match(keywords=("implement", "get")))
    typed = manager("typed", Match(components=("backend",)))
    choice = choose(endpoint("GET", "/x", "x"), managers(words, typed))
    assert choice is not None
    assert (choice.manager, choice.also) == ("typed", ('words (keyword "implement")',))


def test_ties_go_by_the_order_of_the_pipeline() -> None:
    one, two = manager("one", Match(components=("backend",))), manager("two", Match(components=("backend",)))
    task = endpoint("GET", "/x", "x")
    assert choose(task, managers(one, two)).manager == "one"  # type: ignore[union-attr]
    assert choose(task, managers(two, one)).manager == "two"  # type: ignore[union-attr]


def test_a_task_nobody_takes_has_no_choice() -> None:
    assert choose(endpoint("GET", "/x", "x"), managers(manager("m", Match(kinds=("page",))))) is None


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(kinds=("index", "table")), True),
        (Match(kinds=("table",), actions=("change",)), False),
        (Match(keywords=("tab",)), True),
        (Match(keywords=("able",)), False),
        (Match(keywords=("USERS T",)), True),
        (Match(outputs=("migrations/**",)), True),
        (Match(outputs=("app/**",)), False),
        (Match(outputs=("*.sql",)), False),
        (Match(), True),
    ],
)
def test_every_key_must_hold_and_one_entry_of_it_is_enough(match: Match, fits: bool) -> None:
    assert matches(match, table("users")) is fits


def test_groups_take_the_first_match_and_the_last_takes_the_rest() -> None:
    them = managers(database(), backend())
    groups = [choose(task, them).group for task in (table("a"), index("b", "a"), table("c", action="change"))]  # type: ignore[union-attr]
    assert groups == ["table_creation", "indexes_and_constraints", "migrations_and_queries"]


def test_a_manager_without_groups_has_one() -> None:
    choice = choose(endpoint("GET", "/x", "x"), managers(manager("m", Match(components=("backend",)))))
    assert (choice.group, choice.rule) == ("tasks", 1)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("app/*.py", "app/main.py", True),
        ("app/*.py", "app/routes/main.py", False),
        ("app/**", "app/routes/main.py", True),
        ("**/*.py", "main.py", True),
        ("**/*.py", "a/b/main.py", True),
        ("a?.txt", "ab.txt", True),
        ("a?.txt", "a/.txt", False),
        ("[!a]b", "ab", False),
        ("[!a]b", "cb", True),
        ("a.b", "axb", False),
    ],
)
def test_globs(glob: str, path: str, fits: bool) -> None:
    assert glob_matches(glob, path) is fits
    assert overlap(glob, path) is fits


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("app/*.py", "app/m*", True),
        ("app/*.py", "app/*.js", False),
        ("app/**", "**/main.py", True),
        ("app/*/x", "app/x", False),
        ("a/**/z", "a/b/*", True),
        ("*a*", "b*b", True),
        ("a*", "b*", False),
    ],
)
def test_two_globs_overlap_when_one_file_could_be_both(one: str, other: str, meet: bool) -> None:
    assert overlap(one, other) is meet
    assert overlap(other, one) is meet
