"""Two seats of one group work at the same time: the project of benchmarks/seats.py, judged by its events."""

from __future__ import annotations

from pathlib import Path

import pytest

from project import Project
from runner.records import Event
from seats import TASKS, project


def overlapping(events: list[Event]) -> set[frozenset[str]]:
    """Pairs of seats of which one started a turn while the other was in one."""
    running: dict[str, str] = {}
    found: set[frozenset[str]] = set()
    for event in events:
        if event.kind == "turn_started":
            found |= {frozenset((seat, str(event.data["seat"]))) for seat in running.values()}
            running[event.subject] = str(event.data["seat"])
        elif event.kind == "turn_finished":
            del running[event.subject]
    return found


@pytest.mark.parametrize(("seats", "pairs"), [(1, set()), (2, {frozenset(("letters.letters.1", "letters.letters.2"))})])
def test_turns_of_two_seats_overlap_and_those_of_one_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seats: int, pairs: set[frozenset[str]]
) -> None:
    project(tmp_path, seats)
    monkeypatch.chdir(tmp_path)
    made = Project(tmp_path)
    outcome = made.run(pipeline="letters", given={"list": "tasks.json"})
    assert outcome.exit_code == 0, outcome.reason
    assert overlapping(made.events()) == pairs
    assert len(made.events("turn_finished")) == len(TASKS)
