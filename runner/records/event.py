"""A row of the journal: the only source for terminal, JSON progress, web page, report and traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.records.json import JsonObject

EVENT_KINDS: Mapping[str, str] = {
    "run_started": "pipeline, workspace, offline, sandbox, models{alias: name}, agents{alias: name}, notes[]",
    "run_resumed": "times",
    "run_finished": "status, exit_code, seconds, reason",
    "step_started": "uses, items (of a foreach)",
    "step_finished": "status ok|failed|skipped, seconds, reason",
    "item_started": "item; subject is the step",
    "item_finished": "item, status, reason; subject is the step",
    "ask_started": "model, attempt, characters; subject is step or step/item",
    "ask_finished": "model, attempt, seconds, usage, problems (a count)",
    "tasks_assigned": "groups, tasks, edges (counts); lower_bound points",
    "order_started": "seat, manager, group, tasks[], attempts[], agent, round; subject is the order's id",
    "order_finished": "seat, status; subject is the order's id",
    "turn_started": "order, seat, attempt, agent; subject is the task's id",
    "turn_finished": "order, seat, attempt, outcome, seconds, files[]; subject is the task's id",
    "check_finished": "name, at, passed, exit_code, seconds, output_tail (when it failed); subject is the task's id",
    "attempt_failed": "attempt, reason: another attempt follows; subject is the task's id",
    "merge_started": "commit, head; subject is the task's id",
    "merge_finished": "commit, seconds; subject is the task's id",
    "merge_refused": "reason, lines[]; subject is the task's id",
    "task_finished": "status, reason, attempts, commit, manager, group, seat; subject is the task's id",
    "round_started": "round, reopened[], decomposed[]; subject is the step",
    "verdict": "status, reason; subject is R-n, C-n or S-n",
    "problem": "severity, message, hint",
    "note": "message",
}
"""Every kind of event, with the keys of its data. Times are seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`seq` counts from 1 within a run; `at` is seconds since the epoch; `subject` names what it is about."""

    seq: int
    at: float
    kind: str
    subject: str
    data: JsonObject
