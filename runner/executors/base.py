"""The seam of executors: what carries out orders. A module holds `run_orders`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from runner.agents.base import Agent, Emit
from runner.journal import Journal
from runner.records import Assignment, JsonObject, Limits, Manager, Request, TaskResult
from runner.sandbox import Sandbox
from runner.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All that an executor needs to turn an assignment into results.

    `agents` holds the chosen agent of each manager (of "manager.group" where a group has its own), `agent_names` how it
    is called in reports; `render` fills a manager's prompt; `done` are results of earlier rounds or of an earlier life
    of this run (never worked on again); `feedback` is what reopened tasks are told; `deadline` is a time of
    `time.monotonic()`; `readable` are folders that sandboxed commands may read (prepared dependencies); `secrets` may
    stand in the `env` of checks. `reached(point, task)` is called at each of POINTS, so that a test can end the process
    there.
    """

    run: str
    step: str
    round: int
    assignment: Assignment
    managers: Mapping[str, Manager]
    agents: Mapping[str, Agent]
    agent_names: Mapping[str, str]
    request: Request
    plan: JsonObject | None
    workspace: Workspace
    sandbox: Sandbox
    journal: Journal
    limits: Limits
    root: Path
    emit: Emit
    render: Callable[[Manager, JsonObject], str]
    done: Mapping[str, TaskResult] = field(default_factory=dict)
    feedback: Mapping[str, str] = field(default_factory=dict)
    deadline: float | None = None
    readable: tuple[Path, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    reached: Callable[[str, str], None] = lambda point, task: None

    def worker(self, manager: str, group: str) -> str:
        """The key in `agents` of who works for a group: "manager.group" where it has an agent of its own."""
        own = f"{manager}.{group}"
        return own if own in self.agents else manager


POINTS = (
    "ordered",
    "turned",
    "committed",
    "journalled",
    "merging",
    "proved",
    "accepted",
    "updated",
    "shown",
    "finished",
)
"""Where a task can be when everything ends: its order is a row, its turn is over, its commit made and journalled, its
merge begun, proved and accepted, the branch moved and checked out, its result written."""


class Executor(Protocol):
    """What a module in the table of executors holds."""

    async def run_orders(self, job: Job) -> tuple[TaskResult, ...]:
        """One result for each task of the assignment. Raises errors.LimitReached with the results journalled."""
        ...
