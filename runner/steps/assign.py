"""`assign`: tasks and managers to groups, seats and edges. Pure; what does not fit is said before anything is spent."""

from __future__ import annotations

from runner.errors import StepFailed
from runner.managing.assign import assign
from runner.managing.ranks import points, successors, upward
from runner.records import Assignment, Json, JsonObject, Plan, Problem, Task, from_json, to_json
from runner.steps.base import StepContext, StepResult

OPTIONS: JsonObject = {"$ref": "pipeline.schema.json#/$defs/with_assign"}


async def run(context: StepContext) -> StepResult:
    """The assignment. Raises errors.StepFailed naming each error that stands against it."""
    tasks = tasks_of(context.options["tasks"])
    assignment, problems = assign(tasks, context.managers, plan_of(context))
    for problem in problems:
        data = {"severity": problem.severity, "rule": problem.rule, "message": problem.message, "hint": problem.hint}
        context.emit("problem", problem.owner, data)
    if wrong := [problem for problem in problems if problem.severity == "error"]:
        raise StepFailed(_reason(wrong))
    return StepResult(output=publish(context, assignment))


def publish(context: StepContext, assignment: Assignment) -> Json:
    """Makes the assignment known, and its tasks: opening a cycle of references adds some. Returns it as JSON."""
    data = to_json(assignment)
    context.publish("tasks", {"tasks": data["tasks"]})
    context.publish("assignment", data)
    counts = {"groups": len(assignment.groups), "tasks": len(assignment.tasks), "edges": len(assignment.edges)}
    context.emit("tasks_assigned", context.address, {**counts, "lower_bound": _longest(assignment)})
    return data


async def given(context: StepContext, output: Json) -> StepResult:
    """Takes an assignment that a person supplies, and publishes it. Raises errors.StepFailed when it is none."""
    try:
        assignment = from_json(Assignment, output)
    except ValueError as error:
        raise StepFailed(f"the given assignment does not fit: {error}") from error
    return StepResult(output=publish(context, assignment))


def tasks_of(data: Json) -> tuple[Task, ...]:
    """The tasks in `{"tasks": [...]}` or in a list, as records. Raises errors.StepFailed when they are none."""
    entries = data["tasks"] if isinstance(data, dict) and "tasks" in data else data
    try:
        return from_json(tuple[Task, ...], entries)
    except ValueError as error:
        raise StepFailed(f"these are no tasks: {error}", "they must fit tasks.schema.json") from error


def plan_of(context: StepContext) -> Plan | None:
    """The plan as it is now, or None."""
    data = context.scope.get("plan")
    return from_json(Plan, data) if data else None


def _longest(assignment: Assignment) -> float:
    """Points of the longest chain: no number of agents is faster."""
    after = successors(assignment.edges)
    return max(upward(points(assignment.tasks), after).values(), default=0.0)


def _reason(problems: list[Problem]) -> str:
    shown = "; ".join(problem.message for problem in problems[:5])
    return shown + (f" and {len(problems) - 5} more" if len(problems) > 5 else "")
