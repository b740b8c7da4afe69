"""Answers of models that were not taken: which rule, what and where, for everybody who watches the run."""

from __future__ import annotations

from collections.abc import Sequence

from runner.models.base import Ask
from runner.records import Problem
from runner.steps.base import StepContext


def say_rejected(context: StepContext, ask: Ask, problems: Sequence[Problem]) -> None:
    """An event for each problem of an answer that was not taken; the next attempt may well be right."""
    for problem in problems:
        where = f"{problem.pointer}: " if problem.pointer else ""
        message = f"answer {ask.attempt} was rejected: {where}{problem.message} [{problem.rule} {problem.name}]"
        data = {"severity": "warning", "rule": problem.rule, "message": message, "hint": problem.hint}
        context.emit("problem", ask.address, {**data, "pointer": problem.pointer, "attempt": ask.attempt})
