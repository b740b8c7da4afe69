"""How a run ended: its status and exit code, from what its steps, tasks and verdicts say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runner.engine import StepState
from runner.errors import OrchError
from runner.records import Json, JsonObject, Pipeline
from runner.reporters.units import count

RunStatus = Literal["ok", "failed", "refused", "limit", "waiting", "interrupted", "cancelled", "error"]
STATUS_OF_EXIT: Mapping[int, RunStatus] = {
    0: "ok", 1: "failed", 2: "refused", 3: "refused", 4: "limit", 5: "waiting", 70: "error", 130: "interrupted",
}  # fmt: skip
RESUMABLE = ("running", "limit", "waiting", "interrupted", "cancelled", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`reason` and `hint` say why it is not 0; `outputs` are the pipeline's; `workspace` is "" where none was made;
    `report` is the page; `flow` the plan in words, of a run that was refused although it was planned;
    `not_understood` counts lines of the request; `error` is what stopped the run, when something did."""

    run: str
    status: RunStatus
    exit_code: int
    reason: str = ""
    hint: str = ""
    workspace: str = ""
    report: str = ""
    flow: str = ""
    unverified: int = 0
    not_understood: int = 0
    outputs: JsonObject | None = None
    error: OrchError | None = None


def ended(
    pipeline: Pipeline,
    states: Mapping[str, StepState],
    results: Sequence[JsonObject],
    verdicts: Sequence[JsonObject],
    not_understood: int,
    strict: bool,
) -> tuple[int, str, int]:
    """Exit code, reason and number of unverified items of a run that went to its end.

    With `strict`, what was not shown to hold and what nothing was made of (`not_understood`) fail the run."""
    reasons = [
        *_failed_steps(pipeline, states),
        *_of("task", "failed", results, "task"),
        *_of("task", "skipped", results, "task"),
        *_of("", "failed", verdicts, "id"),
    ]
    unverified = sum(one["status"] == "unverified" for one in (*results, *verdicts))
    if not reasons and strict and (open_ends := left_open(unverified, not_understood)):
        reasons = [f"{', '.join(open_ends)}, which --strict does not accept"]
    return (1 if reasons else 0), "; ".join(reasons), unverified


def left_open(unverified: int, not_understood: int) -> list[str]:
    """How much was not shown, and how much of the request nothing was made of, as a person reads it."""
    said = [f"{unverified} unverified"] if unverified else []
    return said + ([f"{count(not_understood, 'line')} not understood"] if not_understood else [])


def _failed_steps(pipeline: Pipeline, states: Mapping[str, StepState]) -> list[str]:
    return [
        f'step "{name}" failed: {state.reason}'
        for name, state in states.items()
        if state.status == "failed" and not pipeline.steps[name].may_fail
    ]


def _of(noun: str, status: str, rows: Sequence[Json], key: str) -> list[str]:
    names = [str(row[key]) for row in rows if row["status"] == status]
    if not names:
        return []
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return [f"{noun}{'s' if noun and len(names) > 1 else ''} {status}: {shown}".strip()]
