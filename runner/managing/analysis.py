"""What a schedule was bound by: its lower bound, and what the longest realised chain waited for. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner.managing.globs import overlap
from runner.managing.ranks import successors, upward
from runner.records import Assignment, JsonObject, Task

NEAR = 0.05
"""Seconds between the end of one span and the start that it allowed: dispatching, not waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One attempt at a task on a seat, from the start of its turn until it was merged or given up, in seconds."""

    task: str
    seat: str
    start: float
    end: float
    attempt: int = 1
    round: int = 0


@dataclass(frozen=True, slots=True)
class _Link:
    span: Span
    before: Span | None
    waited_for: str


def schedule(
    assignment: Assignment, spans: Sequence[Span], slots: int, caps: Mapping[str, int] | None = None
) -> JsonObject:
    """How long it took, and why. `caps` are orders at once for "manager" and "manager.group" (`places.caps`).

    `seconds` from first start to last end; `lower_bound` seconds that no dispatcher goes below with these durations
    under needs, slots and caps; `bound_by` what the longest chain waited for most ("needs", "attempt", "seat",
    "parallel", "slots", "file", or "itself" where it never waited); `chain` from first to last.
    """
    if not spans:
        return {"seconds": 0.0, "lower_bound": 0.0, "bound_by": "itself", "chain": []}
    chain = _chain(_Board(assignment, spans, slots, caps or {}))
    caused: dict[str, float] = {}
    for link in chain:
        if link.before is not None:
            caused[link.waited_for] = caused.get(link.waited_for, 0.0) + link.before.end - link.before.start
    return {
        "seconds": max(span.end for span in spans) - min(span.start for span in spans),
        "lower_bound": lower_bound(assignment, spans, slots, caps or {}),
        "bound_by": max(caused, key=lambda name: caused[name], default="itself"),
        "chain": [_said(link) for link in chain],
    }


def lower_bound(assignment: Assignment, spans: Sequence[Span], slots: int, caps: Mapping[str, int]) -> float:
    """The most of: the longest path, the work over the slots, the work under a cap over that cap; in seconds.

    The work of a task is the sum of its attempts.
    """
    work: dict[str, float] = {}
    for span in spans:
        work[span.task] = work.get(span.task, 0.0) + span.end - span.start
    shared: dict[str, float] = {}
    for group in assignment.groups:
        own = sum(work.get(task, 0.0) for task in group.tasks)
        for name in (group.manager, f"{group.manager}.{group.name}"):
            shared[name] = shared.get(name, 0.0) + own
    capped = (shared.get(name, 0.0) / cap for name, cap in caps.items())
    return max(*upward(work, successors(assignment.edges)).values(), sum(work.values()) / slots, *capped)


@dataclass(slots=True)
class _Busy:
    """How many of some spans were at work at a moment."""

    starts: list[float]
    ends: list[float]

    def at(self, moment: float) -> int:
        return bisect_right(self.starts, moment) - bisect_right(self.ends, moment)


class _Board:
    """The spans with what is needed to say why one of them did not start earlier."""

    def __init__(self, assignment: Assignment, spans: Sequence[Span], slots: int, caps: Mapping[str, int]) -> None:
        self.spans = sorted(spans, key=lambda span: (span.end, span.start))
        self.ends = [span.end for span in self.spans]
        self.tasks: Mapping[str, Task] = {task.id: task for task in assignment.tasks}
        self.needs: dict[str, set[str]] = {}
        for edge in assignment.edges:
            self.needs.setdefault(edge.after, set()).add(edge.before)
        self.caps = {"": slots, **caps}
        self.capped = {
            task: tuple(name for name in (f"{group.manager}.{group.name}", group.manager) if name in caps)
            for group in assignment.groups
            for task in group.tasks
        }
        self.busy = {name: self._busy(name) for name in self.caps}

    def cause(self, span: Span) -> tuple[Span | None, str]:
        """The span whose end let this one start, and by what; None where nothing was waited for."""
        earlier = self._earlier(span)
        last = next(earlier, None)
        if last is None:
            return None, "nothing"
        near = [last]
        for one in earlier:
            if one.end < last.end - NEAR:
                break
            near.append(one)
        if (found := self._closest(span, near)) or (found := self._shared(span, near)):
            return found
        # Nothing that just ended explains the start: what did is further back, and orch itself took the rest.
        return next((found for one in self._earlier(span) if (found := self._closest(span, [one]))), (last, "slots"))

    def _earlier(self, span: Span) -> Iterator[Span]:
        """What had ended when the span started, the latest first."""
        for place in range(bisect_right(self.ends, span.start + NEAR) - 1, -1, -1):
            if self.spans[place].start < span.start:
                yield self.spans[place]

    def _closest(self, span: Span, ended: Sequence[Span]) -> tuple[Span, str] | None:
        """The first of `ended` by the closest tie that any of them has."""
        ties = (
            ("attempt", lambda one: one.task == span.task),
            ("needs", lambda one: one.task in self.needs.get(span.task, ())),
            ("seat", lambda one: one.seat == span.seat),
            ("file", lambda one: self._meet(one.task, span.task)),
        )
        return next(((one, why) for why, holds in ties for one in ended if holds(one)), None)

    def _shared(self, span: Span, ended: Sequence[Span]) -> tuple[Span, str] | None:
        """A cap that was full until just before the start: of the group, of the manager, or the slots."""
        for one in ended:
            for name in (*self.capped.get(span.task, ()), ""):
                shares = not name or name in self.capped.get(one.task, ())
                if shares and self.busy[name].at(one.end - NEAR / 2) >= self.caps[name]:
                    return one, "parallel" if name else "slots"
        return None

    def _busy(self, cap: str) -> _Busy:
        spans = [span for span in self.spans if not cap or cap in self.capped.get(span.task, ())]
        return _Busy(sorted(span.start for span in spans), [span.end for span in spans])

    def _meet(self, one: str, other: str) -> bool:
        if one not in self.tasks or other not in self.tasks:
            return False
        return any(overlap(a, b) for a in self.tasks[one].outputs for b in self.tasks[other].outputs)


def _chain(board: _Board) -> list[_Link]:
    """From the last end back to the first start; every step goes to an earlier start, so it ends."""
    span: Span | None = board.spans[-1]
    links: list[_Link] = []
    while span is not None:
        before, why = board.cause(span)
        links.append(_Link(span, before, why))
        span = before
    return links[::-1]


def _said(link: _Link) -> JsonObject:
    return {
        "task": link.span.task,
        "attempt": link.span.attempt,
        "round": link.span.round,
        "seconds": link.span.end - link.span.start,
        "waited_for": link.waited_for,
        "what": link.before.task if link.before else "",
        "waited": max(0.0, link.span.start - link.before.end) if link.before else 0.0,
    }
