"""`agent`: one agent on one template, in a work tree of its own on the run's head.

Read-only without `owns`; with `owns`, what it changed is committed when the checks pass. With `schema`, what it says is
data. What stands against an attempt is told to the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runner import schema
from runner.agents.base import Turn
from runner.errors import StepFailed
from runner.load.values import checks
from runner.models.ask import errors, feedback
from runner.records import Exec, Finished, Json, JsonObject, read_json, to_json
from runner.steps.base import StepContext, StepResult

OPTIONS: JsonObject = {"$ref": "pipeline.schema.json#/$defs/with_agent"}
VERBATIM = ("agent", "template", "prompt", "schema", "owns", "tools", "checks", "attempts", "network")
WORKS = True
IMPLICIT = ("request", "plan", "managers", "run")
_READING = ("read", "list", "search")
_WRITING = (*_READING, "write", "edit", "shell")


async def run(context: StepContext) -> StepResult:
    """What the agent said, text or data. Raises errors.StepFailed when the last attempt is not good either."""
    options, told = context.options, ""
    own = options.get("attempts") or context.step.limits.attempts or context.pipeline.limits.attempts
    attempts = int(own or 1)
    for attempt in range(1, attempts + 1):

        async def act(folder: Path, scratch: Path, run_command: Exec, attempt: int = attempt, told: str = told) -> Json:
            turn = _turn(context, folder, run_command, attempt, told)
            context.emit("turn_started", context.address, {"order": "", "seat": context.address, "attempt": attempt})
            result = await context.agent(options["agent"]).turn(turn)
            said = {"attempt": attempt, "outcome": result.outcome, "usage": to_json(result.usage)}
            context.emit("turn_finished", context.address, said)
            return to_json(result)

        done = await context.work(
            act,
            tuple(options.get("owns", ())),
            checks(options.get("checks", ())),
            lambda value: _unfit(context, value),
            attempt=attempt,
            network=bool(options.get("network", False)),
        )
        if not done.failures:
            return StepResult(output=_answer(context, str(done.value["said"])), checks=done.checks)
        told = "\n".join(done.failures)
    raise StepFailed(f"not good after {attempts} attempt{'' if attempts == 1 else 's'}: {told}")


async def given(context: StepContext, output: Json) -> StepResult:
    """Judges an output that a person supplies by the step's schema. Raises errors.StepFailed."""
    if misfits := _misfits(context, output):
        raise StepFailed(f"what was given does not fit: {misfits}")
    return StepResult(output=output)


def _turn(context: StepContext, folder: Path, run_command: Exec, attempt: int, told: str) -> Turn:
    options = context.options
    variables = {name: context.scope[name] for name in IMPLICIT if name in context.scope} | dict(
        options.get("vars", {})
    )
    prompt = context.render(str(options.get("template", "")), str(options.get("prompt", "")), variables)
    if told:
        prompt += f"\n\nThe last attempt was not good:\n{told}\n"
    return Turn(
        address=context.address,
        prompt=prompt,
        worktree=folder,
        root=context.root,
        request=context.request,
        attempt=attempt,
        feedback=told,
        timeout=context.step.timeout,
        idle=context.step.limits.idle or context.pipeline.limits.idle,
        tools=tuple(options.get("tools", ())) or (_WRITING if options.get("owns") else _READING),
        emit=context.emit,
        run_command=_with_env(run_command, options.get("env", {})),
    )


def _with_env(run_command: Exec, env: Mapping[str, str]) -> Exec:
    """What starts processes, with the step's `env` in each of them."""

    async def run(argv: Iterable[str], **words: Any) -> Finished:
        return await run_command(argv, **{**words, "env": {**env, **(words.get("env") or {})}})

    return run


def _unfit(context: StepContext, value: Json) -> str:
    if value["outcome"] != "done":
        return str(value["reason"] or f"the agent ended as {value['outcome']}")
    if _wanted(context) is None:
        return ""
    try:
        data = read_json(value["said"])
    except ValueError as error:
        return f"the answer is not JSON: {error}"
    return _misfits(context, data)


def _misfits(context: StepContext, data: Json) -> str:
    wanted = _wanted(context)
    problems = errors(schema.problems(wanted, data, schemas=context.schemas)) if wanted is not None else []
    return feedback(problems) if problems else ""


def _answer(context: StepContext, said: str) -> Json:
    return said if _wanted(context) is None else read_json(said)


def _wanted(context: StepContext) -> JsonObject | None:
    option = context.options.get("schema")
    return context.schemas(option) if isinstance(option, str) else option
