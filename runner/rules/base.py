"""The seam of rules: a rule judges data and yields problems. One file a rule (or a close family), `ORCnnn` its id.

A rule's module holds `ID`, `NAME`, `SEVERITY`, `JUDGES` and `judge`. Its docstring is its page in the documentation.
`JUDGES` says what it looks at: "pipeline" (with its managers and templates), "manager", "plan" or "tasks".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from runner.records import Json, Manager, Plan, Problem, Request

Judged = Literal["pipeline", "manager", "plan", "tasks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a rule of plans and tasks sees. `data` is the answer (or file) itself; the rest stands around it."""

    data: Json
    managers: Mapping[str, Manager] = field(default_factory=dict)
    plan: Plan | None = None
    request: Request | None = None
    depth: int = 3


class AnswerRule(Protocol):
    """A rule over plans or tasks: the same for a file, for `--given` and for every model answer."""

    @property
    def ID(self) -> str: ...  # noqa: N802
    @property
    def NAME(self) -> str: ...  # noqa: N802
    @property
    def JUDGES(self) -> Literal["plan", "tasks"]: ...  # noqa: N802

    def judge(self, judgement: Judgement) -> Iterable[Problem]: ...
