"""The predicted timeline of an assignment: the dispatcher itself on a clock of complexity points."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from runner.managing.schedule import Dispatcher
from runner.records import Assignment, Manager, WorkOrder


@dataclass(frozen=True, slots=True)
class Slot:
    """One task on its seat, from `start` to `end` in complexity points."""

    seat: str
    task: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """`slots` by start; `points` from the first start to the last end; `lower_bound` by needs and agents alone."""

    slots: tuple[Slot, ...]
    points: int
    lower_bound: int
    work: int


def predict(assignment: Assignment, managers: Mapping[str, Manager], agents: int) -> Prediction:
    """What the dispatcher would do with `agents` agents if each task took its points and every check passed."""
    points = {task.id: task.points for task in assignment.tasks}
    dispatcher = Dispatcher(assignment, managers, agents)
    slots: list[Slot] = []
    busy: list[tuple[int, int, WorkOrder, int]] = []
    number = 0

    def start(order: WorkOrder, place: int, now: int) -> None:
        nonlocal number
        task = order.tasks[place]
        number += 1
        slots.append(Slot(order.seat, task, now, now + points[task]))
        heapq.heappush(busy, (now + points[task], number, order, place))

    for order in dispatcher.take():
        start(order, 0, 0)
    while busy:
        now, _, order, place = heapq.heappop(busy)
        dispatcher.finished_task(order.id, order.tasks[place], "verified")
        if place + 1 < len(order.tasks) and dispatcher.may_start(order.id, order.tasks[place + 1]):
            start(order, place + 1, now)
        else:
            dispatcher.release(order.id)
        for next_order in dispatcher.take():
            start(next_order, 0, now)
    work = sum(points.values())
    least = max(_longest(assignment, points), -(-work // max(1, agents)))
    return Prediction(tuple(slots), max((slot.end for slot in slots), default=0), least, work)


def _longest(assignment: Assignment, points: Mapping[str, int]) -> int:
    """The points of the longest chain of needs."""
    after: dict[str, list[str]] = {task: [] for task in points}
    waiting = dict.fromkeys(points, 0)
    for edge in assignment.edges:
        after[edge.before].append(edge.after)
        waiting[edge.after] += 1
    ends = dict(points)
    ready = [task for task, needs in waiting.items() if not needs]
    while ready:
        task = ready.pop()
        for later in after[task]:
            ends[later] = max(ends[later], ends[task] + points[later])
            waiting[later] -= 1
            if not waiting[later]:
                ready.append(later)
    return max(ends.values(), default=0)
