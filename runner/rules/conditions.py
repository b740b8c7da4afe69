"""ORC204 dead_step, ORC209 non_boolean_condition, ORC226 constant_comparison: conditions that are true or false.

Bad: `if: "false"`; `if: steps.plan.output.title`; `steps.a.status == "done"` (a status is ok, failed or skipped).
Good: a comparison, `in`, `not`, or a value that is a boolean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2 import nodes

from runner.expressions import Expression
from runner.load import Loaded
from runner.records import Pipeline, Problem
from runner.rules.names import shape_of
from runner.rules.scan import Use, parsed
from runner.rules.shapes import Missing

_WORDS = {"string": "text", "array": "a list", "object": "a mapping", "integer": "a number", "number": "a number"}
_STATUSES = ("ok", "failed", "skipped")


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every condition that is no boolean, or never true."""
    if loaded.pipeline is None:
        return
    for use, expression in parsed(loaded):
        if use.place in {"condition", "until"}:
            if isinstance(expression.node, nodes.Const) and expression.node.value is False:
                message = f'step "{use.step}" can never run: its condition is always false'
                yield use.problem("ORC204", message, "remove the step, or the condition")
            word = _not_boolean(loaded, loaded.pipeline, use, expression)
            if word:
                message = f"a condition must be true or false, this is {word}"
                yield use.problem("ORC209", message, "compare it with something")
        yield from _constant(use, expression)


def _not_boolean(loaded: Loaded, pipeline: Pipeline, use: Use, expression: Expression) -> str:
    node = expression.node
    if isinstance(node, nodes.Const) and not isinstance(node.value, bool):
        return "a literal"
    if isinstance(node, nodes.List):
        return "a list"
    if isinstance(node, nodes.Filter) and node.name == "length":
        return "a number"
    if isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        found = shape_of(loaded, pipeline, use, expression.reads()[0][0])
        return "" if isinstance(found, Missing) else _WORDS.get(found.type or "", "")
    return ""


def _constant(use: Use, expression: Expression) -> Iterator[Problem]:
    compares: Iterator[Any] = iter([expression.node] if isinstance(expression.node, nodes.Compare) else [])
    for node in (*compares, *expression.node.find_all(nodes.Compare)):
        left, right = node.expr, node.ops[0].expr
        if isinstance(left, nodes.Const):
            left, right = right, left
        if not _is_status(left) or not isinstance(right, nodes.Const) or node.ops[0].op not in {"eq", "ne"}:
            continue
        if right.value not in _STATUSES:
            always = "never" if node.ops[0].op == "eq" else "always"
            message = f'{always} true: a status is ok, failed or skipped, not "{right.value}"'
            yield use.problem("ORC226", message, "compare with one of these")


def _is_status(node: Any) -> bool:
    return isinstance(node, nodes.Getattr) and node.attr == "status" and isinstance(node.node, nodes.Getattr)
