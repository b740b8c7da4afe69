"""ORC324 not_shipped, ORC428 no_effect: what a file says and this version of orch does nothing with.

Bad: `limits: {turns: 5}`, since no agent of this version counts turns; `exit` at a check that is no command. Good: what
the message names in its place, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.load import Loaded
from runner.records import Backend, Json, Limits, Manager, Pipeline, Problem, Step, to_json
from runner.records.catalogue import finding
from runner.registry import CHECKS, STEPS
from runner.rules.uses import checks_of

Pointer = tuple[str | int, ...]
Said = tuple[Pointer, str, str]
"""Where it stands, why it has no effect, what to do."""

RUN_LIMITS = frozenset({"cost_usd", "time", "agents", "attempts", "depth", "tokens"})
MANAGER_LIMITS = frozenset({"cost_usd", "tokens", "time", "attempts"})
_WORK = frozenset({"cost_usd", "tokens", "time", "agents", "attempts"})
STEP_LIMITS: Mapping[str, frozenset[str]] = {
    "prompt": frozenset({"cost_usd", "tokens", "time", "attempts", "depth"}),
    "agent": frozenset({"cost_usd", "tokens", "time", "attempts"}),
    "execute": _WORK,
    "validate": _WORK,
    "assign": frozenset({"time"}),
    "command": frozenset({"time"}),
}
"""What each shipped step type reads of its own `limits`; a type of an entry point is not judged."""
_NEVER_TRANSIENT = ("assign", "command", "execute")
_WITHOUT_SETTINGS = ("blueprint", "none", "scripted")
_INSTEAD = {
    "agents": "say it in the limits of the pipeline; a manager has agents.parallel",
    "depth": "say it in the limits of the pipeline",
    "turns": "limit time or cost_usd",
    "idle": "limit time",
}


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Everything that is written and not used."""
    if loaded.pipeline is not None:
        yield from _not_shipped(loaded, loaded.pipeline)
        for pointer, why, hint in _pipeline(loaded.pipeline):
            where = loaded.at(*pointer, key=True)
            yield finding("ORC428", _message(pointer, why), where, pointer=_shown(pointer), hint=hint)
    for name, manager in loaded.managers.items():
        for pointer, why, hint in _manager(loaded.data[name], manager):
            where = loaded.in_manager(name, *pointer, key=True)
            yield finding("ORC428", _message(pointer, why), where, pointer=_shown(pointer), hint=hint)


def _not_shipped(loaded: Loaded, pipeline: Pipeline) -> Iterator[Problem]:
    """What a run will refuse to start with: the language has it, this version does not."""
    places: list[tuple[Pointer, str]] = [
        (("steps", name, "uses"), f'the step type "{step.uses}"')
        for name, step in pipeline.steps.items()
        if step.uses in STEPS and not STEPS.ships(step.uses)
    ]
    if pipeline.environment is not None:
        places.append((("environment",), '"environment"'))
    for pointer, what in places:
        message = f"{what} is not in this version of orch: no run starts with it"
        yield finding("ORC324", message, loaded.at(*pointer), pointer=_shown(pointer), hint="leave it out for now")


def _pipeline(pipeline: Pipeline) -> Iterator[Said]:
    yield from _limits(("limits",), _given(pipeline.limits), RUN_LIMITS, "a run has no use for it")
    if pipeline.base and pipeline.repository == "new":
        yield ("workspace", "base"), "a new repository has no commit to start from", "say repository: existing"
    for table, aliases in (("models", pipeline.models), ("agents", pipeline.agents)):
        for alias, backends in aliases.items():
            for index, backend in enumerate(backends):
                yield from _settings((table, alias, index), backend)
    for name, step in pipeline.steps.items():
        yield from _step(("steps", name), step)


def _step(base: Pointer, step: Step) -> Iterator[Said]:
    if step.uses in STEP_LIMITS:
        why = f'a step that uses "{step.uses}" has no use for it'
        yield from _limits((*base, "limits"), _given(step.limits), STEP_LIMITS[step.uses], why)
    if step.retry and step.uses in _NEVER_TRANSIENT:
        yield (*base, "retry"), f'"{step.uses}" has no transient errors', "leave it out; attempts are limits.attempts"
    pair = {"model", "template"} & set(step.options)
    if step.uses == "validate" and len(pair) == 1:
        missing = ({"model", "template"} - pair).pop()
        yield (*base, "with", pair.pop()), f'without "{missing}" nobody is asked', f"add {missing}"
    for index, check in enumerate(step.options.get("checks", ())):
        pointer = (*base, "with", "checks", index)
        yield from _check(pointer, check)
        for key in ("at", "match"):
            if key in check:
                yield (*pointer, key), "the checks of a step judge it once, without a task", "leave it out"


def _manager(data: Mapping[str, Json], manager: Manager) -> Iterator[Said]:
    yield from _limits(("limits",), _given(manager.limits), MANAGER_LIMITS, "a manager has no use for it")
    for pointer, check in checks_of(data):
        yield from _check(pointer, check)
    for index, group in enumerate(data.get("groups", ())):
        own = group.get("agents", {}).get("parallel")
        if own is not None and own > manager.agents.parallel:
            why = f"the manager lets only {manager.agents.parallel} work at once"
            yield ("groups", index, "agents", "parallel"), why, "lower it, or raise the manager's"


def _limits(base: Pointer, given: Mapping[str, Json], known: frozenset[str], why: str) -> Iterator[Said]:
    for key in given:
        if key in ("turns", "idle"):
            yield (*base, key), "no agent of this version counts it", _INSTEAD[key]
        elif key not in known:
            yield (*base, key), why, _INSTEAD.get(key, "leave it out")


def _settings(base: Pointer, backend: Backend) -> Iterator[Said]:
    if backend.kind in _WITHOUT_SETTINGS:
        for key in backend.settings:
            yield (*base, key), f'"{backend.kind}" has no settings', "leave it out"


def _check(base: Pointer, check: Mapping[str, Json]) -> Iterator[Said]:
    used = check.get("uses")
    if used not in CHECKS.modules:
        return
    for key in ("exit", "network"):
        if key in check:
            yield (*base, key), f'"{used}" is no command', "leave it out, or say run"
    if "env" in check and used in ("file", "export", "rubric"):
        yield (*base, "env"), f'"{used}" does not read it', "leave it out"


def _given(limits: Limits) -> dict[str, Json]:
    return {name: value for name, value in to_json(limits).items() if value is not None}


def _message(pointer: Pointer, why: str) -> str:
    return f'"{pointer[-1]}" has no effect in this version: {why}'


def _shown(pointer: Pointer) -> str:
    return "".join(f"/{part}" for part in pointer)
