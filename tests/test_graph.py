"""Graphs: what runs (networkx) and what is drawn (our own layout)."""

from __future__ import annotations

import itertools
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.graph import CycleFound, dag, layers, to_dot, to_mermaid, to_svg, to_text, without_shortcuts
from runner.graph.layout import back_edges, crossings, layer_of, layered, pooled
from runner.graph.pictures import MANY

SVG = "{http://www.w3.org/2000/svg}"
PIPELINE = {name: name for name in ("plan", "decompose", "assign", "execute", "validate")}
NEEDS = [
    ("plan", "decompose"),
    ("decompose", "assign"),
    ("assign", "execute"),
    ("plan", "validate"),
    ("execute", "validate"),
]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text


def test_a_dag_knows_its_layers_and_lonely_nodes() -> None:
    graph = dag([("a", "b"), ("a", "c"), ("c", "d")], ["z"])
    assert [set(layer) for layer in layers(graph)] == [{"a", "z"}, {"b", "c"}, {"d"}]


def test_a_cycle_is_named_as_a_path() -> None:
    with pytest.raises(CycleFound) as found:
        dag([("a", "b"), ("b", "c"), ("c", "a")])
    path = found.value.path
    assert path[0] == path[-1]
    assert set(path) == {"a", "b", "c"}
    assert str(found.value).count(" -> ") == 3


def test_pictures_do_not_import_networkx() -> None:
    code = "import sys, runner.graph as g; g.to_svg({'a': 'a'}, []); sys.exit('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


edges_of_a_dag = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=40).map(
    lambda pairs: [(f"n{min(pair)}", f"n{max(pair)}") for pair in pairs if pair[0] != pair[1]]
)
NODES = [f"n{number}" for number in range(15)]


@given(edges_of_a_dag)
@settings(max_examples=80, deadline=None)
def test_layout_puts_needs_to_the_left_and_nothing_on_top_of_another(edges: list[tuple[str, str]]) -> None:
    layout = layered(NODES, edges, node=40, bend=10)
    column = {node: index for index, nodes in enumerate(layout.columns) for node in nodes}
    assert sorted(column) == sorted(NODES)
    assert all(column[before] < column[after] for before, after in edges)
    for nodes in layout.columns:
        heights = [layout.height[node] for node in nodes]
        assert all(below - above >= 40 - 1e-6 for above, below in itertools.pairwise(heights))
    assert all(20 - 1e-6 <= layout.height[node] <= layout.total - 20 + 1e-6 for node in NODES)
    for (before, after), bends in layout.paths.items():
        assert [bend[1] for bend in bends] == list(range(column[before] + 1, column[after]))


@given(edges_of_a_dag)
@settings(max_examples=80, deadline=None)
def test_without_shortcuts_is_the_transitive_reduction(edges: list[tuple[str, str]]) -> None:
    import networkx as nx  # noqa: PLC0415

    expected = set(nx.transitive_reduction(dag(edges, NODES)).edges)
    assert set(without_shortcuts(NODES, list(dict.fromkeys(edges)))) == expected


def test_what_needs_nothing_stands_beside_what_needs_it() -> None:
    layer = layer_of(["a", "b", "c", "late"], [("a", "b"), ("b", "c"), ("late", "c")])
    assert layer == {"a": 0, "b": 1, "c": 2, "late": 1}


def test_the_order_in_layers_avoids_a_crossing() -> None:
    layout = layered(["a", "b", "x", "y"], [("a", "y"), ("b", "x")])
    right = {"a": ["y"], "b": ["x"]}
    assert crossings(layout.columns, right) == 0
    assert crossings([["a", "b"], ["x", "y"]], right) == 1


def test_long_edges_of_one_node_share_their_way() -> None:
    nodes = [*"abcd", "x", "y"]
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("c", "x"), ("a", "x"), ("a", "y"), ("c", "y")]
    layout = layered(nodes, edges)
    assert layout.paths[("a", "d")] == layout.paths[("a", "x")] == (("a", 1), ("a", 2))
    stretches = [path.get("d") for path in parsed(to_svg({n: n for n in nodes}, edges)).iter(f"{SVG}path")]
    assert len(stretches) == len(set(stretches))


def test_pooling_gives_the_nearest_increasing_numbers() -> None:
    assert pooled([1.0, 3.0, 2.0, 4.0], [1, 1, 1, 1]) == [1.0, 2.5, 2.5, 4.0]
    assert pooled([2.0, 0.0], [3, 1]) == [1.5, 1.5]


def test_a_cycle_can_still_be_drawn() -> None:
    nodes = {name: name for name in "abc"}
    edges = [("a", "b"), ("b", "c"), ("c", "a")]
    assert back_edges(list(nodes), edges) == {("c", "a")}
    tree = parsed(to_svg(nodes, edges))
    back = [path for path in tree.iter(f"{SVG}path") if path.get("class") == "edge back"]
    assert [path.get("marker-start") for path in back] == ["url(#tip)", None, None]


def test_text_lists_layers_with_what_comes_before() -> None:
    assert to_text(PIPELINE, NEEDS, statuses={"plan": "ok", "execute": "failed"}) == (
        "  1  ✓ plan\n"
        "  2  decompose  after plan\n"
        "  3  assign     after decompose\n"
        "  4  ✗ execute  after assign\n"
        "  5  validate   after plan, execute\n"
    )


def test_mermaid_has_groups_classes_and_no_active_characters() -> None:
    text = to_mermaid({"a": 'say "hi"; `x` <b>', "b": "b]"}, [("a", "b")], {"a": "one", "b": "two"}, {"a": "failed"})
    assert text.splitlines()[0] == "graph LR"
    assert '  subgraph g0["one"]' in text
    assert '    n0["✗ say #34;hi#34;#59; #96;x#96; #60;b#62;"]' in text
    assert '    n1["b#93;"]' in text
    assert "  n0 --> n1" in text
    assert "  class n0 failed" in text


def test_dot_quotes_what_it_is_given() -> None:
    text = to_dot({"a": 'x" y\\'}, [], {"a": "g"}, {"a": "verified"})
    assert '"a" [label="✓ x\\" y\\\\"' in text
    assert text.startswith("digraph orch {")
    assert 'label="g";' in text


def test_svg_is_well_formed_and_every_node_says_its_status() -> None:
    tree = parsed(
        to_svg(
            {"a": "<a>", "b": "b" * 80}, [("a", "b")], {"a": "g & h"}, {"a": "failed"}, {"b": "why <b>"}, {"a": "#x"}
        )
    )
    titles = [title.text for title in tree.iter(f"{SVG}title")]
    assert titles == ["<a> (g & h): failed", "why <b>"]
    assert [rect.get("class") for rect in tree.iter(f"{SVG}rect")] == ["box failed", "box "]
    assert [link.get("href") for link in tree.iter(f"{SVG}a")] == ["#x"]
    assert any((text.text or "").endswith("…") for text in tree.iter(f"{SVG}text"))
    assert len(list(tree.iter(f"{SVG}style"))) == 1
    assert "<style" not in to_svg({"a": "a"}, [], alone=False)


@pytest.mark.parametrize("draw", [to_text, to_mermaid, to_dot, to_svg])
def test_above_many_nodes_groups_are_drawn(draw: object) -> None:
    nodes = {f"t{number}": f"t{number}" for number in range(MANY + 1)}
    groups = {node: f"manager{number % 3}" for number, node in enumerate(nodes)}
    statuses = dict.fromkeys(nodes, "verified") | {"t0": "failed"}
    text = draw(nodes, [("t0", "t1"), ("t1", "t2")], groups, statuses)  # type: ignore[operator]
    assert "manager0" in text
    assert "t17" not in text
    assert "✗ manager0" in text
    few = draw(dict(list(nodes.items())[:MANY]), [], groups, statuses)  # type: ignore[operator]
    assert "t17" in few


def test_an_empty_graph_is_an_empty_picture() -> None:
    assert to_text({}, []) == "\n"
    parsed(to_svg({}, []))
    assert to_mermaid({}, []) == "graph LR\n"
