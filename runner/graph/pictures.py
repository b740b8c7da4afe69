"""Pictures in words: Mermaid, DOT, and text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runner.graph.colours import FILLS, MARKS
from runner.graph.layout import Edge, layered

MANY = 150
"""Nodes above which a picture is drawn by group: it could not be read otherwise."""


def by_group(
    nodes: Mapping[str, str], edges: Sequence[Edge], groups: Mapping[str, str], statuses: Mapping[str, str]
) -> tuple[dict[str, str], list[Edge], dict[str, str]]:
    """Nodes, edges and statuses with each group as one node; its status is the worst inside."""
    of = {node: groups.get(node, node) for node in nodes}
    members: dict[str, list[str]] = {}
    for node in nodes:
        members.setdefault(of[node], []).append(node)
    labels = {group: f"{group} ({len(inside)} tasks)" for group, inside in members.items()}
    between = dict.fromkeys((of[a], of[b]) for a, b in edges if a in of and b in of and of[a] != of[b])
    worst = ("failed", "interrupted", "running", "pending", "skipped", "unverified", "verified", "ok")
    found = {group: {statuses.get(node, "") for node in inside} for group, inside in members.items()}
    overall = {group: next((word for word in worst if word in seen), "") for group, seen in found.items()}
    return labels, list(between), overall


def drawn(
    nodes: Mapping[str, str], edges: Sequence[Edge], groups: Mapping[str, str], statuses: Mapping[str, str]
) -> tuple[Mapping[str, str], list[Edge], Mapping[str, str], Mapping[str, str]]:
    """What a picture shows: each edge once, and groups for nodes above MANY of them."""
    if len(nodes) > MANY and len(set(groups.values())) > 1:
        nodes, edges, statuses = by_group(nodes, edges, groups, statuses)
        groups = {}
    known = [edge for edge in dict.fromkeys(edges) if edge[0] in nodes and edge[1] in nodes and edge[0] != edge[1]]
    return nodes, known, groups, statuses


def _marked(label: str, status: str) -> str:
    return f"{MARKS[status]} {label}" if status in MARKS else label


_ACTIVE = re.compile(r'[&<>"#\\`\n\r;|{}\[\]()]')


def _entity(text: str) -> str:
    """Text for a quoted Mermaid label: whatever the language gives a meaning stands as its code."""
    return _ACTIVE.sub(lambda found: f"#{ord(found.group())};", text)


def to_mermaid(
    nodes: Mapping[str, str],
    edges: Sequence[Edge],
    groups: Mapping[str, str] | None = None,
    statuses: Mapping[str, str] | None = None,
) -> str:
    """A Mermaid flow chart; `nodes` are labels by id, `groups` and `statuses` by id."""
    nodes, shown, groups, statuses = drawn(nodes, edges, groups or {}, statuses or {})
    ids = {node: f"n{number}" for number, node in enumerate(nodes)}
    lines = ["graph LR"]
    for number, group in enumerate(dict.fromkeys(groups.get(node, "") for node in nodes)):
        inside = [node for node in nodes if groups.get(node, "") == group]
        body = [f'{ids[node]}["{_entity(_marked(nodes[node], statuses.get(node, "")))}"]' for node in inside]
        if group:
            lines += [f'  subgraph g{number}["{_entity(group)}"]', *(f"    {line}" for line in body), "  end"]
        else:
            lines += [f"  {line}" for line in body]
    lines += [f"  {ids[before]} --> {ids[after]}" for before, after in shown]
    for status in dict.fromkeys(statuses.get(node, "") for node in nodes):
        if status in FILLS:
            fill, line = FILLS[status]
            of = ",".join(ids[node] for node in nodes if statuses.get(node) == status)
            lines += [f"  classDef {status} fill:{fill},stroke:{line},color:#1b1f24", f"  class {of} {status}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ")
    return '"' + plain.replace("\n", "\\n") + '"'


def to_dot(
    nodes: Mapping[str, str],
    edges: Sequence[Edge],
    groups: Mapping[str, str] | None = None,
    statuses: Mapping[str, str] | None = None,
) -> str:
    """The same for Graphviz."""
    nodes, shown, groups, statuses = drawn(nodes, edges, groups or {}, statuses or {})
    lines = ["digraph orch {", "  rankdir=LR;", '  node [shape=box, style="rounded,filled", fillcolor="#f4f5f7"];']
    for number, group in enumerate(dict.fromkeys(groups.get(node, "") for node in nodes)):
        body = [_dot_node(node, nodes[node], statuses.get(node, "")) for node in nodes if groups.get(node, "") == group]
        if group:
            lines += [f"  subgraph cluster_{number} {{", f"    label={_quoted(group)};"]
            lines += [*(f"    {line}" for line in body), "  }"]
        else:
            lines += [f"  {line}" for line in body]
    lines += [f"  {_quoted(before)} -> {_quoted(after)};" for before, after in shown]
    return "\n".join([*lines, "}"]) + "\n"


def _dot_node(node: str, label: str, status: str) -> str:
    fill, line = FILLS.get(status, FILLS["pending"])
    return f'{_quoted(node)} [label={_quoted(_marked(label, status))}, fillcolor="{fill}", color="{line}"];'


def to_text(
    nodes: Mapping[str, str],
    edges: Sequence[Edge],
    groups: Mapping[str, str] | None = None,
    statuses: Mapping[str, str] | None = None,
) -> str:
    """The layers one below the other, each node with what it comes after."""
    nodes, shown, groups, statuses = drawn(nodes, edges, groups or {}, statuses or {})
    before: dict[str, list[str]] = {}
    for one, two in shown:
        before.setdefault(two, []).append(one)
    width = max((len(_marked(label, statuses.get(node, ""))) for node, label in nodes.items()), default=0)
    lines = []
    for number, column in enumerate(layered(list(nodes), shown).columns, 1):
        for place, node in enumerate(column):
            head = f"{number:>3} " if place == 0 else "    "
            label = _marked(nodes[node], statuses.get(node, ""))
            after = f"  after {', '.join(before[node])}" if node in before else ""
            lines.append(f"{head} {label:<{width}}{after}".rstrip())
    return "\n".join(lines) + "\n"
