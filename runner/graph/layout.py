"""A layered layout of our own (Sugiyama, Tagawa and Toda 1981), from left to right.

Four steps: edges that close a cycle are set aside, each node gets the layer of its longest path, long edges get a
place in every layer they cross, and two sweeps settle first the order in each layer (barycentres, the order with the
fewest crossings is kept) and then the heights (least squares under the order, by pooling adjacent violators).
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]
Bend = tuple[str, int]
"""The place where long edges of a node cross a layer: they share it, and part only before their ends."""
Place = str | Bend

SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns` are the layers with their real nodes from top to bottom; `height` of each node and bend (its middle, in
    pixels from 0); `paths` the bends of each edge, in order of columns; `total` pixels from top to bottom."""

    columns: tuple[tuple[str, ...], ...]
    height: Mapping[Place, float]
    paths: Mapping[Edge, tuple[Bend, ...]]
    total: float


def back_edges(nodes: Iterable[str], edges: Iterable[Edge]) -> frozenset[Edge]:
    """Edges that close a cycle in a depth-first walk; without them the graph is acyclic."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for before, later in edges:
        after[before].append(later)
    state: dict[str, int] = {}
    back: set[Edge] = set()
    for root in after:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(after[root]))]
        while stack:
            node, rest = stack[-1]
            follower = next(rest, None)
            if follower is None:
                state[node] = 2
                stack.pop()
            elif state.get(follower) == 1:
                back.add((node, follower))
            elif follower not in state:
                state[follower] = 1
                stack.append((follower, iter(after[follower])))
    return frozenset(back)


def without_shortcuts(nodes: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """The edges without those that a longer path says too (of an acyclic graph), by sets as bits."""
    order = sorted(nodes, key=layer_of(nodes, edges).__getitem__, reverse=True)
    number = {node: place for place, node in enumerate(order)}
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for before, later in edges:
        after[before].append(later)
    reached: dict[str, int] = {}
    kept: set[Edge] = set()
    for node in order:
        seen = 0
        for later in sorted(after[node], key=number.__getitem__, reverse=True):
            if not seen >> number[later] & 1:
                kept.add((node, later))
            seen |= 1 << number[later] | reached[later]
        reached[node] = seen
    return [edge for edge in edges if edge in kept]


def layer_of(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The longest path to each node; what needs nothing moves up to what needs it."""
    waiting = dict.fromkeys(nodes, 0)
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for before, later in edges:
        waiting[later] += 1
        after[before].append(later)
    roots = [node for node in nodes if not waiting[node]]
    layer = dict.fromkeys(roots, 0)
    ready = list(roots)
    while ready:
        node = ready.pop()
        for later in after[node]:
            layer[later] = max(layer.get(later, 0), layer[node] + 1)
            waiting[later] -= 1
            if not waiting[later]:
                ready.append(later)
    for root in roots:
        layer[root] = min((layer[later] for later in after[root]), default=1) - 1
    return layer


def _with_bends(nodes: Sequence[str], edges: Sequence[Edge]) -> tuple[list[list[Place]], dict[Edge, list[Place]]]:
    """The places of each layer, and for each edge the places it goes through, both ends included."""
    layer = layer_of(nodes, edges)
    columns: list[dict[Place, None]] = [{} for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        columns[layer[node]][node] = None
    paths: dict[Edge, list[Place]] = {}
    for before, later in edges:
        bends: list[Place] = [(before, at) for at in range(layer[before] + 1, layer[later])]
        for at, bend in enumerate(bends, layer[before] + 1):
            columns[at][bend] = None
        paths[(before, later)] = [before, *bends, later]
    return [list(column) for column in columns], paths


def _neighbours(paths: Mapping[Edge, Sequence[Place]]) -> tuple[dict[Place, list[Place]], dict[Place, list[Place]]]:
    left: dict[Place, list[Place]] = {}
    right: dict[Place, list[Place]] = {}
    for one, two in dict.fromkeys(pair for path in paths.values() for pair in itertools.pairwise(path)):
        right.setdefault(one, []).append(two)
        left.setdefault(two, []).append(one)
    return left, right


def crossings(columns: Sequence[Sequence[Place]], right: Mapping[Place, Sequence[Place]]) -> int:
    """How many pairs of edges cross between neighbouring layers."""
    total = 0
    for one, two in itertools.pairwise(columns):
        at = {place: index for index, place in enumerate(two)}
        seen: list[int] = []
        for place in one:
            ends = sorted(at[end] for end in right.get(place, ()))
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _ordered(
    columns: list[list[Place]], left: Mapping[Place, Sequence[Place]], right: Mapping[Place, Sequence[Place]]
) -> list[list[Place]]:
    best, fewest = columns, crossings(columns, right)
    now = columns
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        now = _swept(now, left if forward else right, forward)
        found = crossings(now, right)
        if found < fewest:
            best, fewest = now, found
    return best


def _swept(columns: list[list[Place]], near: Mapping[Place, Sequence[Place]], forward: bool) -> list[list[Place]]:
    made = [list(column) for column in columns]
    indices = range(1, len(made)) if forward else range(len(made) - 2, -1, -1)
    for index in indices:
        fixed = {place: at for at, place in enumerate(made[index - 1 if forward else index + 1])}
        own = {place: at for at, place in enumerate(made[index])}

        def centre(place: Place, fixed: Mapping[Place, int] = fixed, own: Mapping[Place, int] = own) -> float:
            ends = [fixed[end] for end in near.get(place, ())]
            return sum(ends) / len(ends) if ends else float(own[place])

        made[index].sort(key=centre)
    return made


def pooled(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing sequence nearest to `wanted` in weighted least squares."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, heavy, many = blocks.pop()
            both = heavy + block[1]
            block = ((mean * heavy + block[0] * block[1]) / both, both, many + block[2])
        blocks.append(block)
    return [mean for mean, _, many in blocks for _ in range(many)]


def _size(place: Place, node: float, bend: float) -> float:
    return node if isinstance(place, str) else bend


def _heights(
    columns: Sequence[Sequence[Place]],
    left: Mapping[Place, Sequence[Place]],
    right: Mapping[Place, Sequence[Place]],
    node: float,
    bend: float,
) -> dict[Place, float]:
    offsets = [_offsets(column, node, bend) for column in columns]
    tallest = max((column[-1] for column in offsets if column), default=0.0)
    height: dict[Place, float] = {}
    for column, offset in zip(columns, offsets, strict=True):
        start = (tallest - offset[-1]) / 2 if offset else 0.0
        height.update({place: start + own for place, own in zip(column, offset, strict=True)})
    for sweep in range(SWEEPS):
        pairs = list(zip(columns, offsets, strict=True))
        for column, offset in pairs if sweep % 2 == 0 else pairs[::-1]:
            wanted, weights = [], []
            for place, own in zip(column, offset, strict=True):
                ends = [height[end] for end in (*left.get(place, ()), *right.get(place, ()))]
                wanted.append((sum(ends) / len(ends) if ends else height[place]) - own)
                weights.append(len(ends) * (1.0 if isinstance(place, str) else 3.0) or 0.2)
            for place, own, base in zip(column, offset, pooled(wanted, weights), strict=True):
                height[place] = base + own
    return height


def _offsets(column: Sequence[Place], node: float, bend: float) -> list[float]:
    offsets: list[float] = []
    for index, place in enumerate(column):
        half = (_size(place, node, bend) + _size(column[index - 1], node, bend)) / 2 if index else 0.0
        offsets.append(offsets[-1] + half if index else 0.0)
    return offsets


def layered(nodes: Sequence[str], edges: Sequence[Edge], node: float = 44.0, bend: float = 12.0) -> Layout:
    """Where everything stands; `node` and `bend` are the pixels from top to bottom that a node and an edge take."""
    known = set(nodes)
    unique = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1] and known.issuperset(edge)]
    back = back_edges(nodes, unique)
    forward = list(dict.fromkeys((b, a) if (a, b) in back else (a, b) for a, b in unique))
    columns, paths = _with_bends(nodes, forward)
    left, right = _neighbours(paths)
    columns = _ordered(columns, left, right)
    height = _heights(columns, left, right, node, bend)
    top = min((height[place] - _size(place, node, bend) / 2 for place in height), default=0.0)
    height = {place: value - top for place, value in height.items()}
    return Layout(
        columns=tuple(tuple(place for place in column if isinstance(place, str)) for column in columns),
        height=height,
        paths={edge: tuple(bend for bend in path if not isinstance(bend, str)) for edge, path in paths.items()},
        total=max((height[place] + _size(place, node, bend) / 2 for place in height), default=0.0),
    )
