"""What the engine stands on, and what it knows of a step that has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Literal

from runner.agents.base import Emit
from runner.journal import Journal
from runner.records import Evidence, Json, JsonObject, Pipeline, Step, from_json, to_json
from runner.steps.base import StepContext, StepResult

Status = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """How a step (or an item of a foreach) ended; `reason` says why it failed or was skipped."""

    status: Status
    output: Json = None
    checks: tuple[Evidence, ...] = ()
    failures: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, result: StepResult) -> StepState:
        return cls(
            status="failed" if result.failures else "ok",
            output=result.output,
            checks=result.checks,
            failures=result.failures,
            reason="; ".join(result.failures),
        )

    @classmethod
    def load(cls, data: Json) -> StepState:
        return from_json(cls, data)

    @property
    def data(self) -> JsonObject:
        """What `steps.NAME` finds, and what the journal keeps."""
        plain: JsonObject = to_json(self)
        return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """All that a walk needs. `context(step, item, options, scope)` makes what a step type gets; `scope(step)` is what
    its expressions see beside `steps`; `secrets` may stand under `env` only; `given` holds what a person supplies."""

    run: str
    pipeline: Pipeline
    journal: Journal
    emit: Emit
    module: Callable[[str], ModuleType]
    context: Callable[[Step, str, Mapping[str, Json], JsonObject], StepContext]
    scope: Callable[[Step], JsonObject]
    secrets: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Json] = field(default_factory=dict)
    until: str = ""
