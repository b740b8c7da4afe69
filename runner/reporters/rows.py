"""Reads what a report is made of from the journal's rows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from runner.journal import Journal
from runner.records import Json, JsonObject
from runner.reporters.report import report
from runner.reporters.safe import secrets_in


def read_report(journal: Journal, run: str) -> dict[str, Any]:
    """The report of a run as it stands now. Raises CannotStart when there is no such run."""
    row = journal.run(run)
    published: dict[str, list[Json]] = {}
    for key, data in journal.entries(run, "published"):
        published.setdefault(key.item, []).append(data)
    return report(
        row,
        plan=_last(published, "plan"),
        tasks=_listed(_last(published, "tasks") or (), "tasks"),
        assignment=_last(published, "assignment"),
        results=latest(
            [data for _, data in journal.entries(run, "result")],
            [result for data in published.get("results", ()) for result in _listed(data, "results")],
        ),
        verdicts=_listed(_last(published, "verdicts") or (), "verdicts"),
        events=journal.events(run),
        secrets=secrets_in(os.environ),
        held=journal.holder(run) is not None,
    )


def _last(published: dict[str, list[Json]], item: str) -> Json:
    found = published.get(item)
    return found[-1] if found else None


def _listed(data: Json, name: str) -> list[JsonObject]:
    """A list that may stand alone or under its name."""
    if isinstance(data, dict):
        data = data.get(name) or ()
    return list(data)


def latest(*sources: Iterable[JsonObject]) -> dict[str, JsonObject]:
    """The result of each task that counts: the highest round, then the last said."""
    found: dict[str, JsonObject] = {}
    for source in sources:
        for result in source:
            task = str(result["task"])
            if int(result.get("round") or 0) >= int(found.get(task, {}).get("round") or 0):
                found[task] = result
    return found
