"""The seam of checks: evidence from work. A module holds `OPTIONS` (JSON Schema of `with`) and `run`; one file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from runner.expressions import fill
from runner.records import Check, Exec, JsonObject, Task, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What a check judges: the files in `worktree`, against the spec of `task`.

    `tasks` are all tasks by id (a foreign key's table, the endpoint that issues tokens); `run_command` starts a process
    in the worktree, sandboxed, with only its own loopback network; `scratch` is an empty folder that it may fill.
    """

    check: Check
    task: Task
    tasks: Mapping[str, Task]
    worktree: Path
    scratch: Path
    run_command: Exec


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """`exit_code` 0 is passed for every check but a command with its own `exit`; `output` tells a person and the next
    attempt what was compared and what differed; `command` is what one would type, or the comparison in words.
    `passed` None: there was nothing to judge, the check is no evidence."""

    passed: bool | None
    exit_code: int
    command: str
    output: str


def with_env(check: Check, task: Task, secrets: Mapping[str, str]) -> Check:
    """The check with the `{{ }}` of its `env` filled; only there may a secret stand. Raises MissingValue."""
    scope = {"task": to_json(task)}
    return replace(check, env={name: str(fill(value, scope, secrets)) for name, value in check.env.items()})


class CheckModule(Protocol):
    """What a module in the table of checks holds."""

    @property
    def OPTIONS(self) -> JsonObject: ...  # noqa: N802

    async def run(self, context: CheckContext) -> CheckOutcome: ...
