"""Why a schedule took as long as it did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from managing import backend, database, endpoint, index, managers, table, work
from runner.managing.analysis import Span, schedule
from runner.managing.assign import assign
from runner.managing.places import caps
from runner.managing.schedule import Dispatcher
from runner.records import AssignedGroup, Assignment, Edge, Seat, Task


def alone(*tasks: Task, edges: tuple[tuple[str, str], ...] = ()) -> Assignment:
    groups = tuple(
        AssignedGroup(
            manager="database",
            name="table_creation",
            tasks=(task.id,),
            seats=(Seat(id=f"s.{task.id}.1", tasks=(task.id,)),),
        )
        for task in tasks
    )
    made = tuple(Edge(before=one, after=other, why="needs") for one, other in edges)
    return Assignment(tasks=tasks, groups=groups, edges=made)


def span(task: str, start: float, end: float, seat: str = "") -> Span:
    return Span(task=f"database_{task}", seat=seat or f"s.database_{task}.1", start=start, end=end)


def test_nothing_ran() -> None:
    assert schedule(alone(), [], 8) == {"seconds": 0.0, "lower_bound": 0.0, "bound_by": "itself", "chain": []}


def test_a_chain_of_needs() -> None:
    both = alone(table("a"), table("b"), edges=(("database_a", "database_b"),))
    found = schedule(both, [span("a", 10, 14), span("b", 14, 20)], 8)
    assert (found["seconds"], found["lower_bound"], found["bound_by"]) == (10, 10, "needs")
    assert [(one["task"], one["waited_for"], one["what"]) for one in found["chain"]] == [
        ("database_a", "nothing", ""),
        ("database_b", "needs", "database_a"),
    ]


@pytest.mark.parametrize(
    ("spans", "slots", "parallel", "outputs", "bound_by", "lower_bound"),
    [
        ([span("a", 0, 5, "x"), span("b", 5, 9, "x")], 8, 9, ("a", "b"), "seat", 5),
        ([span("a", 0, 5), span("b", 5, 9)], 8, 9, ("f", "f"), "file", 5),
        ([span("a", 0, 5), span("b", 5, 9)], 8, 9, ("f/x", "f/*"), "file", 5),
        ([span("a", 0, 5), span("b", 5, 9)], 8, 1, ("a", "b"), "parallel", 9),
        ([span("a", 0, 5), span("b", 5, 9)], 1, 9, ("a", "b"), "slots", 9),
        ([span("a", 0, 5), span("b", 0, 4)], 8, 9, ("a", "b"), "itself", 5),
    ],
)
def test_what_was_waited_for(
    spans: list[Span], slots: int, parallel: int, outputs: tuple[str, str], bound_by: str, lower_bound: float
) -> None:
    both = alone(table("a", outputs=(outputs[0],)), table("b", outputs=(outputs[1],)))
    found = schedule(both, spans, slots, caps(managers(database(parallel=parallel))))
    assert (found["bound_by"], found["lower_bound"]) == (bound_by, lower_bound)


def test_attempts_of_one_task_add_up() -> None:
    found = schedule(alone(table("a")), [span("a", 0, 3), span("a", 3, 5)], 8)
    assert (found["lower_bound"], found["bound_by"]) == (5, "attempt")


def test_a_real_schedule_never_beats_its_bound() -> None:
    tasks = (table("users"), table("posts", "users"), table("followers", "users"), index("i", "posts"))
    more = tuple(endpoint("GET", f"/{n}", f"e{n}", "medium", reads=["posts"]) for n in range(5))
    them = managers(database(), backend())
    assignment, _ = assign((*tasks, *more), them)
    durations = {task.id: float(task.points) for task in assignment.tasks}
    done = work(Dispatcher(assignment, them, 2), durations)
    spans = [Span(task=one.task, seat=one.order.seat, start=one.start, end=one.end) for one in done]
    found = schedule(assignment, spans, 2, caps(them))
    assert found["lower_bound"] <= found["seconds"]
    assert found["chain"][0]["waited_for"] == "nothing"
    assert sum(one["seconds"] + one["waited"] for one in found["chain"]) == pytest.approx(found["seconds"])
    shorter = schedule(assignment, [replace(one, end=one.start) for one in spans], 2, caps(them))
    assert shorter["lower_bound"] == 0


def test_the_cap_of_a_group_is_a_cap_of_its_own() -> None:
    both = alone(table("a"), table("b"))
    found = schedule(both, [span("a", 0, 5), span("b", 5, 9)], 8, {"database": 3, "database.table_creation": 1})
    assert (found["bound_by"], found["lower_bound"]) == ("parallel", 9)


def test_what_needs_nothing_that_just_ended_waited_for_the_need_before_it() -> None:
    three = alone(table("a"), table("b"), table("c"), edges=(("database_a", "database_c"),))
    found = schedule(three, [span("a", 0, 4), span("b", 0, 6), span("c", 6, 9)], 8)
    assert [(one["task"], one["waited_for"], one["what"], one["waited"]) for one in found["chain"]] == [
        ("database_a", "nothing", "", 0),
        ("database_c", "needs", "database_a", 2),
    ]


def test_an_end_that_lies_a_moment_after_the_start_still_allowed_it() -> None:
    both = alone(table("a"), table("b"), edges=(("database_a", "database_b"),))
    found = schedule(both, [span("a", 0, 4.02), span("b", 4, 6)], 8)
    assert [one["waited_for"] for one in found["chain"]] == ["nothing", "needs"]
    assert found["chain"][1]["waited"] == 0
