"""What templates see without being told: the one table for lint, engine and executors."""

from __future__ import annotations

STEP = ("request", "plan", "managers", "run")
"""Every prompt and agent step, beside its `vars`; `plan` once there is one."""
ORDER = (
    "order", "group", "seat", "part", "manager", "task", "tasks", "number", "count", "first", "continued", "attempt",
    "round", "feedback", "owns", "checks", "related", "request", "plan", "run",
)  # fmt: skip
"""A manager's template, for each turn of an order."""
ROUND = (*STEP, "verdict", "criterion", "tasks", "round")
"""The template of a validate step, for each criterion that is decomposed again."""
