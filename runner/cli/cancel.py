"""`orch cancel`."""

from __future__ import annotations

from pathlib import Path

import click

from runner.api.resume import cancel as cancel_run
from runner.resources import find_root


@click.command()
@click.argument("run", default="last")
def cancel(run: str) -> None:
    """Stop RUN (by default the last one) and keep what it has done; `orch resume` goes on with it."""
    click.echo(cancel_run(find_root(Path.cwd()), run))
