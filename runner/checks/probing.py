"""Start a probe: one sandboxed process that gets a plan on stdin and answers with its findings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import runner
from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.findings import judge
from runner.checks.probe.__main__ import MARK
from runner.records import JsonObject

HOME = Path(runner.__file__).resolve().parent.parent


async def probe(context: CheckContext, name: str, plan: JsonObject, command: str) -> CheckOutcome:
    """What the probe `name` found; `command` says in words what was done."""
    finished = await context.run_command(
        (sys.executable, "-P", "-m", "runner.checks.probe", name),
        timeout=context.check.timeout,
        env={"PYTHONPATH": str(HOME), "PYTHONDONTWRITEBYTECODE": "1", **context.check.env},
        stdin=json.dumps(plan),
    )
    _, mark, answer = finished.output.rpartition(MARK)
    if not mark:
        late = f"stopped after {context.check.timeout:g} s\n" if finished.timed_out else ""
        return CheckOutcome(
            passed=False, exit_code=finished.exit_code or 1, command=command, output=late + finished.output
        )
    found = json.loads(answer.splitlines()[0])
    return judge(command, found["compared"], found["differences"])
