"""Every deliberate error of orch, each with its exit code.

    OrchError                   70  orch itself failed, with a message for a person
    ├── UsageError               2  wrong words on the command line
    ├── FileProblems             2  files that `orch lint` would refuse (carries the problems)
    ├── CannotStart              3  no ready agent, key, command or sandbox; the request does not fit
    ├── LimitReached             4  cost, time, tokens or turns are used up
    ├── Waiting                  5  an `approve` step waits for a person
    ├── StepFailed               1  a step ended as failed, with its reason
    │   └── Transient            1  it may work when asked again (the only thing `retry` repeats)
    └── Interrupted            130  stopped by a person; the run can be resumed

What the user did wrong in a file is collected as `records.Problem`; what cannot go on is raised as one of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.records import Problem


class OrchError(Exception):
    """The base: `message` says the thing and the place, `hint` the next act."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(OrchError):
    """Wrong words on the command line."""

    exit_code = 2


class FileProblems(OrchError):
    """Files that `orch lint` would refuse; `problems` holds each with its position."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problem{'' if len(problems) == 1 else 's'} in files")
        self.problems = tuple(problems)


class CannotStart(OrchError):
    """Nothing was started or spent: something needed is missing, or the request does not fit."""

    exit_code = 3


class LimitReached(OrchError):
    """A limit on cost, time, tokens or turns was reached; the run is kept."""

    exit_code = 4


class Waiting(OrchError):
    """An `approve` step waits for an answer; the run is kept."""

    exit_code = 5


class StepFailed(OrchError):
    """A step ended as failed; the message is the reason that the report prints."""

    exit_code = 1


class Transient(StepFailed):
    """A failure that may pass when the same thing is asked again."""


class Interrupted(OrchError):
    """A person stopped the run; it can be resumed."""

    exit_code = 130
