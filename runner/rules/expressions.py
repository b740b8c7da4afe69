"""ORC221 expression_syntax, ORC222 expression_form, ORC225 braces: whether an expression can be read at all.

Bad: `if: steps.a.status ==`, `size(x)`, `n + 1`. Good: paths, literals, lists, comparisons, in, and, or, not, and the
filters length, first, last, default.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.expressions import ExpressionError, parse
from runner.load import Loaded
from runner.records import Problem
from runner.rules.scan import Use, unclosed, uses


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every expression that is none."""
    for broken in unclosed(loaded):
        yield broken.use.problem("ORC221", broken.error.message, broken.error.hint)
    for use in uses(loaded):
        yield from _judge_one(use)


def _judge_one(use: Use) -> Iterator[Problem]:
    if use.place != "value" and ("{{" in use.text or "{%" in use.text):
        yield use.problem("ORC225", "this is an expression already, it takes no {{ }}", "write the bare expression")
        return
    try:
        parse(use.text)
    except ExpressionError as error:
        rule = "ORC222" if error.form else "ORC221"
        hint = error.hint or "an expression is a path such as steps.NAME.output, a literal, or a comparison of these"
        yield use.problem(rule, f'"{use.text[:60]}": {error.message}', hint)
