"""What a pipeline file says, after loading. Durations are seconds, costs are USD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from runner.records.json import Json

Outcome = Literal["ok", "failed", "skipped", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A typed input or question; `default` counts only where `has_default`, since null may be one."""

    type: Literal["text", "integer", "number", "boolean", "choice", "markdown", "file"]
    title: str = ""
    description: str = ""
    has_default: bool = False
    default: Json = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """None means: not limited here. `time` and `idle` in seconds."""

    cost_usd: float | None = None
    time: float | None = None
    agents: int | None = None
    attempts: int | None = None
    depth: int | None = None
    tokens: int | None = None
    turns: int | None = None
    idle: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One entry of an alias: `use` is "kind" or "kind/model"; `settings` is the rest of its mapping."""

    use: str
    settings: Mapping[str, Json] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The name in the registry: what stands before the slash."""
        return self.use.partition("/")[0]

    @property
    def model(self) -> str:
        """What stands after the slash, or ""."""
        return self.use.partition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreach:
    """`source` is the list itself or an expression that finds it; `key` an expression over `name`."""

    source: Json
    name: str
    key: str = ""
    parallel: int | None = None
    on_error: Literal["stop", "continue"] = "stop"
    collect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    until: str
    max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requires:
    commands: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`prepare` are argv lists, run once per content of `files`."""

    prepare: tuple[tuple[str, ...], ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node of the pipeline; `options` is its `with`, still unfilled."""

    name: str
    uses: str
    description: str = ""
    needs: Mapping[str, Outcome] = field(default_factory=dict)
    condition: str = ""
    foreach: Foreach | None = None
    repeat: Repeat | None = None
    retry: int = 0
    timeout: float | None = None
    limits: Limits = Limits()
    may_fail: bool = False
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A whole pipeline; `managers` are names, their overrides are already merged into the loaded managers."""

    name: str
    steps: Mapping[str, Step]
    description: str = ""
    inputs: Mapping[str, Field] = field(default_factory=dict)
    repository: Literal["new", "existing", "any"] = "any"
    base: str = ""
    clean: bool = False
    models: Mapping[str, tuple[Backend, ...]] = field(default_factory=dict)
    agents: Mapping[str, tuple[Backend, ...]] = field(default_factory=dict)
    managers: tuple[str, ...] = ()
    limits: Limits = Limits()
    sandbox: Literal["auto", "required", "none"] = "auto"
    requires: Requires = Requires()
    environment: Environment | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
