"""From a list of differences to an outcome: what every comparing check ends with."""

from __future__ import annotations

from collections.abc import Sequence

from runner.checks.base import CheckOutcome

SHOWN = 40
"""Differences that are listed; the rest is counted."""
WIDTH, ROOM = 300, 3600
"""Characters of a line, and of all lines, of what was compared: evidence keeps little more."""


def judge(command: str, compared: Sequence[str], differences: Sequence[str]) -> CheckOutcome:
    """Passed when nothing differs; `compared` says in words what was looked at (nothing: no evidence)."""
    if differences:
        rest = [f"... and {len(differences) - SHOWN} more"] if len(differences) > SHOWN else []
        lines = [f"- {line}" for line in [*differences[:SHOWN], *rest]]
        return CheckOutcome(passed=False, exit_code=1, command=command, output="\n".join(lines))
    if not compared:
        return CheckOutcome(passed=None, exit_code=0, command=command, output="nothing to compare")
    return CheckOutcome(passed=True, exit_code=0, command=command, output="\n".join(_bounded(compared)))


def _bounded(lines: Sequence[str]) -> list[str]:
    """The lines in their order as far as there is room, and how many are left out."""
    found: list[str] = []
    for place, line in enumerate(lines):
        short = line if len(line) <= WIDTH else f"{line[: WIDTH - 4]} ..."
        if sum(map(len, found)) + len(short) > ROOM:
            left = len(lines) - place
            return [*found, f"... and {left} more line{'' if left == 1 else 's'}"]
        found.append(short)
    return found
