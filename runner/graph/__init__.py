"""Graphs: `networks` builds the ones that run, by networkx; the other modules draw, without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.graph.layout import without_shortcuts
from runner.graph.pictures import to_dot, to_mermaid, to_text
from runner.graph.svg import to_svg

if TYPE_CHECKING:
    from runner.graph.networks import CycleFound, dag, layers

__all__ = ["CycleFound", "dag", "layers", "to_dot", "to_mermaid", "to_svg", "to_text", "without_shortcuts"]


def __getattr__(name: str) -> object:
    # networkx costs a fifth of a second, and most commands only draw, or do neither.
    if name in ("CycleFound", "dag", "layers"):
        from runner.graph import networks  # noqa: PLC0415

        return getattr(networks, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
