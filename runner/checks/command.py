"""A command and its exit code: `run` (words) or `shell` (a script) in the worktree, sandboxed."""

from __future__ import annotations

import shlex

from runner.checks.base import CheckContext, CheckOutcome
from runner.records import JsonObject

OPTIONS: JsonObject = {"type": "object", "additionalProperties": False, "properties": {}}


async def run(context: CheckContext) -> CheckOutcome:
    """Passed when the exit code is one of the check's `exit` (any but 0 where that is empty)."""
    check = context.check
    argv = check.run or ("/bin/sh", "-c", check.shell)
    finished = await context.run_command(argv, timeout=check.timeout, env=dict(check.env), network=check.network)
    wanted = finished.exit_code in check.exit if check.exit else finished.exit_code != 0
    late = f"\nstopped after {check.timeout:g} s, its time limit" if finished.timed_out else ""
    return CheckOutcome(
        passed=wanted and not finished.timed_out,
        exit_code=finished.exit_code,
        command=check.shell or shlex.join(argv),
        output=finished.output + late,
    )
