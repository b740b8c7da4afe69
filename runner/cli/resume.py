"""`orch resume`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from runner.api.resume import resume as resume_run
from runner.cli.progress import choices, listening
from runner.cli.run import say_end
from runner.cli.words import DURATION
from runner.resources import find_root


@click.command()
@click.argument("run", default="last")
@click.option("--time", "limit", type=DURATION, metavar="DURATION", help="A new time limit for what is left.")
@click.option(
    "--budget", type=click.FloatRange(0, min_open=True), metavar="USD", help="A new cost limit for all of it."
)
@click.option("--progress", default="auto", type=click.Choice(choices()), help="How progress is said, on stderr.")
def resume(run: str, limit: float | None, budget: float | None, progress: str) -> int:
    """Go on with RUN (by default the last one) where it was stopped, from the sources that it started with.

    What is finished is read from the journal: no answer is bought twice, no finished task starts again.
    """
    root = find_root(Path.cwd())
    with listening(progress, sys.stderr) as listeners:
        outcome = asyncio.run(resume_run(root, run, listeners, limit=limit, budget=budget))
    return say_end(root, outcome)
