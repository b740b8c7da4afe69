"""Why a task is where it is: manager, group, seat, what else matched, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner.managing.assign import assign
from runner.managing.seats import why
from runner.managing.select import Choice, choose
from runner.records import AssignedGroup, Assignment, Edge, Manager, Problem, SeatPolicy, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One task: `choice` None where nobody takes it; `mates` stand on the same seat before it, in order."""

    task: Task
    choice: Choice | None
    seat: str = ""
    mates: tuple[str, ...] = ()
    before: tuple[Edge, ...] = ()
    after: tuple[str, ...] = ()


def explain(
    tasks: Sequence[Task], managers: Mapping[str, Manager]
) -> tuple[tuple[Explanation, ...], Assignment, list[Problem]]:
    """An explanation for each task of the assignment, in its order, and what stands against the assignment."""
    assignment, problems = assign(tasks, managers)
    seats = {task: seat for group in assignment.groups for seat in group.seats for task in seat.tasks}
    before: dict[str, list[Edge]] = {}
    after: dict[str, list[str]] = {}
    for edge in assignment.edges:
        before.setdefault(edge.after, []).append(edge)
        after.setdefault(edge.before, []).append(edge.after)
    found = []
    for task in assignment.tasks:
        seat = seats.get(task.id)
        mates = seat.tasks[: seat.tasks.index(task.id)] if seat else ()
        found.append(
            Explanation(
                task=task,
                choice=choose(task, managers),
                seat=seat.id if seat else "",
                mates=mates,
                before=tuple(before.get(task.id, ())),
                after=tuple(after.get(task.id, ())),
            )
        )
    return tuple(found), assignment, problems


def line(explanation: Explanation) -> str:
    """E.g. `database_posts -> database (kind table) -> table_creation (rule 1) -> seat 1`; a shared seat in full."""
    choice = explanation.choice
    if choice is None:
        return f"{explanation.task.id} -> no manager takes it"
    own = f"{choice.manager}.{choice.group}."
    seat = explanation.seat.removeprefix(own) if explanation.seat.startswith(own) else explanation.seat
    steps = (
        explanation.task.id,
        f"{choice.manager} ({choice.why})",
        f"{choice.group} (rule {choice.rule})",
        f"seat {seat}",
    )
    return " -> ".join(steps)


def seat_reasons(
    groups: Iterable[AssignedGroup], tasks: Mapping[str, Task], managers: Mapping[str, Manager]
) -> list[str]:
    """Why each group has the seats that it has, e.g. `database.tables: 1 seat: 2 points are below second_from.points
    5`."""
    lines = []
    for group in groups:
        manager, name = managers[group.manager], f"{group.manager}.{group.name}"
        own = next((one.agents for one in manager.groups if one.name == group.name), manager.agents)
        seat = group.seats[-1].id
        if seat.startswith(f"{name}."):
            said = why([tasks[task] for task in group.tasks], len(group.seats), own.seats)
        else:
            said = f"shares seat {seat}: {_too_few([tasks[task] for task in group.tasks], own.seats)}"
        lines.append(f"{name}: {said}")
    return lines


def _too_few(tasks: Sequence[Task], policy: SeatPolicy) -> str:
    return why(tasks, 1, policy).partition(": ")[2]


def details(explanation: Explanation, *, everything: bool = True) -> list[str]:
    """What stands under the line of one task; without `everything` only other managers and what it waits for."""
    choice = explanation.choice
    lines = [f"also matched: {'; '.join(choice.also)}"] if choice and choice.also else []
    if everything and explanation.mates:
        lines.append(f"on its seat before it: {', '.join(explanation.mates)}")
    lines += [f"waits for {one.before} ({one.why}{', soft' if one.soft else ''})" for one in explanation.before]
    if everything and explanation.after:
        lines.append(f"waited for by {', '.join(explanation.after)}")
    return lines
