"""Start a probe: one sandboxed process that gets a plan on stdin and answers with its findings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import runner
from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.findings import judge
from runner.checks.probe.__main__ import MARK
from runner.records import Json, JsonObject

HOME = Path(runner.__file__).resolve().parent.parent


async def probe(context: CheckContext, name: str, plan: JsonObject, command: str) -> CheckOutcome:
    """The outcome of the probe `name`; `command` says in words what was done."""
    found = await findings(context, name, plan)
    if isinstance(found, CheckOutcome):
        return CheckOutcome(passed=False, exit_code=found.exit_code, command=command, output=found.output)
    return judge(command, found["compared"], found["differences"])


async def findings(context: CheckContext, name: str, plan: JsonObject) -> Json | CheckOutcome:
    """What the probe `name` answers, or a failed outcome where it ended without an answer."""
    argv = (sys.executable, "-P", "-m", "runner.checks.probe", name)
    finished = await context.run_command(
        argv,
        timeout=context.check.timeout,
        env={"PYTHONPATH": str(HOME), "PYTHONDONTWRITEBYTECODE": "1", **context.check.env},
        stdin=json.dumps(plan),
    )
    _, mark, answer = finished.output.rpartition(MARK)
    if not mark:
        late = f"stopped after {context.check.timeout:g} s\n" if finished.timed_out else ""
        code = finished.exit_code or 1
        return CheckOutcome(passed=False, exit_code=code, command=name, output=late + finished.output)
    return json.loads(answer.splitlines()[0])
