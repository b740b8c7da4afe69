"""One exact piece of work (`schemas/tasks.schema.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from runner.records.json import Json, JsonObject
from runner.records.manager import Action

Complexity = Literal["low", "medium", "high", "split"]

POINTS: Mapping[str, int] = {"low": 1, "medium": 2, "high": 4, "split": 4}
"""Complexity points: what scheduling, orders and seats count in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCheck:
    """A check of the task itself, written by the model that decomposed: `uses` (with options) or `run`."""

    name: str
    uses: str = ""
    run: str = ""
    options: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`id` is its component, `_`, a name. `requirements` hold R-n, C-n, S-n or A-n. `spec["kind"]` names its kind."""

    id: str
    title: str
    component: str
    spec: JsonObject
    action: Action = "create"
    complexity: Complexity = "low"
    needs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    checks: tuple[TaskCheck, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of its spec."""
        return str(self.spec["kind"])

    @property
    def points(self) -> int:
        """Complexity points, as scheduling counts them."""
        return POINTS[self.complexity]
