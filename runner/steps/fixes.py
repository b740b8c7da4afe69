"""Tasks for a criterion that no task serves: it is decomposed alone, and its tasks join the assignment."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runner import schema
from runner.errors import StepFailed
from runner.managing.assign import assign
from runner.models.ask import ask_json
from runner.models.base import Ask, Message
from runner.records import Assignment, Json, Plan, Problem, Task, Verdict, from_json, to_json
from runner.rules.answers import judge_answer
from runner.rules.base import Judgement
from runner.steps.base import StepContext
from runner.steps.rejecting import say_rejected

RULES = ("exact_tasks", "resolvable_references")


@dataclass(frozen=True, slots=True)
class Fixes:
    """New tasks, and the assignment that holds them beside all earlier ones; None when there is nothing new."""

    tasks: tuple[Task, ...] = ()
    assignment: Assignment | None = None


async def fix_tasks(
    context: StepContext, plan: Plan, assignment: Assignment, found: Sequence[Verdict], number: int
) -> Fixes:
    """What the model makes of each criterion without tasks, in this round; nothing without a model."""
    criteria = {criterion.id for criterion in plan.criteria}
    lost = [
        verdict for verdict in found if verdict.id in criteria and verdict.status != "verified" and not verdict.tasks
    ]
    if not lost or not _can_ask(context):
        return Fixes()
    tasks: list[Task] = []
    for verdict in lost:
        tasks += await _decomposed(context, plan, assignment, verdict, number)
    grown, problems = assign([*assignment.tasks, *tasks], context.managers, plan)
    if wrong := [problem for problem in problems if problem.severity == "error"]:
        raise StepFailed(f"the tasks of round {number} do not fit: {wrong[0].message}", wrong[0].hint)
    context.publish("tasks", {"tasks": to_json(grown.tasks)})
    context.publish("assignment", to_json(grown))
    return Fixes(tuple(tasks), grown)


def _can_ask(context: StepContext) -> bool:
    options = context.options
    return "model" in options and "template" in options and not context.deterministic(str(options["model"]))


async def _decomposed(
    context: StepContext, plan: Plan, assignment: Assignment, verdict: Verdict, number: int
) -> list[Task]:
    wanted = context.schemas("tasks.schema.json")
    variables = {
        **{name: context.scope[name] for name in ("request", "managers", "run") if name in context.scope},
        "plan": to_json(plan),
        "verdict": to_json(verdict),
        "criterion": _promise(plan, verdict.id),
        "tasks": to_json(assignment.tasks),
        "round": number,
    }
    text = context.render(str(context.options["template"]), "", variables)
    address = f"{context.address}/{verdict.id}"
    ask = Ask(address=address, messages=(Message(role="user", text=text),), inputs=variables, schema=wanted)

    def judge(data: Json) -> list[Problem]:
        misfits = schema.problems(wanted, data, schemas=context.schemas)
        whole = {"tasks": [*to_json(assignment.tasks), *data["tasks"]]} if not misfits else data
        judgement = Judgement(data=whole, managers=context.managers, plan=plan, request=context.request)
        return misfits or judge_answer(RULES, judgement)

    attempts = context.pipeline.limits.attempts or 3
    rejected = functools.partial(say_rejected, context)
    send = functools.partial(context.ask, str(context.options["model"]))
    answered = await ask_json(send, ask, judge, attempts, rejected=rejected)
    return _named(
        from_json(list[Task], answered.data["tasks"]), verdict.id, number, {task.id for task in assignment.tasks}
    )


def _promise(plan: Plan, name: str) -> Json:
    promises = [*to_json(plan.requirements), *to_json(plan.constraints), *to_json(plan.criteria)]
    return next((promise for promise in promises if promise["id"] == name), {"id": name})


def _named(tasks: Sequence[Task], verdict: str, number: int, taken: set[str]) -> list[Task]:
    """The tasks under ids that say what they fix: COMPONENT_fix_s_3_1; their needs among each other follow."""
    slug = verdict.lower().replace("-", "_")
    names = {}
    for place, task in enumerate(tasks, start=1):
        name = f"{task.component}_fix_{slug}_{place}"
        names[task.id] = name if name not in taken else f"{name}_r{number}"
    return [
        replace(task, id=names[task.id], action="fix", needs=tuple(names.get(need, need) for need in task.needs))
        for task in tasks
    ]
