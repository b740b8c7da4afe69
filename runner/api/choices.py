"""Which models and agents a pipeline's steps and managers name, and what was chosen for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.api.backends import Chosen, choose, entries_of, reopen
from runner.api.options import RunOptions
from runner.errors import UsageError
from runner.records import JsonObject, Manager, Pipeline
from runner.registry import AGENTS, MODELS, STEPS


@dataclass(frozen=True, kw_only=True)
class Choices:
    """`models` by what `model` options say; `agents` by manager, and by what `agent` options say."""

    models: Mapping[str, Chosen] = field(default_factory=dict)
    agents: Mapping[str, Chosen] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Chosen, ...]:
        return (*self.models.values(), *self.agents.values())

    def notes(self) -> list[str]:
        """One line for each name that did not get its first wish."""
        return [f"{one.alias}: {one.backend.use} ({one.why})" for one in self.all if one.why]


def choose_all(pipeline: Pipeline, managers: Mapping[str, Manager], root: Path, options: RunOptions) -> Choices:
    """What serves this run. Raises UsageError for a name that nothing uses, CannotStart where nothing is ready."""
    steps = due(pipeline, options.until)
    used = [str(pipeline.steps[name].options["model"]) for name in steps if "model" in pipeline.steps[name].options]
    if unknown := set(options.models) - set(used):
        raise UsageError(
            f'--model: no step uses "{min(unknown)}"', f"models: {', '.join(dict.fromkeys(used)) or 'none'}"
        )
    models = {
        alias: choose(
            MODELS,
            alias,
            entries_of(pipeline.models, alias),
            root,
            offline=options.offline,
            named=options.models.get(alias, ""),
        )
        for alias in dict.fromkeys(used)
        if alias not in options.given
    }
    return Choices(models=models, agents=_agents(pipeline, managers, root, options, steps))


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


def works(pipeline: Pipeline, names: Iterable[str]) -> bool:
    """Whether one of these steps works in the workspace."""
    return any(getattr(STEPS.module(pipeline.steps[name].uses), "WORKS", False) for name in names)


def _agents(
    pipeline: Pipeline, managers: Mapping[str, Manager], root: Path, options: RunOptions, steps: tuple[str, ...]
) -> dict[str, Chosen]:
    if not works(pipeline, steps):
        return {}
    wanted: dict[str, tuple[str, ...]] = {name: manager.agents.use for name, manager in managers.items()}
    for name in steps:
        use = pipeline.steps[name].options.get("agent")
        if use is not None:
            names = (use,) if isinstance(use, str) else tuple(use)
            wanted[" ".join(names)] = names
    return {
        name: choose(AGENTS, name, entries_of(pipeline.agents, use), root, offline=options.offline, named=options.agent)
        for name, use in wanted.items()
    }
