"""`orch explain`."""

from __future__ import annotations

from pathlib import Path

import click

from runner.api.explain import explain_tasks
from runner.resources import find_root


@click.command()
@click.argument("pipeline")
@click.option("--tasks", required=True, metavar="FILE", help="Tasks as YAML or JSON, such as a decompose step answers.")
@click.argument("task", required=False, default="")
def explain(pipeline: str, tasks: str, task: str) -> None:
    """Say which manager, group and seat each task gets, what else matched, and what it waits for.

    PIPELINE is a path, or the name of a pipeline of the project or of orch; TASK shows one task in full.
    """
    click.echo(explain_tasks(find_root(Path.cwd()), pipeline, Path(tasks), task))
