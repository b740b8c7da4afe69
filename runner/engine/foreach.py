"""Fan-out: one run of a step for each item of a list, kept by key and never by position."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import ModuleType

from runner.engine.attempt import attempt, make_context
from runner.engine.state import Ground, StepState
from runner.errors import StepFailed
from runner.expressions import parse
from runner.journal import Key
from runner.records import Foreach, Json, JsonObject, Step
from runner.steps.base import StepResult


async def run_items(ground: Ground, step: Step, module: ModuleType, scope: JsonObject) -> StepState:
    """The joined result of all items. Items that ended in an earlier life of the run are not run again.

    With `on_error: stop` nothing more starts after a failure; with `continue` every item is tried, and the answers that
    are there are judged together and published like a whole. Either way the step has failed when an item has, and its
    output holds what succeeded: steps that need it to be `ok` are skipped, those that take `any` outcome go on with it.
    Raises errors.StepFailed for an unfit list, and for answers that do not hold together.
    """
    assert step.foreach is not None  # noqa: S101 - the caller asked for it
    scopes = _scopes(step.foreach, scope)
    ground.emit("step_started", step.name, {"uses": step.uses, "items": len(scopes)})
    states = await _Items(ground, step, module, step.foreach).run(scopes)
    failed = {item: state for item, state in states.items() if state.status != "ok"}
    if not failed or step.foreach.on_error == "continue":
        states = await _settled(ground, step, module, scopes, states)
        failed = {item: state for item, state in states.items() if state.status != "ok"}
    return StepState(
        status="failed" if failed else "ok",
        output=join(step.foreach.collect, [state.output for state in states.values() if state.status == "ok"]),
        checks=tuple(check for state in states.values() for check in state.checks),
        failures=tuple(f"{item}: {state.reason}" for item, state in failed.items()),
        reason="; ".join(f"{item}: {state.reason}" for item, state in failed.items() if state.status == "failed"),
    )


def join(collect: str, outputs: list[Json]) -> Json:
    """The items' outputs as one: a list of them, or with `collect` one object that joins their lists of that name.

    Raises errors.StepFailed where an output has no such list."""
    if not collect:
        return outputs
    if any(not isinstance(output, dict) or not isinstance(output.get(collect), list) for output in outputs):
        raise StepFailed(f'`foreach.collect` joins lists called "{collect}", an item answered none')
    return {collect: [entry for output in outputs for entry in output[collect]]}


class _Items:
    def __init__(self, ground: Ground, step: Step, module: ModuleType, foreach: Foreach) -> None:
        self._ground, self._step, self._module = ground, step, module
        self._stops = foreach.on_error == "stop"
        self._slots = asyncio.Semaphore(foreach.parallel or 1_000_000)
        self._failed = ""

    async def run(self, scopes: Mapping[str, JsonObject]) -> dict[str, StepState]:
        # Looked at before anything starts: what failed in an earlier life of the run stops this one as well.
        ended = {item: self._note(item, state) for item in scopes if (state := self._stored(item)) is not None}
        tasks = [
            asyncio.create_task(self._one(item, scope), name=item)
            for item, scope in scopes.items()
            if item not in ended
        ]
        try:
            states = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        ended |= {task.get_name(): state for task, state in zip(tasks, states, strict=True)}
        return {item: ended[item] for item in scopes}

    def _key(self, item: str) -> Key:
        return Key(run=self._ground.run, kind="item", step=self._step.name, item=item)

    def _stored(self, item: str) -> StepState | None:
        stored = self._ground.journal.get(self._key(item))
        return None if stored is None else StepState.load(stored)

    async def _one(self, item: str, scope: JsonObject) -> StepState:
        async with self._slots:
            if self._failed and self._stops:
                return self._say(item, StepState(status="skipped", reason=f'item "{self._failed}" failed'))
            self._ground.emit("item_started", self._step.name, {"item": item})
            state = await self._try(item, scope)
        await self._ground.journal.put(self._key(item), state.data)
        return self._say(item, state)

    async def _try(self, item: str, scope: JsonObject) -> StepState:
        try:
            return await attempt(self._ground, self._step, self._module, item, scope)
        except StepFailed as failed:
            return self._note(item, StepState(status="failed", reason=failed.message))

    def _note(self, item: str, state: StepState) -> StepState:
        if state.status == "failed" and not self._failed:
            self._failed = item
        return state

    def _say(self, item: str, state: StepState) -> StepState:
        data = {"item": item, "status": state.status, "reason": state.reason}
        self._ground.emit("item_finished", self._step.name, data)
        return self._note(item, state)


async def _settled(
    ground: Ground, step: Step, module: ModuleType, scopes: Mapping[str, JsonObject], states: Mapping[str, StepState]
) -> dict[str, StepState]:
    """Lets the step type look at the items that succeeded together, knowing which ones there are; what it replaces is
    kept. Raises errors.StepFailed, naming the items that failed before as well."""
    settle = getattr(module, "settle", None)
    if settle is None or step.foreach is None:
        return dict(states)
    collect = step.foreach.collect
    contexts = {item: make_context(ground, step, module, item, scope) for item, scope in scopes.items()}
    results = {
        item: StepResult(output=state.output, checks=state.checks)
        for item, state in states.items()
        if state.status == "ok"
    }
    try:
        changed = await settle(contexts, results, lambda outputs: join(collect, outputs))
    except StepFailed as error:
        before = [f"{item}: {state.reason}" for item, state in states.items() if state.status == "failed"]
        raise StepFailed("; ".join((*before, error.message)), error.hint) from error
    settled = {item: StepState.of(changed[item]) if item in changed else states[item] for item in scopes}
    for item, state in settled.items():
        if state != states[item]:
            await ground.journal.put(Key(run=ground.run, kind="item", step=step.name, item=item), state.data)
    return settled


def _scopes(foreach: Foreach, scope: JsonObject) -> dict[str, JsonObject]:
    """What each item sees, by key. Raises errors.StepFailed when the list or a key does not fit."""
    items = parse(foreach.source).evaluate(scope) if isinstance(foreach.source, str) else foreach.source
    if not isinstance(items, list):
        raise StepFailed(f"`foreach.in` must be a list, {foreach.source} is {type(items).__name__}")
    scopes: dict[str, JsonObject] = {}
    for item in items:
        inner = {**scope, foreach.name: item}
        key = _key(foreach, item, inner)
        if key in scopes:
            raise StepFailed(f'two items of `foreach` have the key "{key}"; keys must differ')
        scopes[key] = inner
    return scopes


def _key(foreach: Foreach, item: Json, scope: JsonObject) -> str:
    value = parse(foreach.key).evaluate(scope) if foreach.key else item
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise StepFailed(f"`foreach.key` must be text or an integer, got {value!r}")
    return str(value)
