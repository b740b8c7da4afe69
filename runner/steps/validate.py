"""`validate`: verdicts from evidence; rounds reopen what failed, with what was wrong as feedback.

A round reopens the tasks that failed verdicts list. Where a failed criterion lists none, the model (when there is one)
decomposes that criterion alone into tasks `COMPONENT_fix_s_n_k`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.errors import StepFailed
from runner.load.values import checks
from runner.managing.verdicts import verdicts
from runner.records import (
    Assignment,
    Evidence,
    Exec,
    Json,
    JsonObject,
    Plan,
    TaskResult,
    Verdict,
    from_json,
    to_json,
)
from runner.steps.base import StepContext, StepResult
from runner.steps.fixes import Fixes, fix_tasks

OPTIONS: JsonObject = {"$ref": "pipeline.schema.json#/$defs/with_validate"}
VERBATIM = ("model", "template", "checks")
WORKS = True
EVIDENCE = True


@dataclass(frozen=True, slots=True)
class _State:
    """Where validation stands: who does what, how each task ended, what was shown at the end."""

    plan: Plan
    assignment: Assignment
    results: Mapping[str, TaskResult]
    end: Mapping[str, Sequence[Evidence]] = field(default_factory=dict)

    def judged(self) -> tuple[Verdict, ...]:
        return verdicts(self.plan, self.assignment.tasks, self.results.values(), self.end)


async def run(context: StepContext) -> StepResult:
    """Verdicts and final results; failed criteria do not fail the step, they count for the run's exit code. Its own
    `checks` do."""
    state = await _at_the_end(context, _start(context))
    for number in range(1, int(context.options.get("rounds", 0)) + 1):
        reopened = _reopened(state)
        fixes = await fix_tasks(context, state.plan, state.assignment, state.judged(), number)
        if not reopened and not fixes.tasks:
            break
        data = {"round": number, "reopened": sorted(reopened), "decomposed": [task.id for task in fixes.tasks]}
        context.emit("round_started", context.step.name, data)
        state = await _at_the_end(context, await _round(context, state, number, reopened, fixes))
    found = state.judged()
    for verdict in found:
        context.emit("verdict", verdict.id, {"status": verdict.status, "reason": verdict.reason})
    results = to_json(tuple(state.results.values()))
    context.publish("results", results)
    context.publish("verdicts", to_json(found))
    output = {"verdicts": to_json(found), "results": results}
    return await _whole(context, StepResult(output=output))


async def _whole(context: StepContext, result: StepResult) -> StepResult:
    """The step's own checks, of no task in particular, on the run's head; the step has failed when one has."""
    wanted = checks(context.options.get("checks", ()))
    if not wanted:
        return result
    done = await context.work(_nothing, (), wanted, lambda value: "")
    return replace(result, checks=done.checks, failures=done.failures)


async def _nothing(folder: Path, scratch: Path, run_command: Exec) -> Json:
    return None


def _start(context: StepContext) -> _State:
    assignment = context.assignment()
    if assignment is None:
        raise StepFailed("there is nothing to judge: no step assigned tasks", "validate needs an `assign` before it")
    try:
        plan = from_json(Plan, context.options["plan"])
        results = from_json(tuple[TaskResult, ...], context.options["results"])
    except ValueError as error:
        raise StepFailed(f"plan or results do not fit: {error}") from error
    return _State(plan, assignment, {result.task: result for result in results})


async def _at_the_end(context: StepContext, state: _State) -> _State:
    end = await context.run_checks(state.assignment, state.results, "end")
    return _State(state.plan, state.assignment, state.results, end)


async def _round(context: StepContext, state: _State, number: int, reopened: Mapping[str, str], fixes: Fixes) -> _State:
    """Carries out what is open: reopened tasks with their feedback, what they had kept from starting, and fixes."""
    done = {
        name: result
        for name, result in state.results.items()
        if name not in reopened and result.status in ("verified", "unverified")
    }
    assignment = fixes.assignment or state.assignment
    results = await context.run_orders(assignment, round=number, done=done, feedback=reopened)
    return _State(state.plan, assignment, {**state.results, **{result.task: result for result in results}})


def _reopened(state: _State) -> dict[str, str]:
    """Each task to open again, with what it is told: those that failed themselves, else all that the verdict lists."""
    reopened: dict[str, str] = {}
    for verdict in state.judged():
        if verdict.status != "failed":
            continue
        faults = {name: fault for name in verdict.tasks if (fault := _fault(state, name))}
        skipped = {name for name in verdict.tasks if _status(state, name) == "skipped"}
        # Skipped tasks are carried out as soon as what kept them from starting is repaired.
        for name in faults or (() if skipped else verdict.tasks):
            reopened.setdefault(name, _feedback(verdict, faults.get(name, "")))
    return reopened


def _status(state: _State, task: str) -> str:
    return state.results[task].status if task in state.results else ""


def _fault(state: _State, task: str) -> str:
    """What went wrong with the task itself, "" when nothing did."""
    result = state.results.get(task)
    if result is None or result.status == "skipped":
        return ""
    evidence = (*result.checks, *state.end.get(task, ()))
    last = {(item.name, item.command, item.at): item for item in evidence}
    broken = [
        f"{item.name}: `{item.command}` exit {item.exit_code}\n{item.output_tail}"
        for item in last.values()
        if not item.passed
    ]
    if broken:
        return "\n".join(broken)
    return result.reason or "it failed" if result.status == "failed" else ""


def _feedback(verdict: Verdict, fault: str) -> str:
    told = [f"{verdict.id} failed: {verdict.reason}", fault, *verdict.suggestions]
    return "\n".join(text for text in told if text)
