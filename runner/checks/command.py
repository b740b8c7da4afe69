"""A command and its exit code: `run` (words), `shell` (a script) or a field of the spec; in the worktree, sandboxed."""

from __future__ import annotations

import shlex

from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.words import NoWords, words
from runner.expressions import split_run
from runner.records import JsonObject, to_json

OPTIONS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "field": {
            "type": "string",
            "minLength": 1,
            "description": "with `uses: command`: the field of the spec that holds the command; it is split into "
            "words, and no shell reads it (default: command)",
        }
    },
}


async def run(context: CheckContext) -> CheckOutcome:
    """Passed when the exit code is one of the check's `exit` (where that is empty, any but 0 of a command
    that is there).

    `{{ task... }}` is filled in `run`, as it was in `env`, and never in `shell`: no value becomes a part of a script,
    an option or the program. Raises errors.StepFailed for one that would.
    """
    check = context.check
    try:
        argv = _argv(context)
    except NoWords as error:
        return CheckOutcome(passed=False, exit_code=126, command=check.name, output=str(error))
    finished = await context.run_command(argv, timeout=check.timeout, env=check.env, network=check.network)
    # 126 and 127 say that nothing ran: where a failure is wanted, that shows nothing.
    code = finished.exit_code
    wanted = code in check.exit if check.exit else code not in (0, 126, 127)
    late = f"\nstopped after {check.timeout:g} s, its time limit" if finished.timed_out else ""
    return CheckOutcome(
        passed=wanted and not finished.timed_out,
        exit_code=code,
        command=check.shell or shlex.join(argv),
        output=finished.output + late,
    )


def _argv(context: CheckContext) -> tuple[str, ...]:
    check, scope = context.check, {"task": to_json(context.task)}
    if check.shell:
        return ("/bin/sh", "-c", check.shell)
    if check.run:
        return split_run(check.run, scope)
    return words(str(context.task.spec.get(check.options.get("field", "command"), "")))
