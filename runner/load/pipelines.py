"""A pipeline's data, already of the right structure, as records."""

from __future__ import annotations

from runner.expressions import words
from runner.load.values import limits, optional_seconds, requires
from runner.records import Backend, Environment, Field, Foreach, Json, JsonObject, Pipeline, Repeat, Step


def pipeline(data: JsonObject) -> Pipeline:
    """The pipeline that `data` describes; managers by name."""
    workspace = data.get("workspace", {})
    return Pipeline(
        name=data["name"],
        description=data.get("description", ""),
        steps={name: step(name, entry) for name, entry in data["steps"].items()},
        inputs={name: field(entry) for name, entry in data.get("inputs", {}).items()},
        repository=workspace.get("repository", "any"),
        base=workspace.get("base", ""),
        clean=workspace.get("clean", False),
        models=_aliases(data.get("models", {})),
        agents=_aliases(data.get("agents", {})),
        managers=tuple(manager_name(entry) for entry in data.get("managers", ())),
        limits=limits(data.get("limits")),
        sandbox=data.get("sandbox", "auto"),
        requires=requires(data.get("requires")),
        environment=_environment(data.get("environment")),
        outputs=data.get("outputs", {}),
    )


def step(name: str, data: JsonObject) -> Step:
    """One step; its options stay as they are written."""
    needs = data.get("needs", {})
    return Step(
        name=name,
        uses=data["uses"],
        description=data.get("description", ""),
        needs=needs if isinstance(needs, dict) else dict.fromkeys(needs, "ok"),
        condition=data.get("if", ""),
        foreach=_foreach(data.get("foreach")),
        repeat=Repeat(**data["repeat"]) if "repeat" in data else None,
        retry=data.get("retry", 0),
        timeout=optional_seconds(data, "timeout"),
        limits=limits(data.get("limits")),
        may_fail=data.get("may_fail", False),
        options=data["with"],
    )


def field(data: JsonObject) -> Field:
    """A typed input or question."""
    return Field(
        type=data["type"],
        title=data.get("title", ""),
        description=data.get("description", ""),
        has_default="default" in data,
        default=data.get("default"),
        choices=tuple(data.get("choices", ())),
        pattern=data.get("pattern", ""),
        min=data.get("min"),
        max=data.get("max"),
    )


def manager_name(entry: Json) -> str:
    """The name in one entry of `managers`."""
    return entry if isinstance(entry, str) else str(entry["use"])


def backend(entry: Json) -> Backend:
    """One entry of an alias: a name, or a mapping with `use` and settings."""
    if isinstance(entry, str):
        return Backend(use=entry)
    return Backend(use=entry["use"], settings={key: value for key, value in entry.items() if key != "use"})


def _aliases(data: JsonObject) -> dict[str, tuple[Backend, ...]]:
    return {alias: tuple(backend(entry) for entry in entries) for alias, entries in data.items()}


def _foreach(data: JsonObject | None) -> Foreach | None:
    if data is None:
        return None
    return Foreach(
        source=data["in"],
        name=data["as"],
        key=data.get("key", ""),
        parallel=data.get("parallel"),
        on_error=data.get("on_error", "stop"),
        collect=data.get("collect", ""),
    )


def _environment(data: JsonObject | None) -> Environment | None:
    if data is None:
        return None
    return Environment(prepare=tuple(words(run) for run in data["prepare"]), files=tuple(data.get("files", ())))
