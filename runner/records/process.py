"""How a process ended, and how one is started from inside a turn or a check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a process ended: `exit_code` (negative: the signal), the text it wrote (bounded), seconds, and whether it
    ran into its time limit."""

    exit_code: int
    output: str
    seconds: float
    timed_out: bool = False


Exec = Callable[..., Awaitable[Finished]]
"""run_command(argv, timeout=..., env=..., stdin=..., network=...): a process in the turn's worktree, sandboxed."""
