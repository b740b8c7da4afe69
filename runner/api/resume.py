"""Goes on with a run, from its own sources: what is finished is read from the journal, never done or bought again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from runner.api.assemble import assemble
from runner.api.choices import due, reopen_all, works
from runner.api.look import find_run, open_journal
from runner.api.options import RunOptions
from runner.api.outcome import RESUMABLE, Outcome
from runner.api.prepared import Prepared
from runner.api.run import (
    Listener,
    load_judged,
    read_document,
    refuse_missing,
    refuse_unlimited,
    reported,
    with_limits,
)
from runner.errors import CannotStart
from runner.journal import Journal
from runner.records import JsonObject, Request, from_json
from runner.reporters.timeline import timeline
from runner.resources import Resources
from runner.sandbox import Sandbox, end_processes

CANCEL_PATIENCE = 30.0
"""Seconds that `cancel` waits for a run to clean up after itself."""


async def resume(
    root: Path, run: str, listeners: Sequence[Listener] = (), *, limit: float | None = None, budget: float | None = None
) -> Outcome:
    """Carries a run on to its end; `limit` (seconds) and `budget` (USD) replace its limits.

    The time that earlier lives took counts, as what they spent does; a new `limit` is for what is left.

    Raises CannotStart for a run that is unknown, finished, held by another process, or whose backends are gone.
    """
    with open_journal(root) as journal:
        run = find_run(journal, run)
        for listener in listeners:
            journal.listen(listener)
        with journal.hold(run):
            row = _unfinished(journal, run)
            end_processes(journal.tag(run))
            sources = _unpack(root, run, row["sources"])
            prepared = _prepared(root, sources, row, limit, budget)
            lives = int(row.get("lives", 1)) + 1
            journal.update_run(run, status="running", lives=lives)
            # Before the life begins: its own first event would end the pause.
            spent = timeline(journal.events(run)).seconds if limit is None else 0.0
            life = assemble(prepared, journal, run, sources, resumed=lives - 1, spent=spent)
            return reported(journal, await life.run())


def cancel(root: Path, run: str) -> str:
    """Stops a run and keeps what it has done; returns what happened. Raises CannotStart where it cannot be reached."""
    with open_journal(root) as journal:
        run = find_run(journal, run)
        holder = journal.holder(run)
        if holder is None:
            with journal.hold(run):
                _unfinished(journal, run)
                end_processes(journal.tag(run))
                journal.update_run(run, status="cancelled")
            return f"{run} was not running; it is marked cancelled"
        if not holder.reachable:
            raise CannotStart(f'run "{run}" is held by a process elsewhere (pid {holder.pid})', "stop it there")
        os.kill(holder.pid, signal.SIGTERM)
        deadline = time.monotonic() + CANCEL_PATIENCE
        while journal.holder(run) is not None:
            if time.monotonic() > deadline:
                raise CannotStart(f"process {holder.pid} got the signal and still works", "try again, or end it")
            time.sleep(0.05)
        # It may have come to its end while the signal was on its way.
        _unfinished(journal, run)
        journal.update_run(run, status="cancelled")
        return f"{run} is stopped; all it has done is kept"


def _unfinished(journal: Journal, run: str) -> JsonObject:
    """The row of a run that did not come to its end. Raises CannotStart for one that did."""
    row = journal.run(run)
    if row["status"] not in RESUMABLE:
        raise CannotStart(f'run "{run}" is finished: {row["status"]}', f"look at it: orch report {run}")
    return row


def _prepared(root: Path, sources: Path, row: JsonObject, limit: float | None, budget: float | None) -> Prepared:
    options = from_json(RunOptions, row["options"])
    options = replace(options, time=limit or options.time, budget=budget or options.budget)
    loaded = load_judged(sources, str(sources / row["file"]), options.managers or None)
    pipeline = with_limits(loaded, options)
    choices = reopen_all(row, sources)
    refuse_missing(pipeline, loaded)
    refuse_unlimited(pipeline, choices)
    return Prepared(
        root=root,
        loaded=loaded,
        pipeline=pipeline,
        request=from_json(Request, row["request"]),
        inputs=row["inputs"],
        options=options,
        choices=choices,
        sandbox=Sandbox.choose(pipeline.sandbox) if works(pipeline, due(pipeline, options.until)) else Sandbox("none"),
        given={step: read_document(kept["text"], kept["path"]) for step, kept in row["given"].items()},
    )


def _unpack(root: Path, run: str, sources: Mapping[str, str]) -> Path:
    """The run's sources as files in a folder of its own, exactly as they were when it started."""
    folder = root / ".orch" / "runs" / run / "sources"
    resources = Resources(folder)
    for name, text in sources.items():
        if not resources.inside(name):
            raise CannotStart(f'run "{run}" names a source outside its folder: {name}')
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
