"""Two merges in flight: judged side by side, landed in order, and whatever ends the process in between."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from floor import Floor, manager, shell, task
from runner.journal import Journal
from runner.records import Check, JsonObject, TaskCheck
from runner.sandbox import Sandbox
from test_executor import live, log, starts, text, writes
from workshop import git

REFUSED = 'check "says 9" of text_a fails on the merged result'


def at_merge(script: str) -> Check:
    return shell("on the merge", script, at=("merge",), timeout=60)


def until(condition: str) -> str:
    return f"until {condition}; do sleep 0.01; done"


def open_floor(root: Path, script: Mapping[str, list[JsonObject]], check: str) -> Floor:
    """A floor without a sandbox, whose checks may meet in files outside."""
    floor = Floor(root, tuple(task(name) for name in script), script, manager(checks=(at_merge(check),)))
    floor.sandbox = Sandbox.choose("none")
    return floor


def after(sign: Path, name: str, *texts: str) -> list[JsonObject]:
    """Attempts that begin once the file `sign` is there."""
    wait = ["sh", "-c", until(f"test -e {shlex.quote(str(sign))}")]
    return [{**one, "runs": [wait]} for one in writes(*texts, name=name)]


def merges(floor: Floor) -> list[tuple[str, str]]:
    kinds = ("merge_started", "merge_finished", "merge_refused")
    return [(kind.removeprefix("merge_"), subject) for kind, subject, _ in floor.events if kind in kinds]


def heads(floor: Floor, name: str) -> list[str]:
    return [data["head"] for subject, data in floor.said("merge_started") if subject == name]


def is_one_line(floor: Floor) -> bool:
    return all(len(row.split()) < 2 for row in git(floor.files, "log", "--format=%P").splitlines())


# Side by side


def test_two_merges_are_judged_at_the_same_time_and_land_in_order(tmp_path: Path) -> None:
    """Each check ends only once the other one has begun: one after the other, both would run out of time."""
    met = shlex.quote(str(tmp_path / "met"))
    script = {"text_a": writes("a", name="text_a"), "text_b": after(tmp_path / "met", "text_b", "b")}
    floor = open_floor(tmp_path, script, f"echo . >> {met}; {until(f'test $(wc -l < {met}) -ge 2')}")
    results = floor.run()
    assert [(one.status, one.attempts) for one in results.values()] == [("verified", 1), ("verified", 1)]
    assert merges(floor) == [
        ("started", "text_a"),
        ("started", "text_b"),
        ("finished", "text_a"),
        ("finished", "text_b"),
    ]
    assert heads(floor, "text_b") == [results["text_a"].commit]
    assert log(floor) == ["text_a", "text_b"]
    assert is_one_line(floor)


def test_behind_a_merge_that_is_refused_the_next_is_judged_again_on_the_head(tmp_path: Path) -> None:
    """On the first one's merge the second would be refused too; that costs it no attempt."""
    begun = tmp_path / "begun"
    script = {"text_a": writes("BAD", "good", name="text_a"), "text_b": after(begun, "text_b", "b")}
    here, there = shlex.quote(str(begun)), shlex.quote(str(tmp_path / "there"))
    meeting = f"if test -e text_b.txt; then touch {there}; else touch {here}; {until(f'test -e {there}')}; fi"
    floor = open_floor(tmp_path, script, f"{meeting}; ! grep -r BAD --include=*.txt .")
    head = floor.workspace().head()
    results = floor.run()
    assert [(one.status, one.attempts) for one in results.values()] == [("verified", 2), ("verified", 1)]
    assert [subject for subject, _ in floor.said("merge_refused")] == ["text_a"]
    assert heads(floor, "text_b")[0] != head
    assert heads(floor, "text_b")[1:] == [head]
    assert log(floor) == ["text_b", "text_a"]
    assert [one.passed for one in results["text_b"].checks] == [True]
    assert is_one_line(floor)


def test_all_that_wait_land_in_the_order_of_the_line(tmp_path: Path) -> None:
    names = [f"text_{letter}" for letter in "abcde"]
    begun = {name: tmp_path / f"begun-{name}" for name in names}
    script = {"text_a": writes("a", name="text_a")}
    script |= {name: after(begun["text_a"], name, name) for name in names[1:]}
    sign = f"touch {shlex.quote(str(begun['text_a']))}"
    floor = open_floor(tmp_path, script, f"{sign}; test $(ls text_*.txt | wc -l) -ge 1")
    results = floor.run()
    assert {one.status for one in results.values()} == {"verified"}
    finished = [subject for subject, _ in floor.said("merge_finished")]
    assert log(floor) == finished
    first_tries = list(dict.fromkeys(subject for subject, _ in floor.said("merge_started")))
    assert first_tries == finished
    assert is_one_line(floor)


def test_checks_of_a_task_in_flight_run_again_when_the_next_removes_its_lines(tmp_path: Path) -> None:
    """A fix edits lines of a task that is reopened and about to be merged again, ahead of it."""
    lines = "".join(f"{number}\n" for number in range(1, 10))
    floor = open_floor(tmp_path, {"text_a": writes(lines, name="text_a")}, "true")
    floor.run()
    keeps = TaskCheck(name="says 9", run="grep 9 text_a.txt")
    begun, there = (shlex.quote(str(tmp_path / name)) for name in ("begun", "there"))
    script = {
        "text_a": [{"edits": {"text_a.txt": {"1": "one"}}}],
        "text_b": [{**one, "edits": {"text_a.txt": {"9": "nine"}}} for one in after(tmp_path / "begun", "text_b", "b")],
    }
    meeting = f"if test -e text_b.txt; then touch {there}; else touch {begun}; {until(f'test -e {there}')}; fi"
    floor = open_floor(tmp_path, script, meeting)
    floor.tasks = (task("text_a", checks=(keeps,)), task("text_b", action="fix"))
    floor.manager = replace(floor.manager, owns=("*.txt",))
    results = floor.run(round=1, step="validate")
    assert {one["reason"] for _, one in floor.said("merge_refused")} == {REFUSED}
    assert [one.status for one in results.values()] == ["verified", "failed"]
    assert text(floor, "text_a.txt") == lines.replace("1", "one")


# Ended in between


BEHIND = ("merging", "proved", "accepted", "updated", "shown", "finished")
AHEAD = ("accepted", "updated", "shown", "finished")


def two_in_flight(root: Path, check: str, *texts: str) -> Floor:
    """text_b's turn waits for text_a's merge, and that one's check until text_b's merge, on top of it, is accepted."""
    signs = root / "signs"
    accepted = shlex.quote(str(signs / "accepted-text_b"))
    alone = f"{until(f'test -e {accepted}')}; {check}"
    notes = {"appends": {"starts.log": "{task} {attempt}"}}
    script = {
        "text_a": [{**notes, **one} for one in writes(*texts, name="text_a")],
        "text_b": [{**notes, **one} for one in after(signs / "merging-text_a", "text_b", "b")],
    }
    team = manager(checks=(at_merge(f"test -e text_b.txt || {{ {alone}; }}"),))
    floor = Floor(root, (task("text_a"), task("text_b")), script, team)
    floor.save()
    return floor


def killed_and_resumed(root: Path, point: str, name: str) -> dict[str, str]:
    """Statuses by task."""
    ended = live(root, point, name)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    again = live(root)
    assert again.returncode == 0, again.stderr
    statuses: dict[str, str] = json.loads(again.stdout)
    return statuses


@pytest.mark.parametrize(
    ("point", "name"), [*((point, "text_b") for point in BEHIND), *((point, "text_a") for point in AHEAD)]
)
def test_a_kill_with_two_merges_in_flight_loses_and_repeats_nothing(tmp_path: Path, point: str, name: str) -> None:
    floor = two_in_flight(tmp_path, "true", "a")
    assert killed_and_resumed(tmp_path, point, name) == {"text_a": "verified", "text_b": "verified"}
    assert sorted(starts(tmp_path)) == ["text_a 1", "text_b 1"]
    assert sorted(log(floor)) == ["text_a", "text_b"]
    assert is_one_line(floor)
    assert git(floor.files, "status", "--porcelain") == ""
    assert (text(floor, "text_a.txt"), text(floor, "text_b.txt")) == ("a", "b")
    assert commits_of_results(tmp_path) == commits_of_tasks(floor)


@pytest.mark.parametrize("point", BEHIND)
def test_a_kill_never_lands_what_stood_on_a_refused_merge(tmp_path: Path, point: str) -> None:
    """text_b's merge on text_a's is accepted, and journalled so; then text_a's is refused, in either life."""
    floor = two_in_flight(tmp_path, "! grep BAD text_a.txt", "BAD", "good")
    assert killed_and_resumed(tmp_path, point, "text_b") == {"text_a": "verified", "text_b": "verified"}
    assert sorted(set(starts(tmp_path))) == ["text_a 1", "text_a 2", "text_b 1"]
    assert starts(tmp_path).count("text_b 1") == 1
    assert log(floor) == ["text_b", "text_a"]
    assert git(floor.files, "log", "--oneline", "-S", "BAD") == ""
    assert text(floor, "text_a.txt") == "good"
    assert commits_of_results(tmp_path) == commits_of_tasks(floor)


def commits_of_results(root: Path) -> dict[str, str]:
    with Journal.open(root / "journal.db") as journal:
        return {key.task: data["commit"] for key, data in journal.entries("r1", "result")}


def commits_of_tasks(floor: Floor) -> dict[str, str]:
    rows = git(floor.files, "log", "--format=%(trailers:key=Orch-Task,valueonly,separator=) %H").splitlines()
    return {task: commit for task, _, commit in (row.partition(" ") for row in rows) if task}
