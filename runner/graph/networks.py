"""Graphs that run, by networkx: built and checked here, walked by the engine."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx


class CycleFound(ValueError):
    """The edges close a cycle; `path` goes once around, first and last are the same node."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(" -> ".join(path))
        self.path = path


def dag(edges: Iterable[tuple[str, str]], nodes: Iterable[str] = ()) -> nx.DiGraph[str]:
    """The graph of `edges` (before, after) and `nodes`. Raises CycleFound."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    if not nx.is_directed_acyclic_graph(graph):
        around = [before for before, _ in nx.find_cycle(graph)]
        raise CycleFound((*around, around[0]))
    return graph


def layers(graph: nx.DiGraph[str]) -> tuple[tuple[str, ...], ...]:
    """The nodes by distance from the start: each layer needs only earlier ones."""
    return tuple(tuple(layer) for layer in nx.topological_generations(graph))
