"""ORC308 unknown_alias, ORC309 unknown_backend, ORC310 unfit_backend: who answers and who works.

Bad: `model: architcet`, `[opnai/gpt-5.2]`, a prompt step whose alias holds `codex`. Good: an alias of `models` or
`agents`, or a backend that orch knows (whether it is ready here is for `orch doctor` and `orch run` to say).
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.load import Loaded
from runner.records import AgentPolicy, Backend, Pipeline, Position, Problem
from runner.records.catalogue import finding
from runner.registry import AGENTS, MODELS, Table
from runner.schema.messages import listed, meant


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every alias and backend that cannot be meant."""
    if loaded.pipeline is None:
        return
    pipeline = loaded.pipeline
    for table, aliases, registry in (("models", pipeline.models, MODELS), ("agents", pipeline.agents, AGENTS)):
        for alias, backends in aliases.items():
            for index, backend in enumerate(backends):
                pointer = (table, alias, index)
                yield from _judge_backend(loaded, backend, table, registry, loaded.at(*pointer), pointer)
    yield from _step_models(loaded, pipeline)
    yield from _agent_users(loaded, pipeline)


def _step_models(loaded: Loaded, pipeline: Pipeline) -> Iterator[Problem]:
    for name, step in pipeline.steps.items():
        model = step.options.get("model")
        if not isinstance(model, str) or "{{" in model:
            continue
        pointer: tuple[str | int, ...] = ("steps", name, "with", "model")
        yield from _judge_use(loaded, model, pipeline.models, "models", MODELS, loaded.at(*pointer), pointer)
        backends = pipeline.models.get(model, (Backend(use=model),))
        if step.uses == "prompt" and all(backend.kind == "none" for backend in backends):
            message = f'"{model}" is no model, and a prompt step needs one'
            yield finding("ORC310", message, loaded.at(*pointer), pointer=_shown(pointer), hint="name a model")


def _agent_users(loaded: Loaded, pipeline: Pipeline) -> Iterator[Problem]:
    for name, step in pipeline.steps.items():
        if step.uses == "agent":
            yield from _judge_uses(loaded, step.options.get("agent"), ("steps", name, "with", "agent"), None)
    for name, data in loaded.data.items():
        holders: list[tuple[tuple[str | int, ...], object]] = [(("agents",), data.get("agents", {}))]
        holders += [
            (("groups", i, "agents"), group.get("agents", {})) for i, group in enumerate(data.get("groups", ()))
        ]
        for base, holder in holders:
            if isinstance(holder, dict) and "use" in holder:
                yield from _judge_uses(loaded, holder["use"], (*base, "use"), name)
        if "use" not in data.get("agents", {}) and not set(AgentPolicy().use) <= set(pipeline.agents):
            usual = AgentPolicy().use[0]
            message = f'"{name}" names no agent, and the usual "{usual}" is no alias of "agents"'
            where = loaded.in_manager(name, "agents", key=True)
            yield finding("ORC308", message, where, pointer="/agents", hint=f'add {usual} to "agents" of the pipeline')


def _judge_uses(
    loaded: Loaded, value: object, pointer: tuple[str | int, ...], manager: str | None
) -> Iterator[Problem]:
    assert loaded.pipeline is not None  # noqa: S101 - the caller looked
    for index, use in enumerate(value if isinstance(value, list) else [value]):
        full = (*pointer, index) if isinstance(value, list) else pointer
        where = loaded.at(*full) if manager is None else loaded.in_manager(manager, *full)
        if isinstance(use, str) and "{{" not in use:
            yield from _judge_use(loaded, use, loaded.pipeline.agents, "agents", AGENTS, where, full)


def _judge_use(
    loaded: Loaded,
    use: str,
    aliases: object,
    table: str,
    registry: Table,
    where: Position,
    pointer: tuple[str | int, ...],
) -> Iterator[Problem]:
    names = list(aliases) if isinstance(aliases, dict) else []
    if use in names:
        return
    if "/" in use or use in registry or _is_described(loaded, use, table):
        yield from _judge_backend(loaded, Backend(use=use), table, registry, where, pointer)
        return
    other = AGENTS if registry is MODELS else MODELS
    if use in other:
        yield _unfit(use, table, where, pointer)
        return
    message = f'"{use}" is neither an alias of "{table}" nor a backend{meant(use, [*names, *registry.names()])}'
    hint = f"aliases: {listed(names) or 'none'}; backends: {', '.join(registry.names())}"
    yield finding("ORC308", message, where, pointer=_shown(pointer), hint=hint)


def _judge_backend(
    loaded: Loaded, backend: Backend, table: str, registry: Table, where: Position, pointer: tuple[str | int, ...]
) -> Iterator[Problem]:
    kind = backend.kind
    if kind in registry or _is_described(loaded, kind, table):
        return
    if kind in (AGENTS if registry is MODELS else MODELS):
        yield _unfit(kind, table, where, pointer)
        return
    message = f'unknown backend "{kind}"{meant(kind, registry.names())}'
    yield finding("ORC309", message, where, pointer=_shown(pointer), hint=f"backends: {', '.join(registry.names())}")


def _unfit(kind: str, table: str, where: Position, pointer: tuple[str | int, ...]) -> Problem:
    if table == "models":
        message, hint = f'"{kind}" works in workspaces, this needs a model', "name a model"
    else:
        message, hint = f'"{kind}" answers prompts, this needs an agent', "name an agent"
    return finding("ORC310", message, where, pointer=_shown(pointer), hint=hint)


def _is_described(loaded: Loaded, kind: str, table: str) -> bool:
    return table == "agents" and loaded.resources.find("agents", kind) is not None


def _shown(pointer: tuple[str | int, ...]) -> str:
    return "".join(f"/{part}" for part in pointer)
