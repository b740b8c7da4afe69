"""The picture of a graph as SVG: inside a page it takes the page's style, alone it carries its own."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from html import escape

from runner.graph.colours import FILLS, MARKS
from runner.graph.layout import Edge, Layout, layered
from runner.graph.pictures import drawn

NODE, LINE, GAP, EDGE_ROOM, MARGIN = 34.0, 46.0, 56.0, 12.0, 8.0
"""Pixels: height of a box, height of a row, between columns, height of an edge's row, around everything."""
LABEL = 30
"""Characters of a label that are shown; the whole stands in the title."""

_DARK = {"fill": "#20262e", "text": "#e6e9ee", "line": "#5c6673"}


def style() -> str:
    """The rules for a picture that stands alone, for light and dark."""
    rules = [
        "text{font:12px system-ui,sans-serif;fill:#1b1f24}.sub{font-size:10px;opacity:.65}",
        ".edge{fill:none;stroke:#9aa3af;stroke-width:1.2}.tip{fill:#9aa3af}.box{fill:#f4f5f7;stroke:#9aa3af}",
    ]
    rules += [f".box.{status}{{fill:{fill};stroke:{line}}}" for status, (fill, line) in FILLS.items()]
    rules.append(
        f"@media(prefers-color-scheme:dark){{text{{fill:{_DARK['text']}}}.box{{fill:{_DARK['fill']}!important}}"
        f".edge{{stroke:{_DARK['line']}}}}}"
    )
    return "".join(rules)


def _short(text: str) -> str:
    return text if len(text) <= LABEL else text[: LABEL - 1] + "…"


def _widths(layout: Layout, labels: Mapping[str, str], groups: Mapping[str, str]) -> list[float]:
    return [
        max(
            (max(len(_short(labels[node])) * 7.2 + 36, len(_short(groups.get(node, ""))) * 6 + 24) for node in column),
            default=40.0,
        )
        for column in layout.columns
    ]


def _lefts(widths: Sequence[float]) -> list[float]:
    lefts, x = [], MARGIN
    for width in widths:
        lefts.append(x)
        x += width + GAP
    return lefts


Point = tuple[float, float]


def _curve(start: Point, end: Point) -> str:
    (x, y), (to_x, to_y) = start, end
    middle = (x + to_x) / 2
    return f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _box(
    node: str, label: str, group: str, status: str, title: str, place: tuple[float, float, float], link: str
) -> str:
    x, y, width = place
    mark = f"{MARKS[status]} " if status in MARKS else ""
    first = y + (-2 if group else 4)
    sub = f'<text class="sub" x="{x + 10:.1f}" y="{y + 11:.1f}">{escape(_short(group))}</text>' if group else ""
    hover = escape(title or f"{label}{f' ({group})' if group else ''}{f': {status}' if status else ''}")
    box = (
        f'<g class="node"><title>{hover}</title>'
        f'<rect class="box {escape(status)}" x="{x:.1f}" y="{y - NODE / 2:.1f}" width="{width:.1f}" height="{NODE:.0f}"'
        f' rx="6"/><text x="{x + 10:.1f}" y="{first:.1f}">{mark}{escape(_short(label))}</text>{sub}</g>'
    )
    return f'<a href="{escape(link)}">{box}</a>' if link else box


def _edge_paths(layout: Layout, edges: Sequence[Edge], lefts: list[float], widths: list[float]) -> list[str]:
    """Every stretch once, since the edges of a node share their bends; the tip is at what comes after."""
    column = {node: index for index, nodes in enumerate(layout.columns) for node in nodes}
    found: dict[str, None] = {}
    for edge in edges:
        turned = edge not in layout.paths
        before, after = edge[::-1] if turned else edge
        points = [(lefts[column[before]] + widths[column[before]], layout.height[before])]
        for bend in layout.paths.get((before, after), ()):
            x, y = lefts[bend[1]], layout.height[bend]
            points += [(x, y), (x + widths[bend[1]], y)]
        points.append((lefts[column[after]] - 5, layout.height[after]))
        stretches = [_curve(start, end) for start, end in itertools.pairwise(points)]
        tips = {stretches[0]: "marker-start"} if turned else {stretches[-1]: "marker-end"}
        found.update({_stretch(stretch, turned, tips.get(stretch, "")): None for stretch in stretches})
    return list(found)


def _stretch(curve: str, turned: bool, tip: str) -> str:
    marker = f' {tip}="url(#tip)"' if tip else ""
    return f'<path class="edge{" back" if turned else ""}" d="{curve}"{marker}/>'


def to_svg(
    nodes: Mapping[str, str],
    edges: Sequence[Edge],
    groups: Mapping[str, str] | None = None,
    statuses: Mapping[str, str] | None = None,
    titles: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    alone: bool = True,
) -> str:
    """The picture; `titles` are shown on hovering, `links` make a node lead somewhere, both by id.

    `alone` False leaves out the style, for a page that has its own and forbids others.
    """
    nodes, shown, groups, statuses = drawn(nodes, edges, groups or {}, statuses or {})
    layout = layered(list(nodes), shown, LINE, EDGE_ROOM)
    widths = _widths(layout, nodes, groups)
    lefts = _lefts(widths)
    height = {place: value + MARGIN for place, value in layout.height.items()}
    layout = Layout(layout.columns, height, layout.paths, layout.total)
    boxes = [
        _box(
            node,
            nodes[node],
            groups.get(node, ""),
            statuses.get(node, ""),
            (titles or {}).get(node, ""),
            (lefts[index], layout.height[node], widths[index]),
            (links or {}).get(node, ""),
        )
        for index, column in enumerate(layout.columns)
        for node in column
    ]
    wide = (lefts[-1] + widths[-1] if lefts else 0) + MARGIN
    tall = layout.total + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" width="{wide:.0f}" height="{tall:.0f}"'
        f' viewBox="0 0 {wide:.0f} {tall:.0f}" role="img" aria-label="Graph of {len(nodes)} nodes">'
        + (f"<style>{style()}</style>" if alone else "")
        + '<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="6" markerHeight="6"'
        ' orient="auto-start-reverse"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>'
        + "".join(_edge_paths(layout, shown, lefts, widths))
        + "".join(boxes)
        + "</svg>\n"
    )
