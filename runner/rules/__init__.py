"""Rules: each judges data and yields problems. One file a rule, or a close family; one line each in `runner.registry`.

`judge_pipeline` runs all rules over files (`registry.FILE_RULES`) on what was loaded; the rules over plans and tasks
(`registry.RULES`, named by `rules:` of a prompt step) are run by `runner.rules.answers`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from runner.load import Loaded
from runner.records import Position, Problem
from runner.registry import FILE_RULES


class FileRule(Protocol):
    """What a module in the table of rules over files holds; its docstring is its documentation."""

    def judge(self, loaded: Loaded) -> Iterable[Problem]:
        """The problems of a pipeline with its managers, or of a manager alone (`loaded.pipeline` None)."""
        ...


def judge_pipeline(loaded: Loaded) -> list[Problem]:
    """Every problem of what was loaded, structure and rules, in the order of files and lines."""
    found = list(loaded.problems)
    if loaded.pipeline is not None or loaded.managers:
        for name in FILE_RULES.names():
            found += FILE_RULES.module(name).judge(loaded)
    return in_order(found)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """The problems by path, line, column and rule, each once."""
    seen: dict[object, Problem] = {}
    for problem in problems:
        seen.setdefault((problem.rule, problem.position, problem.message, problem.owner), problem)
    return sorted(seen.values(), key=lambda p: (p.position or Position(""), p.rule, p.message))
