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


def points(tasks: Iterable[Task]) -> dict[str, float]:
    """The weight of each task: its complexity points."""
    return {task.id: float(task.points) for task in tasks}
