"""Judges plans and tasks by name: the same for a file, for `--given` and for every answer of a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from runner.records import Problem
from runner.registry import RULES
from runner.rules.base import Judgement

ALWAYS: tuple[str, ...] = (
    "task_id",
    "unknown_spec_kind",
    "unhandled_task",
    "unknown_requirement",
    "split_depth",
    "contradicting_need",
    "task_cycle",
)
"""Rules of tasks that nobody has to name: what they find cannot be assigned or carried out."""


def judge_answer(names: Iterable[str], judgement: Judgement) -> list[Problem]:
    """The problems of the named rules, and of ALWAYS where they judge tasks, in the order of the names; each once.

    Raises registry.UnknownName for a name that no rule has.
    """
    modules = [RULES.module(name) for name in dict.fromkeys(names)]
    if any(module.JUDGES == "tasks" for module in modules):
        modules += [RULES.module(name) for name in ALWAYS if name not in {module.NAME for module in modules}]
    found = [problem for module in modules for problem in module.judge(judgement)]
    return list(dict.fromkeys(found))


def names_for(judged: Literal["plan", "tasks"]) -> tuple[str, ...]:
    """Every shipped rule over plans, or over tasks: what `orch lint` applies to such a file."""
    return PLAN_RULES if judged == "plan" else (*TASK_RULES, *ALWAYS)


PLAN_RULES: tuple[str, ...] = ("quotes_request", "traces_requirements")
TASK_RULES: tuple[str, ...] = ("exact_tasks", "resolvable_references", "owned_outputs", "covers_plan")
