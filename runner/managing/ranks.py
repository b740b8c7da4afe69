"""Order among tasks: topological order and upward rank over complexity points (Topcuoglu's HEFT, 2002)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.records import Edge, Task


def successors(edges: Iterable[Edge]) -> dict[str, list[str]]:
    """What waits for each task, in the order of the edges; tasks without any are not in it."""
    after: dict[str, list[str]] = {}
    for edge in edges:
        after.setdefault(edge.before, []).append(edge.after)
    return after


def topological(names: Iterable[str], after: Mapping[str, Iterable[str]]) -> list[str]:
    """`names` so that each stands behind what it waits for (Kahn); what stands on a cycle is left out."""
    waiting = dict.fromkeys(names, 0)
    for before in waiting:
        for name in after.get(before, ()):
            if name in waiting:
                waiting[name] += 1
    found = [name for name, count in waiting.items() if count == 0]
    for before in found:  # grows while it is walked: that is the queue
        for name in after.get(before, ()):
            if name in waiting:
                waiting[name] -= 1
                if waiting[name] == 0:
                    found.append(name)
    return found


def upward(weights: Mapping[str, float], after: Mapping[str, Iterable[str]]) -> dict[str, float]:
    """The longest way from each task to an end, its own weight included, in the unit of `weights`."""
    ranks = {name: float(weight) for name, weight in weights.items()}
    for name in reversed(topological(weights, after)):
        ranks[name] += max((ranks[later] for later in after.get(name, ()) if later in ranks), default=0.0)
    return ranks


def seated(
    weights: Mapping[str, float], after: Mapping[str, Iterable[str]], seats: Mapping[str, str]
) -> dict[str, float]:
    """Upward ranks that also know that a seat does one task at a time, in the unit of `weights`.

    What waits for a task, summed for the seat that has most of it, is as hard a bound as the longest path. Measured on
    generated applications this takes 2 % off the makespan (benchmarks/scheduling.py). Above SEATED_UP_TO tasks the
    sets of descendants would cost more than they give: there it is `upward`.
    """
    if len(weights) > SEATED_UP_TO:
        return upward(weights, after)
    bits = {name: 1 << place for place, name in enumerate(weights)}
    queues = _queues(weights, seats, bits)
    ranks = {name: float(weight) for name, weight in weights.items()}
    below = dict.fromkeys(weights, 0)
    for name in reversed(topological(weights, after)):
        path = 0.0
        for later in after.get(name, ()):
            below[name] |= below[later] | bits[later]
            path = max(path, ranks[later])
        ranks[name] += max(path, _longest_queue(below[name], queues))
    return ranks


SEATED_UP_TO = 4000

Queues = list[list[tuple[float, int]]]
"""For each seat with several tasks: each weight with the bits of its tasks."""


def _queues(weights: Mapping[str, float], seats: Mapping[str, str], bits: Mapping[str, int]) -> Queues:
    found: dict[str, dict[float, int]] = {}
    for name, seat in seats.items():
        masks = found.setdefault(seat, {})
        masks[weights[name]] = masks.get(weights[name], 0) | bits[name]
    return [list(masks.items()) for masks in found.values() if sum(mask.bit_count() for mask in masks.values()) > 1]


def _longest_queue(below: int, queues: Queues) -> float:
    if not below:
        return 0.0
    return max((sum(weight * (below & mask).bit_count() for weight, mask in queue) for queue in queues), default=0.0)


def points(tasks: Iterable[Task]) -> dict[str, float]:
    """The weight of each task: its complexity points."""
    return {task.id: float(task.points) for task in tasks}
