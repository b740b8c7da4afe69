"""The breakdown: the whole flow as text, and the timeline that the dispatcher itself predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from made_run import plan as made_plan
from made_run import tasks as made_tasks
from runner.load import load_pipeline
from runner.managing.assign import assign
from runner.records import (
    AssignedGroup,
    Assignment,
    Edge,
    Manager,
    Plan,
    Problem,
    Seat,
    Task,
    from_json,
)
from runner.reporters.breakdown import breakdown, cost_range
from runner.reporters.predicted import predict
from runner.resources import Resources

ROOT = Path(__file__).parent.parent
PLAN = from_json(Plan, made_plan())
TASKS = from_json(tuple[Task, ...], made_tasks())


@pytest.fixture(scope="module")
def managers() -> Mapping[str, Manager]:
    return load_pipeline(ROOT / "pipelines" / "fullstack.yaml", Resources(ROOT)).managers


@pytest.fixture(scope="module")
def assignment(managers: Mapping[str, Manager]) -> Assignment:
    assigned, problems = assign(TASKS, managers, PLAN)
    assert [problem for problem in problems if problem.severity == "error"] == []
    return assigned


def text_of(assignment: Assignment | None, managers: Mapping[str, Manager], plan: Plan = PLAN, **fields: object) -> str:
    words = {
        "pipeline": "fullstack",
        "planner": "blueprint",
        "agents": 8,
        "chosen": dict.fromkeys(managers, "blueprint"),
    }
    return breakdown(plan, TASKS, assignment, managers, **{**words, **fields})  # type: ignore[arg-type]


def test_the_breakdown_shows_the_whole_flow_in_order(managers: Mapping[str, Manager], assignment: Assignment) -> None:
    text = text_of(assignment, managers)
    lines = text.splitlines()
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles == [
        "Chirp: breakdown of pipeline fullstack",
        "plan and tasks by blueprint",
        PLAN.summary,
        "components",
        "requirements",
        "tasks",
        "groups and seats",
        "predicted timeline",
        "cost",
        "not understood",
        "questions",
        "assumptions (strike what is not wanted)",
        "left out, as the request says",
    ]
    assert "  line 31: It should feel <b>snappy</b> | somehow." in lines
    assert "  0 (blueprint)" in lines


def test_every_task_stands_with_its_exact_spec_in_one_line(
    managers: Mapping[str, Manager], assignment: Assignment
) -> None:
    lines = text_of(assignment, managers).splitlines()
    at = lines.index("  database_posts  [table, low] Create table posts with its keys, checks and indexes (R-2, S-1)")
    assert lines[at + 1].startswith("      posts(id TEXT PRIMARY KEY")
    assert "content VARCHAR(280) NOT NULL CHECK (length(content) BETWEEN 1 AND 280)" in lines[at + 1]
    assert all(any(line.startswith(f"  {task.id}  [") for line in lines) for task in TASKS)


def test_groups_show_their_seats_and_agents(managers: Mapping[str, Manager], assignment: Assignment) -> None:
    text = text_of(assignment, managers, chosen={"database": "claude-code"})
    assert "    database.table_creation.1 [claude-code]: database_users" in text
    assert "    backend.foundation.1 [no agent]: " in text


def test_without_an_assignment_plan_and_tasks_still_print(managers: Mapping[str, Manager]) -> None:
    problem = Problem("ORC459", "unhandled_task", 'no manager takes "x"')
    text = text_of(None, managers, problems=[problem], notes=["architect: no key"])
    assert "groups and seats" not in text
    assert 'error: no manager takes "x" [ORC459 unhandled_task]' in text
    assert "  architect: no key" in text


def test_contradictions_are_shown_with_both_quotes(managers: Mapping[str, Manager]) -> None:
    odd = replace(PLAN, contradictions=({"text": "Where is it stored?", "quotes": ["local only", "a REST API"]},))
    assert '  Where is it stored?: "local only" / "a REST API"' in text_of(None, managers, odd)


def test_nothing_in_a_plan_can_act_on_the_terminal(managers: Mapping[str, Manager]) -> None:
    odd = replace(PLAN, title="\x1b[2JChirp", summary="a\nb")
    text = text_of(None, managers, odd)
    assert "\x1b" not in text
    assert "a\\nb" in text


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        ((0.0, 0.0), "0"),
        ((0.4, 1.2), "$0.40 to $1.20"),
        ((2.0, 2.0), "$2.00"),
        (None, "unknown: a price is not known"),
    ],
)
def test_cost_ranges(cost: tuple[float, float] | None, said: str) -> None:
    assert cost_range(cost) == said


def task(name: str, complexity: str = "low") -> Task:
    return from_json(
        Task, {"id": name, "title": name, "component": "c", "spec": {"kind": "x"}, "complexity": complexity}
    )


def small(seats: Mapping[str, tuple[str, ...]], edges: tuple[tuple[str, str], ...] = ()) -> Assignment:
    made = tuple(Seat(id=seat, tasks=tasks) for seat, tasks in seats.items())
    names = tuple(name for one in made for name in one.tasks)
    return Assignment(
        tasks=tuple(task(name, "medium" if name == "b" else "low") for name in names),
        groups=(AssignedGroup(manager="m", name="g", tasks=names, seats=made),),
        edges=tuple(Edge(before=before, after=after, why="needs") for before, after in edges),
    )


MANAGER = {"m": Manager(name="m", description="", handles=())}


def test_two_seats_are_at_work_at_once_in_the_prediction() -> None:
    made = predict(small({"m.g.1": ("a", "b"), "m.g.2": ("c",)}), MANAGER, 8)
    assert [(slot.task, slot.start, slot.end) for slot in made.slots if slot.seat == "m.g.2"] == [("c", 0, 1)]
    assert (made.points, made.work, made.lower_bound) == (3, 4, 2)


def test_a_need_is_waited_for_and_one_agent_works_alone() -> None:
    needs = predict(small({"m.g.1": ("a",), "m.g.2": ("b",)}, (("a", "b"),)), MANAGER, 8)
    assert [(slot.task, slot.start, slot.end) for slot in needs.slots] == [("a", 0, 1), ("b", 1, 3)]
    assert (needs.points, needs.lower_bound) == (3, 3)
    alone = predict(small({"m.g.1": ("a",), "m.g.2": ("b",), "m.g.3": ("c",)}), MANAGER, 1)
    assert (alone.points, alone.lower_bound) == (4, 4)


def test_the_prediction_for_chirp_holds_every_task_once(
    managers: Mapping[str, Manager], assignment: Assignment
) -> None:
    made = predict(assignment, managers, 8)
    assert sorted(slot.task for slot in made.slots) == sorted(task.id for task in assignment.tasks)
    ends = {slot.task: slot.end for slot in made.slots}
    starts = {slot.task: slot.start for slot in made.slots}
    assert all(ends[edge.before] <= starts[edge.after] for edge in assignment.edges)
    assert made.lower_bound <= made.points < made.work
    moments = [(slot.start, 1) for slot in made.slots] + [(slot.end, -1) for slot in made.slots]
    now, most = 0, 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    assert 2 <= most <= 8
