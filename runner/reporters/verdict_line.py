"""The report in one sentence, and the commands to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from runner.reporters.units import count

OPENING: Mapping[str, str] = {
    "running": "This run is not finished.",
    "limit": "Stopped at a limit.",
    "waiting": "Waiting for an approval.",
    "interrupted": "Interrupted.",
    "cancelled": "Cancelled.",
    "refused": "Not started.",
    "error": "orch itself failed.",
}


def counts(rows: list[Mapping[str, Any]]) -> Counter[str]:
    """How many rows have each status."""
    return Counter(str(row["status"]) for row in rows)


def _promised(noun: str, plural: str, rows: list[Mapping[str, Any]]) -> str:
    by = counts(rows)
    if not rows:
        return ""
    if by["verified"] == len(rows):
        return f"The {noun} is verified" if len(rows) == 1 else f"All {len(rows)} {plural} are verified"
    verb = "is" if by["verified"] == 1 else "are"
    parts = [f"{by['verified']} of {count(len(rows), noun, plural)} {verb} verified"]
    parts += [f"{by[word]} {word}" for word in ("failed", "unverified") if by[word]]
    return ", ".join(parts)


def _tasks(rows: list[Mapping[str, Any]]) -> str:
    by = counts(rows)
    words = ("verified", "unverified", "failed", "skipped", "pending")
    said = [f"{by[word]} {word}" for word in words if by[word]]
    return f"{count(len(rows), 'task')}: {', '.join(said)}" if rows else ""


def _lost(rows: list[Mapping[str, Any]]) -> str:
    verb = "was" if len(rows) == 1 else "were"
    return f"{count(len(rows), 'line')} of the request {verb} not understood" if rows else ""


def verdict_line(made: Mapping[str, Any]) -> str:
    """One line: how it ended, then requirements, criteria and tasks by status, and lines that none of them is about."""
    parts = [
        _promised("requirement", "requirements", made["requirements"]),
        _promised("criterion", "criteria", made["criteria"]),
        _tasks(made["tasks"]),
        _lost(made["not_understood"]),
    ]
    opening = OPENING.get(made["status"], "")
    if opening and made["reason"]:
        opening = f"{opening[:-1]}: {made['reason'].rstrip('.')}."
    sentences = [opening] + [f"{part}." for part in parts if part]
    return " ".join(sentence for sentence in sentences if sentence) or "Nothing was done."


def next_commands(made: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a person may type next, each with its reason."""
    run = made["run"]
    found = []
    if made["status"] == "running":
        found.append({"command": f"orch events {run} --follow", "why": "what happens, as it happens"})
    if made["status"] in ("limit", "interrupted", "cancelled", "error"):
        found.append({"command": f"orch resume {run}", "why": "goes on where the run stopped; nothing is done twice"})
    failed = [task for task in made["tasks"] if task["status"] == "failed"]
    found += [
        {"command": f"orch show {run} {task['id']}", "why": f"every attempt at {task['id']} with its checks"}
        for task in failed[:5]
    ]
    if len(failed) > 5:
        found.append({"command": f"orch show {run}", "why": f"all {len(failed)} failed tasks"})
    return found
