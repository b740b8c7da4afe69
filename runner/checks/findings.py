"""From a list of differences to an outcome: what every comparing check ends with."""

from __future__ import annotations

from collections.abc import Sequence

from runner.checks.base import CheckOutcome

SHOWN = 40


def judge(command: str, compared: Sequence[str], differences: Sequence[str]) -> CheckOutcome:
    """Passed when nothing differs; `compared` says in words what was looked at (nothing: no evidence)."""
    if differences:
        rest = [f"... and {len(differences) - SHOWN} more"] if len(differences) > SHOWN else []
        lines = [f"- {line}" for line in [*differences[:SHOWN], *rest]]
        return CheckOutcome(passed=False, exit_code=1, command=command, output="\n".join(lines))
    if not compared:
        return CheckOutcome(passed=None, exit_code=0, command=command, output="nothing to compare")
    return CheckOutcome(passed=True, exit_code=0, command=command, output="\n".join(compared))
