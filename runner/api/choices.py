"""Which models and agents a pipeline's steps and managers name, and what was chosen for each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.api.backends import Chosen, choose, entries_of, reopen
from runner.api.options import RunOptions
from runner.errors import CannotStart, UsageError
from runner.records import Backend, JsonObject, Manager, Pipeline, Step
from runner.registry import AGENTS, MODELS, STEPS


@dataclass(frozen=True, kw_only=True)
class Choices:
    """`models` by what `model` options say; `agents` by manager or "manager.group", and by what `agent` options say."""

    models: Mapping[str, Chosen] = field(default_factory=dict)
    agents: Mapping[str, Chosen] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Chosen, ...]:
        return (*self.models.values(), *self.agents.values())

    def notes(self) -> list[str]:
        """One line for each choice that was not the first wish, with the names that it serves."""
        served: dict[tuple[str, str], list[str]] = {}
        for one in self.all:
            served.setdefault((one.backend.use, one.why), []).append(one.alias)
        return [f"{', '.join(names)}: {use}, because {why}" for (use, why), names in served.items() if why]


def choose_all(pipeline: Pipeline, managers: Mapping[str, Manager], root: Path, options: RunOptions) -> Choices:
    """What serves this run. Raises UsageError for a name that nothing uses, CannotStart where nothing is ready."""
    steps = due(pipeline, options.until)
    used = _used(pipeline, [name for name in steps if name not in options.given])
    if unknown := set(options.models) - set(used):
        raise UsageError(f'--model: no step uses "{min(unknown)}"', f"models: {', '.join(used) or 'none'}")
    models = {
        alias: choose(
            MODELS,
            alias,
            entries_of(pipeline.models, alias),
            root,
            offline=options.offline,
            named=options.models.get(alias, ""),
        )
        for alias in _used(pipeline, [name for name in steps if name not in options.given])
    }
    return Choices(models=models, agents=_agents(pipeline, managers, root, options, steps))


def choose_free(pipeline: Pipeline, managers: Mapping[str, Manager], root: Path, options: RunOptions) -> Choices:
    """What answers a breakdown: models that cannot spend; the agents that a run would use, as far as they are ready."""
    models: dict[str, Chosen] = {}
    for alias in _used(pipeline, [name for name in pipeline.steps if name not in options.given]):
        entries, named = entries_of(pipeline.models, alias), options.models.get(alias, "")
        with contextlib.suppress(CannotStart):
            models[alias] = choose(MODELS, alias, entries, root, offline=options.offline, named=named)
        if alias not in models or models[alias].spends:
            models[alias] = choose(MODELS, alias, [Backend(use="blueprint")], root, offline=True)
    agents: dict[str, Chosen] = {}
    for name, use in _workers(managers).items():
        entries = entries_of(pipeline.agents, use)
        with contextlib.suppress(CannotStart):
            agents[name] = choose(AGENTS, name, entries, root, offline=options.offline, named=options.agent)
    return Choices(models=models, agents=agents)


def idle_steps(pipeline: Pipeline) -> dict[str, Step]:
    """The steps that neither work in the workspace nor need one that does, in the order of the file."""
    idle = {name for name in pipeline.steps if not works(pipeline, due(pipeline, name))}
    return {name: step for name, step in pipeline.steps.items() if name in idle}


def reopen_all(row: JsonObject, root: Path) -> Choices:
    """What the run chose when it started."""
    offline = bool(row["offline"])
    return Choices(
        models={alias: reopen(MODELS, alias, stored, root, offline) for alias, stored in row["models"].items()},
        agents={alias: reopen(AGENTS, alias, stored, root, offline) for alias, stored in row["agents"].items()},
    )


def due(pipeline: Pipeline, until: str) -> tuple[str, ...]:
    """The steps that a run walks: all, or `until` and what it needs, in the order of the file."""
    if not until:
        return tuple(pipeline.steps)
    wanted, pending = set[str](), [until]
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending.extend(pipeline.steps[name].needs)
    return tuple(name for name in pipeline.steps if name in wanted)


def _used(pipeline: Pipeline, steps: Iterable[str]) -> list[str]:
    """What the `model` options of these steps name, each once."""
    options = [pipeline.steps[name].options for name in steps]
    return list(dict.fromkeys(str(one["model"]) for one in options if "model" in one))


def works(pipeline: Pipeline, names: Iterable[str]) -> bool:
    """Whether one of these steps works in the workspace."""
    return any(getattr(STEPS.module(pipeline.steps[name].uses), "WORKS", False) for name in names)


def _workers(managers: Mapping[str, Manager]) -> dict[str, tuple[str, ...]]:
    """What each manager uses, and each group that has something of its own ("manager.group")."""
    wanted: dict[str, tuple[str, ...]] = {}
    for name, manager in managers.items():
        wanted[name] = manager.agents.use
        own = [group for group in manager.groups if group.agents.use != manager.agents.use]
        wanted |= {f"{name}.{group.name}": group.agents.use for group in own}
    return wanted


def refuse_unused_agent(pipeline: Pipeline, managers: Mapping[str, Manager], options: RunOptions) -> None:
    """Raises UsageError for an `--agent` that would have nothing to do."""
    if options.agent and not _at_work(pipeline, managers, due(pipeline, options.until)):
        raise UsageError(f"--agent {options.agent}: no step of this run gives work to an agent", "leave it out")


def _agents(
    pipeline: Pipeline, managers: Mapping[str, Manager], root: Path, options: RunOptions, steps: tuple[str, ...]
) -> dict[str, Chosen]:
    refuse_unused_agent(pipeline, managers, options)
    return {
        name: choose(AGENTS, name, entries_of(pipeline.agents, use), root, offline=options.offline, named=options.agent)
        for name, use in _at_work(pipeline, managers, steps).items()
    }


def _at_work(pipeline: Pipeline, managers: Mapping[str, Manager], steps: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """What those use that these steps give work to."""
    if not works(pipeline, steps):
        return {}
    wanted = _workers(managers)
    for name in steps:
        use = pipeline.steps[name].options.get("agent")
        if use is not None:
            names = (use,) if isinstance(use, str) else tuple(use)
            wanted[" ".join(names)] = names
    return wanted
