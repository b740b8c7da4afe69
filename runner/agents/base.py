"""The seam of agents: what works in a worktree. A module holds `SPENDS`, `ready` and `open_agent`; one file a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from runner.records import Exec as Exec
from runner.records import Finished as Finished
from runner.records import Json, JsonObject, Request, Task, Usage

Emit = Callable[[str, str, JsonObject], None]
"""emit(kind, subject, data): say an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of an agent: one task of its order (task None for an agent step).

    `prompt` is the whole text for this turn; `tasks` are all tasks of the run by id, for agents that render from specs;
    `session` continues an earlier conversation of the same seat ("" starts one); `timeout` and `idle` in seconds.
    """

    address: str
    prompt: str
    worktree: Path
    root: Path
    request: Request
    task: Task | None = None
    tasks: Mapping[str, Task] = field(default_factory=dict)
    attempt: int = 1
    round: int = 0
    feedback: str = ""
    session: str = ""
    timeout: float | None = None
    idle: float | None = None
    tools: tuple[str, ...] = ()
    emit: Emit
    run_command: Exec


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """`done` only says that the agent ended by itself: whether the work is good is for checks to say."""

    outcome: Literal["done", "failed", "limit", "cancelled"]
    said: str = ""
    reason: str = ""
    session: str = ""
    usage: Usage = Usage()


class Agent(Protocol):
    async def turn(self, turn: Turn) -> TurnResult:
        """Work in `turn.worktree` until the task is done. Raises errors.Transient where trying again may help."""
        ...


class AgentModule(Protocol):
    """What a module in the table of agents holds."""

    @property
    def SPENDS(self) -> bool: ...  # noqa: N802

    def ready(self, name: str, settings: Mapping[str, Json], root: Path, offline: bool) -> str:
        """Why it cannot be used here, or "" when it is ready. Starts nothing that spends."""
        ...

    def fits(self, tasks: tuple[Task, ...], request: Request, plan: JsonObject | None) -> str:
        """Why it cannot serve these tasks, or "" when it can. Asked before a workspace is made."""
        ...

    def open_agent(self, name: str, settings: Mapping[str, Json], root: Path) -> Agent: ...
