"""The one cycle finder, for lint and engine alike (networkx costs too much to import for it)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def find_cycle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...] | None:
    """A cycle as a path whose first node is its last, starting at its earliest node in `edges`; None without one.

    `edges` maps a node to those it points to; nodes that are no keys have no edges. Iterative, O(nodes + edges).
    """
    order = {node: number for number, node in enumerate(edges)}
    finished: set[str] = set()
    for start in edges:
        if start not in finished:
            cycle = _search(start, edges, finished)
            if cycle is not None:
                return _rotated(cycle, order)
    return None


def _search(start: str, edges: Mapping[str, Iterable[str]], finished: set[str]) -> list[str] | None:
    path, on_path = [start], {start}
    pending = [iter(edges.get(start, ()))]
    while pending:
        following = next(pending[-1], None)
        if following is None:
            pending.pop()
            done = path.pop()
            on_path.discard(done)
            finished.add(done)
        elif following in on_path:
            return path[path.index(following) :]
        elif following not in finished:
            path.append(following)
            on_path.add(following)
            pending.append(iter(edges.get(following, ())))
    return None


def _rotated(cycle: list[str], order: Mapping[str, int]) -> tuple[str, ...]:
    first = min(range(len(cycle)), key=lambda index: order[cycle[index]])
    turned = cycle[first:] + cycle[:first]
    return (*turned, turned[0])


def reachable(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Every node on a path from `start` (which only belongs to it if a cycle leads back)."""
    found: set[str] = set()
    pending = list(edges.get(start, ()))
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending.extend(edges.get(node, ()))
    return found
