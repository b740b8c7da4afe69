"""`orch lint`: findings on stdout, the summary on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli.output import readers_may_leave


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def lint(paths: tuple[Path, ...], form: str, strict: bool) -> int:
    """Check pipelines, managers, templates, schemas, doubles, plans and tasks.

    Without PATHS all of the project's pipelines/, managers/, templates/, schemas/ and scripted/. Exit code 0: no
    errors, 1: errors, 2: wrong usage, 70: orch itself failed on a file.
    """
    # Imported when it runs, so that `orch lint --help` costs what click costs.
    from runner.api import findings  # noqa: PLC0415
    from runner.api import lint as linting  # noqa: PLC0415
    from runner.resources import find_root  # noqa: PLC0415

    root = find_root(Path.cwd())
    linted = linting.lint(root, paths)
    with readers_may_leave():
        if form == "json":
            click.echo(json.dumps(findings.as_json(linted.problems, linted.files, linting.tool_version()), indent=1))
        elif linted.problems:
            click.echo(findings.as_text(linted.problems, findings.texts_of(linted.sources, root)))
        click.echo(findings.summary(linted.problems, linted.files), err=True)
    if linted.crashed:
        return 70
    counted = [problem for problem in linted.problems if problem.severity != "info"]
    return 1 if linted.errors or (strict and counted) else 0
