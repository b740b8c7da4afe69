"""ORC319 unknown_rule, ORC320 unfit_rule: the rules that a prompt step applies to its answers.

Bad: `rules: [quote_request]`; `rules: [exact_tasks]` on a step that answers a plan. Good: rules that judge what the
step's schema describes.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.load import Loaded
from runner.records import Problem, Step
from runner.records.catalogue import finding
from runner.registry import RULES
from runner.schema.messages import listed, meant

_ANSWERS = {"urn:orch:plan:1": "plan", "urn:orch:tasks:1": "tasks"}


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every rule that does not exist, or does not fit."""
    if loaded.pipeline is None:
        return
    for name, step in loaded.pipeline.steps.items():
        for index, rule in enumerate(step.options.get("rules", ())):
            pointer = ("steps", name, "with", "rules", index)
            found = _judge_one(loaded, step, rule)
            if found is not None:
                shown = "".join(f"/{part}" for part in pointer)
                yield finding(found[0], found[1], loaded.at(*pointer), pointer=shown, hint=found[2])


def _judge_one(loaded: Loaded, step: Step, rule: str) -> tuple[str, str, str] | None:
    if rule not in RULES:
        return "ORC319", f'unknown rule "{rule}"{meant(rule, RULES.names())}', f"rules: {listed(RULES.names())}"
    answers = _ANSWERS.get(str(loaded.schemas.get(step.name, {}).get("$id", "")))
    if step.name in loaded.schemas or "schema" not in step.options:
        judges = str(RULES.module(rule).JUDGES)
        if answers != judges:
            said = f"answers {'a plan' if answers == 'plan' else 'tasks' if answers == 'tasks' else 'something else'}"
            message = f'"{rule}" judges {"a plan" if judges == "plan" else judges}, this step {said}'
            return "ORC320", message, f"use it with schema: {'plan' if judges == 'plan' else 'tasks'}.schema.json"
    return None
