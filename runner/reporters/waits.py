"""The schedule of a run that happened: makespan, lower bound, and what the longest realised chain waited for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runner.records import JsonObject
from runner.reporters.timeline import Span, Timeline

_NEAR = 0.05
"""Seconds between an end and the start that it allowed: dispatch, not waiting."""


def schedule(
    line: Timeline,
    tasks: Sequence[JsonObject],
    edges: Sequence[JsonObject],
    managers: Mapping[str, str],
    limits: JsonObject,
) -> dict[str, Any]:
    """`seconds` from the first turn to the last end; `lower_bound` seconds that no dispatcher can go below with these
    durations; `bound_by` "needs" or "agents"; `chain` from first to last, each with what it waited for.

    `managers` maps each task to its manager, `limits` are the run's.
    """
    turns = [span for span in line.spans if span.kind == "turn"]
    if not turns:
        return {
            "seconds": 0.0,
            "lower_bound": 0.0,
            "bound_by": "nothing ran",
            "busy": 0.0,
            "most_at_once": 0,
            "chain": [],
        }
    busy: dict[str, float] = {}
    for span in turns:
        busy[span.subject] = busy.get(span.subject, 0.0) + span.end - span.start
    needs = _needs(edges, busy)
    longest = _longest(busy, needs)
    slots = int(limits.get("agents") or 0)
    shared = sum(busy.values()) / slots if slots else 0.0
    return {
        "seconds": round(max(span.end for span in turns) - min(span.start for span in turns), 3),
        "lower_bound": round(max(longest, shared), 3),
        "bound_by": "needs" if longest >= shared else "agents",
        "busy": round(sum(busy.values()), 3),
        "most_at_once": most_at_once(turns),
        "chain": _World(turns, needs, _files(tasks), managers, slots).chain(),
    }


def most_at_once(turns: Sequence[Span]) -> int:
    """How many agents were at work at the same moment, at most (their own turns, without checks and merges)."""
    moments = sorted([(span.start, 1) for span in turns] + [(span.worked, -1) for span in turns])
    now = most = 0
    for _, change in moments:
        now += change
        most = max(most, now)
    return most


def _needs(edges: Sequence[JsonObject], busy: Mapping[str, float]) -> dict[str, list[str]]:
    needs: dict[str, list[str]] = {}
    for edge in edges:
        if edge["before"] in busy and edge["after"] in busy:
            needs.setdefault(str(edge["after"]), []).append(str(edge["before"]))
    return needs


def _files(tasks: Sequence[JsonObject]) -> dict[str, frozenset[str]]:
    return {str(task["id"]): frozenset(task.get("outputs") or ()) for task in tasks}


def _longest(busy: Mapping[str, float], needs: Mapping[str, Sequence[str]]) -> float:
    """The longest path by time at work; iterative, since chains can be longer than the recursion limit."""
    known: dict[str, float] = {}
    for root in busy:
        stack = [root]
        while stack:
            task = stack[-1]
            missing = [need for need in needs.get(task, ()) if need not in known and need not in stack]
            if missing and task not in known:
                stack.extend(missing)
                continue
            known[task] = busy[task] + max((known.get(need, 0.0) for need in needs.get(task, ())), default=0.0)
            stack.pop()
    return max(known.values(), default=0.0)


@dataclass(frozen=True)
class _World:
    """What a task may have waited for: needs by task, files and managers by task, how many agents there were."""

    turns: Sequence[Span]
    needs: Mapping[str, Sequence[str]]
    files: Mapping[str, frozenset[str]]
    managers: Mapping[str, str]
    agents: int

    @cached_property
    def _by_end(self) -> list[Span]:
        return sorted(self.turns, key=lambda span: span.end)

    @cached_property
    def _ends(self) -> list[float]:
        return [span.end for span in self._by_end]

    @cached_property
    def _starts(self) -> list[float]:
        return sorted(span.start for span in self.turns)

    def chain(self) -> list[dict[str, Any]]:
        """From the last end back to the first start: each span with the one whose end it waited for."""
        found: list[dict[str, Any]] = []
        span: Span | None = max(self.turns, key=lambda one: one.end)
        while span is not None:
            before, why = self._waited_for(span)
            found.append(
                {
                    "task": span.subject,
                    "attempt": span.attempt,
                    "round": span.round,
                    "seconds": round(span.end - span.start, 3),
                    "waited_for": why,
                    "waited": round(max(0.0, span.start - before.end), 3) if before else 0.0,
                }
            )
            span = before
        return found[::-1]

    def _waited_for(self, span: Span) -> tuple[Span | None, str]:
        """The span that ended last before this one started, and the closest tie between the two."""
        near: list[Span] = []
        for index in range(bisect_right(self._ends, span.start + _NEAR) - 1, -1, -1):
            one = self._by_end[index]
            if near and one.end < near[0].end - _NEAR:
                break
            near += [one] if one.start < span.start else []
        if not near:
            return None, "nothing"
        ties = ((why, one) for why, holds in self._ties(span) for one in near if holds(one))
        why, one = next(ties)
        return one, why

    def _ties(self, span: Span) -> tuple[tuple[str, Callable[[Span], bool]], ...]:
        files, manager = self.files.get(span.subject, frozenset()), self.managers.get(span.subject)
        running = bisect_left(self._starts, span.start) - bisect_left(self._ends, span.start - _NEAR)
        full = bool(self.agents) and running >= self.agents
        return (
            ("its attempt before", lambda one: one.subject == span.subject),
            ("needs", lambda one: one.subject in self.needs.get(span.subject, ())),
            ("seat", lambda one: one.lane == span.lane),
            ("file", lambda one: bool(files & self.files.get(one.subject, frozenset()))),
            ("agents", lambda one: full),
            ("its manager's parallel", lambda one: bool(manager) and self.managers.get(one.subject) == manager),
            ("agents", lambda one: True),
        )
