"""A model's opinion of the work. It is never evidence by itself, and this version asks no model: it says so."""

from __future__ import annotations

from runner.checks.base import CheckContext, CheckOutcome
from runner.records import JsonObject

OPTIONS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "asks": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        "model": {"type": "string", "minLength": 1},
    },
    "required": ["asks"],
}


async def run(context: CheckContext) -> CheckOutcome:
    """Always without a result: what a person should look at is listed."""
    asked = "\n".join(f"- {line}" for line in context.check.options["asks"])
    return CheckOutcome(
        passed=None,
        exit_code=0,
        command=f"rubric: {context.check.name}",
        output=f"not judged: no model judges rubrics in this version. To be looked at by a person:\n{asked}",
    )
