"""One go at a step or an item of it: its options filled, its context made, transient errors tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import ModuleType
from typing import TypeVar

from runner.engine.state import Ground, StepState
from runner.errors import Transient
from runner.expressions import as_text, fill
from runner.records import Json, JsonObject, Step
from runner.steps.base import StepContext

T = TypeVar("T")


async def attempt(ground: Ground, step: Step, module: ModuleType, item: str, scope: JsonObject) -> StepState:
    """One step or item, tried again as its `retry` says. Raises errors.StepFailed."""
    context = make_context(ground, step, module, item, scope)
    return StepState.of(await with_retry(step.retry, lambda: module.run(context)))


def make_context(ground: Ground, step: Step, module: ModuleType, item: str, scope: JsonObject) -> StepContext:
    """The context of a step or item, its options filled. Raises expressions.MissingValue."""
    return ground.context(step, item, fill_options(step, module, scope, ground.secrets), scope)


def fill_options(step: Step, module: ModuleType, scope: JsonObject, secrets: Mapping[str, str]) -> dict[str, Json]:
    """The options with every `{{ }}` filled, but those that the type fills itself; secrets reach `env` only."""
    verbatim = getattr(module, "VERBATIM", ())
    found = {
        name: value if name in verbatim else fill(value, scope, secrets if name == "env" else None)
        for name, value in step.options.items()
    }
    # A variable of the environment is text, whatever type the value has that it is filled with.
    return found | ({"env": {name: as_text(value) for name, value in found["env"].items()}} if "env" in found else {})


async def with_retry(times: int, work: Callable[[], Awaitable[T]], first_pause: float = 0.5) -> T:
    """What `work` returns; it is tried `times` more on errors.Transient, after 0.5, 1, 2 ... at most 30 seconds."""
    for tried in range(times):
        try:
            return await work()
        except Transient:
            await asyncio.sleep(min(30.0, first_pause * 2**tried))
    return await work()
