"""One step: is it due, what are its options, how often may it be tried, what is kept of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import ModuleType

from runner.engine.attempt import attempt
from runner.engine.foreach import run_items
from runner.engine.state import Ground, StepState
from runner.engine.timing import limited
from runner.errors import StepFailed
from runner.expressions import ExpressionError, MissingValue, parse
from runner.journal import Key
from runner.records import JsonObject, Step

_RAISE = "a step's own limit holds again when the run is resumed; start a new run with a higher one if it is too low"


async def run_step(ground: Ground, step: Step, states: Mapping[str, StepState]) -> StepState:
    """How the step ended: from the journal when it ended in an earlier life of this run."""
    key = Key(run=ground.run, kind="step", step=step.name)
    stored = ground.journal.get(key)
    if stored is not None:
        return StepState.load(stored)
    began = time.monotonic()
    state = await _decide(ground, step, states)
    await ground.journal.put(key, state.data)
    # What goes on is what was kept: secrets are hidden there, and a resumed run must see the same.
    state = StepState.load(ground.journal.get(key))
    ground.emit(
        "step_finished",
        step.name,
        {"status": state.status, "seconds": time.monotonic() - began, "reason": state.reason},
    )
    return state


async def _decide(ground: Ground, step: Step, states: Mapping[str, StepState]) -> StepState:
    module = ground.module(step.uses)
    scope = {**ground.scope(step), "steps": {name: state.data for name, state in states.items()}}
    try:
        if reason := _unmet(step, states) or _switched_off(step, scope):
            return StepState(status="skipped", reason=reason)
        async with limited(step.limits.time, f'step "{step.name}"', _RAISE), asyncio.timeout(step.timeout):
            return await _perform(ground, step, module, scope)
    except TimeoutError:
        # Without a timeout of its own it was something inside that waited too long.
        return StepState(status="failed", reason="timed out" + (f" after {step.timeout:g} s" if step.timeout else ""))
    except (MissingValue, ExpressionError) as error:
        return StepState(status="failed", reason=str(error))
    except StepFailed as failed:
        return StepState(status="failed", reason=failed.message)


async def _perform(ground: Ground, step: Step, module: ModuleType, scope: JsonObject) -> StepState:
    if step.name in ground.given:
        ground.emit("step_started", step.name, {"uses": step.uses, "items": 0, "given": True})
        return await _take_given(ground, step, module, scope)
    if step.foreach is not None:
        return await run_items(ground, step, module, scope)
    ground.emit("step_started", step.name, {"uses": step.uses, "items": 0})
    return await attempt(ground, step, module, "", scope)


async def _take_given(ground: Ground, step: Step, module: ModuleType, scope: JsonObject) -> StepState:
    output = ground.given[step.name]
    take = getattr(module, "given", None)
    if take is None:
        return StepState(status="ok", output=output)
    return StepState.of(await take(ground.context(step, "", step.options, scope), output))


def _unmet(step: Step, states: Mapping[str, StepState]) -> str:
    for name, wanted in step.needs.items():
        state = states[name]
        if wanted not in ("any", state.status):
            # Only the first of a chain tells the whole story; behind it stands who was skipped.
            why = f": {state.reason}" if state.reason and state.status == "failed" else ""
            return f'needs "{name}" to be {wanted}, it was {state.status}{why}'
    return ""


def _switched_off(step: Step, scope: JsonObject) -> str:
    if not step.condition:
        return ""
    value = parse(step.condition).evaluate(scope)
    if not isinstance(value, bool):
        raise StepFailed(f"`if` must be true or false, {step.condition!r} is {type(value).__name__}")
    return "" if value else f"its `if` is false: {step.condition}"
