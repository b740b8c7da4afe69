"""The dispatcher: forms work orders and says which may start now. Pure: it has no clock and starts nothing.

Orders go by upward rank over points, under slots, each manager's `parallel`, one running order a seat, and write
exclusion. What is blocked is skipped, not waited for. Every decision touches heaps only, so that a hundred thousand
tasks cost no more each than a hundred.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from runner.managing.exclusion import Holdings
from runner.managing.places import Entry, Place, caps, places
from runner.managing.ranks import points, seated
from runner.records import Assignment, Manager, TaskResult, WorkOrder
from runner.records.work import Status

DONE = ("verified", "unverified")
"""The statuses that unlock what waits for a task."""
SLOTS = 8
"""Orders at once where no limit says otherwise."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a task does not run now; `what` names the task, seat, manager, file or number that it waits for."""

    reason: Literal["needs", "seat", "parallel", "slots", "file", "resource"]
    what: str


class Dispatcher:
    """Hands out the work orders of one assignment.

    `done` are results that stand already: good ones unlock, failed ones skip what needs them (`skipped_at_start`).
    `attempts` counts the attempts made so far, `feedback` is what a task's next order says. `weights` replaces the
    points of tasks (any unit), `capacities` and `demands` are further things that tasks share; a task that demands
    something is an order of its own.
    """

    def __init__(
        self,
        assignment: Assignment,
        managers: Mapping[str, Manager],
        slots: int,
        done: Mapping[str, TaskResult] | None = None,
        attempts: Mapping[str, int] | None = None,
        round: int = 0,  # noqa: A002
        feedback: Mapping[str, str] | None = None,
        *,
        weights: Mapping[str, float] | None = None,
        capacities: Mapping[str, int] | None = None,
        demands: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self._slots = slots
        self._round = round
        self._attempts = dict(attempts or {})
        self._feedback = dict(feedback or {})
        self._points = {task.id: task.points for task in assignment.tasks}
        self._hard: dict[str, list[str]] = {}
        self._after: dict[str, list[str]] = {}
        for edge in assignment.edges:
            self._after.setdefault(edge.before, []).append(edge.after)
            if not edge.soft:
                self._hard.setdefault(edge.before, []).append(edge.after)
        seats = {task: seat.id for group in assignment.groups for seat in group.seats for task in seat.tasks}
        ranks = seated(weights or points(assignment.tasks), self._after, seats)
        self._places = places(assignment, managers, ranks)
        for edge in assignment.edges:
            self._places[edge.after].needs.add(edge.before)
        self._holdings = Holdings(assignment.tasks, capacities or {}, demands or {})
        self._caps = caps(managers)
        self._active = dict.fromkeys(self._caps, 0)
        self._ready: dict[str, list[Entry]] = {place.seat: [] for place in self._places.values()}
        self._seats: list[Entry] = []
        self._parked_seats: dict[str, list[Entry]] = {name: [] for name in self._caps}
        self._parked_tasks: dict[str, list[str]] = {}
        self._busy: dict[str, str] = {}
        self._orders: dict[str, tuple[WorkOrder, dict[str, None]]] = {}
        self._in_order: set[str] = set()
        self._used_ids: set[str] = set()
        self._status: dict[str, Status] = {}
        self.skipped_at_start = self._start(done or {})

    def take(self) -> tuple[WorkOrder, ...]:
        """The orders that may start now, the most urgent first; they count as running from here on."""
        orders = []
        while len(self._orders) < self._slots and (seat := self._next_seat()):
            order = self._form(seat)
            if order is not None:
                orders.append(self._run(order))
        return tuple(orders)

    def adopt(self, order: WorkOrder) -> None:
        """An order of an earlier life of this run goes on: its tasks, its seat and its slot are taken."""
        for task in order.tasks:
            if task not in self._status:
                self._holdings.hold(task)
        self._drop_ready(order)
        self._run(order)

    def may_start(self, order_id: str, task: str) -> bool:
        """Whether the task of this running order has all it needs: False behind an earlier task that failed."""
        _, left = self._orders[order_id]
        return task in left and not self._places[task].needs

    def finished_task(self, order_id: str, task: str, status: Status, reason: str = "") -> tuple[tuple[str, str], ...]:
        """The task is merged, or given up: its files are free, what waited for it may start.

        Returns the tasks that are skipped because of it, each with its reason, none twice.
        """
        self._orders[order_id][1].pop(task, None)
        self._in_order.discard(task)
        return self._finish(task, status, reason)

    def retry_task(self, order_id: str, task: str, attempt: int, feedback: str) -> None:
        """Attempt number `attempt` failed: the task goes back, for a new order that says `feedback`."""
        self._orders[order_id][1].pop(task, None)
        self._attempts[task] = attempt
        self._feedback[task] = feedback
        self._put_back(task)

    def release(self, order_id: str) -> None:
        """The order is over: its seat and slot are free, its tasks that were never started go back."""
        order, left = self._orders.pop(order_id)
        del self._busy[order.seat]
        for task in left:
            self._put_back(task)
        self._offer(order.seat)
        for name in self._capped(order.tasks[0]):
            self._active[name] -= 1
            self._unpark(name)

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing can start."""
        return not self._orders and not any(self._ready.values())

    @property
    def finished(self) -> bool:
        """Every task has its final status."""
        return len(self._status) == len(self._places)

    @property
    def running(self) -> tuple[WorkOrder, ...]:
        """The orders that were taken and not released."""
        return tuple(order for order, _ in self._orders.values())

    @property
    def waiting_for(self) -> dict[str, Wait]:
        """For each task that is neither finished nor in a running order, what it waits for."""
        waiting = (task for task in self._places if task not in self._status and task not in self._in_order)
        return {task: self._wait(task) for task in waiting}

    def _start(self, done: Mapping[str, TaskResult]) -> tuple[tuple[str, str], ...]:
        # All statuses first: a result that stands is neither skipped nor made ready by another one.
        stands = {task: result for task, result in done.items() if task in self._places}
        self._status.update({task: result.status for task, result in stands.items()})
        first = [task for task, place in self._places.items() if not place.needs and task not in stands]
        skipped = [skip for task, one in stands.items() for skip in self._finish(task, one.status, one.reason)]
        for task in first:
            self._make_ready(task)
        return tuple(skipped)

    def _next_seat(self) -> str:
        while self._seats:
            entry = heapq.heappop(self._seats)
            seat = entry[2]
            if not self._stands(entry):
                continue
            names = self._capped(self._ready[seat][0][2])
            full = next((name for name in names if self._active[name] >= self._caps[name]), "")
            if not full:
                return seat
            heapq.heappush(self._parked_seats[full], entry)
            for name in names:  # what came instead of this seat is to be asked next
                if self._active[name] < self._caps[name]:
                    self._unpark(name)
        return ""

    def _capped(self, task: str) -> tuple[str, ...]:
        """The caps that an order of this task counts for: its group's where that has its own, and its manager's."""
        place = self._places[task]
        group = f"{place.manager}.{place.group}"
        return (group, place.manager) if group in self._caps else (place.manager,)

    def _stands(self, entry: Entry) -> bool:
        """Whether the seat is free and its first ready task still the one of the entry."""
        seat = entry[2]
        return seat not in self._busy and bool(self._ready[seat]) and self._ready[seat][0][1] == entry[1]

    def _form(self, seat: str) -> WorkOrder | None:
        """The next order of a free seat; None when files or resources stand in the way of all its ready tasks."""
        ready = self._ready[seat]
        names = self._capped(ready[0][2])
        while ready:
            task = heapq.heappop(ready)[2]
            blocker = self._holdings.blocker(task)
            if not blocker:
                return self._order(self._batch(task))
            self._parked_tasks.setdefault(blocker, []).append(task)
        for name in names:
            self._unpark(name)
        return None

    def _batch(self, first: str) -> tuple[str, ...]:
        """`first` and what follows it on its seat in the same order: of its group, ready or unlocked by the batch."""
        place = self._places[first]
        ready = self._ready[place.seat]
        aside: list[Entry] = []
        batch: tuple[str, ...] = (first,)
        self._holdings.hold(first)
        unlocked = self._unlocked_by(batch, place)
        left = place.order_points - self._points[first]
        while not self._holdings.demands(first) and (ready or unlocked) and left > 0 and len(aside) < 8:
            source = unlocked if not ready or (unlocked and unlocked[0] < ready[0]) else ready
            entry = heapq.heappop(source)
            name = entry[2]
            if self._places[name].group != place.group:
                aside.append(entry)
                continue
            if self._points[name] > left or self._holdings.demands(name) or self._holdings.blocker(name, batch):
                aside.extend([entry] if source is ready else [])
                break
            batch = (*batch, name)
            left -= self._points[name]
            self._holdings.hold(name)
            unlocked = self._unlocked_by(batch, place)
        for entry in aside:
            heapq.heappush(ready, entry)
        return batch

    def _unlocked_by(self, batch: tuple[str, ...], place: Place) -> list[Entry]:
        found = {later for task in batch for later in self._after.get(task, ()) if later not in batch}
        entries = [
            self._places[name].entry
            for name in found
            if (self._places[name].seat, self._places[name].group) == (place.seat, place.group)
            and name not in self._status
            and name not in self._in_order
            and self._places[name].needs <= set(batch)
        ]
        heapq.heapify(entries)
        return entries

    def _order(self, tasks: tuple[str, ...]) -> WorkOrder:
        place = self._places[tasks[0]]
        attempts = tuple(self._attempts.get(task, 0) + 1 for task in tasks)
        return WorkOrder(
            id=self._order_id(tasks[0], attempts[0]),
            seat=place.seat,
            manager=place.manager,
            group=place.group,
            tasks=tasks,
            attempts=attempts,
            feedback=tuple(self._feedback.get(task, "") for task in tasks),
            round=self._round,
        )

    def _order_id(self, task: str, attempt: int) -> str:
        # Round, first task and attempt name an order once, also across a resume; only an order that was released
        # before its first task started comes again and gets a number.
        name = f"{task}-{attempt}" if self._round == 0 else f"{task}-r{self._round}-{attempt}"
        number = 1
        while (found := name if number == 1 else f"{name}.{number}") in self._used_ids:
            number += 1
        self._used_ids.add(found)
        return found

    def _run(self, order: WorkOrder) -> WorkOrder:
        self._used_ids.add(order.id)
        self._busy[order.seat] = order.id
        for name in self._capped(order.tasks[0]):
            self._active[name] += 1
        left = dict.fromkeys(task for task in order.tasks if task not in self._status)
        self._orders[order.id] = (order, left)
        self._in_order.update(left)
        return order

    def _drop_ready(self, order: WorkOrder) -> None:
        ready = [entry for entry in self._ready[order.seat] if entry[2] not in order.tasks]
        heapq.heapify(ready)
        self._ready[order.seat] = ready

    def _finish(self, task: str, status: Status, reason: str) -> tuple[tuple[str, str], ...]:
        self._status[task] = status
        self._free(task)
        if status in DONE:
            self._unlock(task, self._after.get(task, ()))
            return ()
        return tuple(self._skip_behind(task, status, reason))

    def _skip_behind(self, task: str, status: Status, reason: str) -> list[tuple[str, str]]:
        skipped: list[tuple[str, str]] = []
        told = {task: f"needs {task}, which {'failed' if status == 'failed' else 'was skipped'}"}
        pending = [task]
        for name in pending:
            hard = self._hard.get(name, ())
            for later in hard:
                if later not in self._status:
                    skipped.append((later, told[name] + (f": {reason}" if reason and name == task else "")))
                    told[later] = f"needs {later}, which was skipped ({told[name]})"
                    self._skip(later)
                    pending.append(later)
            self._unlock(name, [later for later in self._after.get(name, ()) if later not in hard])
        return skipped

    def _skip(self, task: str) -> None:
        self._status[task] = "skipped"
        self._free(task)
        self._in_order.discard(task)
        order = self._busy.get(self._places[task].seat)
        if order in self._orders:
            self._orders[order][1].pop(task, None)

    def _unlock(self, task: str, later: tuple[str, ...] | list[str]) -> None:
        for name in later:
            place = self._places[name]
            place.needs.discard(task)
            if not place.needs and name not in self._status and name not in self._in_order:
                self._make_ready(name)

    def _put_back(self, task: str) -> None:
        self._in_order.discard(task)
        self._free(task)
        if not self._places[task].needs and task not in self._status:
            self._make_ready(task)

    def _make_ready(self, task: str) -> None:
        place = self._places[task]
        heapq.heappush(self._ready[place.seat], place.entry)
        self._offer(place.seat)

    def _free(self, task: str) -> None:
        for blocker in self._holdings.free(task):
            for waiting in self._parked_tasks.pop(blocker, ()):
                if waiting not in self._status:
                    self._make_ready(waiting)

    def _offer(self, seat: str) -> None:
        ready = self._ready[seat]
        if ready and seat not in self._busy:
            heapq.heappush(self._seats, (ready[0][0], ready[0][1], seat))

    def _unpark(self, cap: str) -> None:
        parked = self._parked_seats[cap]
        while parked:
            entry = heapq.heappop(parked)
            if self._stands(entry):
                heapq.heappush(self._seats, entry)
                return

    def _wait(self, task: str) -> Wait:
        place = self._places[task]
        if place.needs:
            return Wait("needs", min(place.needs, key=lambda name: self._places[name].entry))
        if place.seat in self._busy:
            return Wait("seat", place.seat)
        if blocker := self._holdings.blocker(task):
            reason, _, what = blocker.partition(" ")
            return Wait("file" if reason == "file" else "resource", what)
        for name in self._capped(task):
            if self._active[name] >= self._caps[name]:
                return Wait("parallel", f"{name} ({self._caps[name]})")
        return Wait("slots", str(self._slots))
