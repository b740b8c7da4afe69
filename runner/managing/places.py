"""What the dispatcher knows of each task before it starts: its seat, group, limits and rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.records import Assignment, Manager

Entry = tuple[float, int, str]
"""In a heap: minus the rank, the place in the assignment, a task (or the seat it sits on)."""


@dataclass(slots=True)
class Place:
    """Where a task belongs; `needs` are the tasks it still waits for."""

    seat: str
    manager: str
    group: str
    order_points: int
    entry: Entry
    needs: set[str] = field(default_factory=set)


def places(assignment: Assignment, managers: Mapping[str, Manager], ranks: Mapping[str, float]) -> dict[str, Place]:
    """Each task's place; `ranks` in any unit, the highest is the most urgent."""
    number = {task.id: index for index, task in enumerate(assignment.tasks)}
    limits = {(name, g.name): g.agents.order_points for name, manager in managers.items() for g in manager.groups}
    found = {}
    for group in assignment.groups:
        fallback = managers[group.manager].agents.order_points
        for seat in group.seats:
            for task in seat.tasks:
                entry = (-ranks[task], number[task], task)
                limit = limits.get((group.manager, group.name), fallback)
                found[task] = Place(seat.id, group.manager, group.name, limit, entry)
    return {task.id: found[task.id] for task in assignment.tasks if task.id in found}


def caps(managers: Mapping[str, Manager]) -> dict[str, int]:
    """Orders at once for each manager, and for "manager.group" where the group says less than its manager."""
    found = {name: manager.agents.parallel for name, manager in managers.items()}
    for name, manager in managers.items():
        own = ((group.name, group.agents.parallel) for group in manager.groups)
        found |= {f"{name}.{group}": parallel for group, parallel in own if parallel < manager.agents.parallel}
    return found
