"""`execute`: agents carry out an assignment. Failed tasks do not fail the step: they are judged by `validate`."""

from __future__ import annotations

from runner.errors import StepFailed
from runner.records import Assignment, JsonObject, from_json, to_json
from runner.steps.base import StepContext, StepResult

OPTIONS: JsonObject = {"$ref": "pipeline.schema.json#/$defs/with_execute"}
WORKS = True
EVIDENCE = True


async def run(context: StepContext) -> StepResult:
    """One result for each task. Raises errors.CannotStart where the request does not fit, errors.LimitReached."""
    try:
        assignment = from_json(Assignment, context.options["assignment"])
    except ValueError as error:
        raise StepFailed(f"this is no assignment: {error}", "give it the output of an `assign` step") from error
    results = to_json(await context.run_orders(assignment))
    context.publish("results", results)
    return StepResult(output=results)
