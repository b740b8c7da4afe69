"""`orch explain`."""

from __future__ import annotations

from pathlib import Path

import click

from runner.api import findings
from runner.api.explain import explain_tasks
from runner.cli.output import readers_may_leave
from runner.resources import find_root


@click.command()
@click.argument("pipeline")
@click.option("--tasks", required=True, metavar="FILE", help="Tasks as YAML or JSON, such as a decompose step answers.")
@click.argument("task", required=False, default="")
def explain(pipeline: str, tasks: str, task: str) -> int:
    """Say which manager, group and seat each task gets, what else matched, and what it waits for.

    PIPELINE is a path, or the name of a pipeline of the project or of orch; TASK shows one task in full. Exit code 1:
    what is printed has errors.
    """
    root = find_root(Path.cwd())
    explained = explain_tasks(root, pipeline, Path(tasks), task)
    with readers_may_leave():
        click.echo(explained.text)
        if explained.problems:
            click.echo(findings.as_text(explained.problems, findings.texts_of({}, root)))
    return 1 if any(problem.severity == "error" for problem in explained.problems) else 0
