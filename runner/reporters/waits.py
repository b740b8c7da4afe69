"""The schedule of a run that happened: makespan, lower bound, and what the longest realised chain waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.records import JsonObject
from runner.reporters.timeline import Span, Timeline

_NEAR = 0.05
"""Seconds between an end and the start that it allowed: dispatch, not waiting."""


def schedule(
    line: Timeline, tasks: Sequence[JsonObject], edges: Sequence[JsonObject], limits: JsonObject
) -> dict[str, Any]:
    """`seconds` from the first turn to the last end; `lower_bound` seconds that no dispatcher can go below with these
    durations; `bound_by` "needs" or "agents"; `chain` from first to last, each with what it waited for."""
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
        "chain": _chain(turns, needs),
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


def _chain(turns: Sequence[Span], needs: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """From the last end back to the first start: each span with the one whose end it waited for."""
    chain: list[dict[str, Any]] = []
    span: Span | None = max(turns, key=lambda one: one.end)
    seen: set[int] = set()
    while span is not None and id(span) not in seen:
        seen.add(id(span))
        before, why = _waited_for(span, turns, needs)
        chain.append(
            {
                "task": span.subject,
                "attempt": span.attempt,
                "seconds": round(span.end - span.start, 3),
                "waited_for": why,
                "waited": round(span.start - before.end, 3) if before else 0.0,
            }
        )
        span = before
    return chain[::-1]


def _waited_for(span: Span, turns: Sequence[Span], needs: Mapping[str, Sequence[str]]) -> tuple[Span | None, str]:
    earlier = [one for one in turns if one is not span and one.end <= span.start + _NEAR and one.start < span.start]
    if not earlier:
        return None, "nothing"
    by_need = [one for one in earlier if one.subject in needs.get(span.subject, ())]
    groups = (
        ("its own attempt before", [one for one in earlier if one.subject == span.subject]),
        ("needs", by_need),
        ("seat", [one for one in earlier if one.lane == span.lane]),
        ("a free agent", earlier),
    )
    latest = max(one.end for one in earlier)
    for why, candidates in groups:
        near = [one for one in candidates if one.end >= latest - _NEAR]
        if near:
            return max(near, key=lambda one: one.end), why
    return None, "nothing"
