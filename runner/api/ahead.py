"""`--breakdown`: what a run would do, in words; nothing is spent, and nothing stays behind."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from runner.api.assemble import assemble
from runner.api.outcome import Outcome
from runner.api.prepared import Prepared
from runner.api.run import row_of
from runner.journal import Journal

_RUN = "breakdown"


async def look_ahead(prepared: Prepared) -> Outcome:
    """The outcome of planning alone, with `flow` the whole of it in words. Raises CannotStart."""
    with tempfile.TemporaryDirectory(prefix="orch-") as folder, Journal.open(Path(folder) / "journal.db") as journal:
        journal.create_run(_RUN, row_of(prepared))
        life = assemble(prepared, journal, _RUN, prepared.root)
        outcome = await life.run()
        return replace(outcome, flow=life.flow())
