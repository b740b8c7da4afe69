"""What a schedule was bound by: its lower bound, and what the longest realised chain waited for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.managing.globs import overlap
from runner.managing.ranks import successors, upward
from runner.records import Assignment, JsonObject, Manager, Task

NEAR = 0.05
"""Seconds between the end of one span and the start that it allowed: dispatching, not waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One attempt at a task on a seat, from the start of its turn until it was merged or given up, in seconds."""

    task: str
    seat: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class _Link:
    span: Span
    before: Span | None
    waited_for: str


def schedule(
    assignment: Assignment, spans: Sequence[Span], slots: int, managers: Mapping[str, Manager] | None = None
) -> JsonObject:
    """How long it took, and why.

    `seconds` from first start to last end; `lower_bound` seconds that no dispatcher goes below with these durations
    under needs, slots and each manager's `parallel`; `bound_by` what the longest chain waited for most ("needs",
    "seat", "parallel", "slots", "file", or "itself" where it never waited); `chain` from first to last.
    """
    if not spans:
        return {"seconds": 0.0, "lower_bound": 0.0, "bound_by": "itself", "chain": []}
    chain = _chain(_Board(assignment, spans, slots, managers or {}))
    caused: dict[str, float] = {}
    for link in chain:
        if link.before is not None:
            caused[link.waited_for] = caused.get(link.waited_for, 0.0) + link.before.end - link.before.start
    return {
        "seconds": max(span.end for span in spans) - min(span.start for span in spans),
        "lower_bound": lower_bound(assignment, spans, slots, managers or {}),
        "bound_by": max(caused, key=lambda name: caused[name], default="itself"),
        "chain": [_said(link) for link in chain],
    }


def lower_bound(assignment: Assignment, spans: Sequence[Span], slots: int, managers: Mapping[str, Manager]) -> float:
    """The most of: the longest path, the work over the slots, a manager's work over its `parallel`; in seconds.

    The work of a task is the sum of its attempts.
    """
    work: dict[str, float] = {}
    for span in spans:
        work[span.task] = work.get(span.task, 0.0) + span.end - span.start
    bounds = [*upward(work, successors(assignment.edges)).values(), sum(work.values()) / slots]
    for name, manager in managers.items():
        own = (task for group in assignment.groups if group.manager == name for task in group.tasks)
        bounds.append(sum(work.get(task, 0.0) for task in own) / manager.agents.parallel)
    return max(bounds, default=0.0)


class _Board:
    """The spans with what is needed to say why one of them did not start earlier."""

    def __init__(
        self, assignment: Assignment, spans: Sequence[Span], slots: int, managers: Mapping[str, Manager]
    ) -> None:
        self.spans = sorted(spans, key=lambda span: (span.end, span.start))
        self.tasks: Mapping[str, Task] = {task.id: task for task in assignment.tasks}
        self.manager = {task: group.manager for group in assignment.groups for task in group.tasks}
        self.needs: dict[str, set[str]] = {}
        for edge in assignment.edges:
            self.needs.setdefault(edge.after, set()).add(edge.before)
        self.slots = slots
        self.parallel = {name: manager.agents.parallel for name, manager in managers.items()}

    def cause(self, span: Span) -> tuple[Span | None, str]:
        """The span whose end let this one start, and by what; None where nothing was waited for."""
        earlier = [one for one in self.spans if one.end <= span.start + NEAR and one is not span]
        if not earlier:
            return None, "itself"
        found = [(last, why) for why, own in self._tied(span, earlier) if (last := own[-1] if own else None)]
        latest = max((one for one, _ in found), key=lambda one: one.end, default=None)
        if latest is not None and latest.end >= earlier[-1].end - NEAR:
            return next((one, why) for one, why in found if one.end >= latest.end - NEAR)
        shared = self._shared(span, earlier[-1])
        if shared is not None:
            return shared
        return (latest, next(why for one, why in found if one is latest)) if latest else (earlier[-1], "slots")

    def _tied(self, span: Span, earlier: Sequence[Span]) -> tuple[tuple[str, list[Span]], ...]:
        needs = self.needs.get(span.task, set())
        return (
            ("needs", [one for one in earlier if one.task in needs]),
            ("seat", [one for one in earlier if one.seat == span.seat]),
            ("file", [one for one in earlier if one.task != span.task and self._meet(one.task, span.task)]),
        )

    def _shared(self, span: Span, last: Span) -> tuple[Span, str] | None:
        """A cap that was full until just before the start: the manager's `parallel`, or the slots."""
        moment = last.end - NEAR / 2
        busy = [one for one in self.spans if one.start <= moment < one.end]
        name = self.manager.get(span.task, "")
        mates = [one for one in busy if self.manager.get(one.task) == name]
        if self.manager.get(last.task) == name and len({one.seat for one in mates}) >= self.parallel.get(name, 1 << 30):
            return last, "parallel"
        return (last, "slots") if len({one.seat for one in busy}) >= self.slots else None

    def _meet(self, one: str, other: str) -> bool:
        return any(overlap(a, b) for a in self.tasks[one].outputs for b in self.tasks[other].outputs)


def _chain(board: _Board) -> list[_Link]:
    span: Span | None = max(board.spans, key=lambda one: one.end)
    links: list[_Link] = []
    while span is not None and len(links) <= len(board.spans):
        before, why = board.cause(span)
        links.append(_Link(span, before, why))
        span = before
    return links[::-1]


def _said(link: _Link) -> JsonObject:
    waited = link.span.start - link.before.end if link.before else 0.0
    return {
        "task": link.span.task,
        "seconds": link.span.end - link.span.start,
        "waited_for": link.waited_for,
        "what": link.before.task if link.before else "",
        "waited": max(0.0, waited),
    }
