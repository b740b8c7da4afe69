"""Tasks and managers to an assignment: who does what on which seat, and what waits for what."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from runner.managing import references, seats
from runner.managing.cycles import open_cycles
from runner.managing.ranks import points, successors, upward
from runner.managing.select import REST, Choice, choose
from runner.records import AssignedGroup, Assignment, Edge, Group, Manager, Plan, Problem, Seat, Task

Grouped = dict[str, list[tuple[Group, list[Task]]]]
"""For each manager its groups that have tasks, in the manager's order."""


def assign(
    tasks: Sequence[Task], managers: Mapping[str, Manager], plan: Plan | None = None
) -> tuple[Assignment, list[Problem]]:
    """The assignment, and what stands against it; with an error among the problems it must not be carried out.

    Cycles of references inside one kind (foreign keys) are opened: the assignment may hold tasks that were not given.
    """
    opened = open_cycles(tasks, managers)
    choices = {task.id: choose(task, managers) for task in opened}
    edges, problems = references.edges(opened, managers, choices)
    grouped, without_manager = group(opened, managers, choices)
    ranked = _ranked(opened, edges)
    groups = _seated(grouped, ranked, edges)
    return Assignment(tasks=tuple(opened), groups=groups, edges=edges), [
        *problems,
        *references.circles(opened, edges),
        *without_manager,
    ]


def group(
    tasks: Sequence[Task], managers: Mapping[str, Manager], choices: Mapping[str, Choice | None]
) -> tuple[Grouped, list[Problem]]:
    """The tasks of each manager by group, as `choices` say, and a problem for each task that nobody takes."""
    taken: dict[tuple[str, str], list[Task]] = {}
    problems = []
    for place, task in enumerate(tasks):
        choice = choices[task.id]
        if choice is None:
            problems.append(unhandled(task, place, managers))
        else:
            taken.setdefault((choice.manager, choice.group), []).append(task)
    grouped: Grouped = {}
    for name, manager in managers.items():
        for one in manager.groups or (_rest(manager),):
            if found := taken.get((manager.name, one.name)):
                grouped.setdefault(name, []).append((one, found))
        if manager.groups and (found := taken.get((manager.name, REST.name))) and not _names(manager, REST.name):
            grouped.setdefault(name, []).append((_rest(manager), found))
    return grouped, problems


def unhandled(task: Task, place: int, managers: Mapping[str, Manager]) -> Problem:
    """What to say of a task that no manager takes."""
    kinds = sorted(kind for manager in managers.values() for kind in manager.specs)
    close = difflib.get_close_matches(task.kind, kinds, n=1)
    meant = f'; did you mean kind "{close[0]}"?' if close else ""
    return Problem(
        "ORC459",
        "unhandled_task",
        f'no manager takes "{task.id}" (kind {task.kind}, component {task.component}){meant}',
        pointer=f"/tasks/{place}",
        hint=f"managers: {', '.join(managers)}; kinds: {', '.join(kinds)}",
        owner=task.id,
    )


def _names(manager: Manager, name: str) -> bool:
    return any(one.name == name for one in manager.groups)


def _rest(manager: Manager) -> Group:
    return Group(name=REST.name, agents=manager.agents)


def _ranked(tasks: Iterable[Task], edges: Iterable[Edge]) -> dict[str, int]:
    """Each task's place in the order of work: by upward rank, then as given."""
    weights = points(tasks)
    ranks = upward(weights, successors(edges))
    return {name: place for place, name in enumerate(sorted(weights, key=lambda name: -ranks[name]))}


def _seated(grouped: Grouped, ranked: Mapping[str, int], edges: Iterable[Edge]) -> tuple[AssignedGroup, ...]:
    flat = [(name, one, _in_order(tasks, ranked)) for name, groups in grouped.items() for one, tasks in groups]
    paths = seats.in_group_paths(([task.id for task in tasks] for _, _, tasks in flat), successors(edges))
    assigned: list[AssignedGroup] = []
    policies: list[Group] = []
    for (manager, one, tasks), inside in zip(flat, paths, strict=True):
        neighbour = assigned[-1] if assigned and _may_share(one, tasks, manager, assigned[-1], policies[-1]) else None
        parts = (tuple(task.id for task in tasks),) if neighbour else seats.split(tasks, inside, one.agents.seats)
        named = tuple(Seat(id=_seat_id(manager, one, place, neighbour), tasks=part) for place, part in enumerate(parts))
        assigned.append(
            AssignedGroup(manager=manager, name=one.name, tasks=tuple(task.id for task in tasks), seats=named)
        )
        policies.append(one)
    return tuple(assigned)


def _in_order(tasks: Iterable[Task], ranked: Mapping[str, int]) -> list[Task]:
    return sorted(tasks, key=lambda task: ranked[task.id])


def _may_share(one: Group, tasks: Iterable[Task], manager: str, previous: AssignedGroup, policy: Group) -> bool:
    """Whether the group is small enough to share the last seat of the previous group of its manager.

    A session belongs to one agent: groups that name different agents never share a seat.
    """
    small = sum(task.points for task in tasks) < one.agents.seats.points
    return small and previous.manager == manager and policy.agents.use == one.agents.use


def _seat_id(manager: str, one: Group, place: int, neighbour: AssignedGroup | None) -> str:
    return neighbour.seats[-1].id if neighbour else f"{manager}.{one.name}.{place + 1}"
