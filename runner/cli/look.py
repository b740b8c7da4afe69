"""`orch runs | show | events | report`: looking at runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from runner.api import look
from runner.errors import UsageError
from runner.reporters.json import event_line
from runner.reporters.lines import say
from runner.reporters.safe import masked, secrets_in
from runner.reporters.show import run_text, runs_text, task_text
from runner.reporters.units import seconds
from runner.resources import find_root


def _root() -> Path:
    return find_root(Path.cwd())


def _run_argument() -> Callable[[Any], Any]:
    return click.argument("run", default="last")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def runs(as_json: bool) -> None:
    """List the runs of this project, newest first."""
    rows = look.runs(_root())
    click.echo(json.dumps(rows, indent=2) if as_json else runs_text(rows).rstrip("\n"))


@click.command()
@_run_argument()
@click.argument("task", default="")
@click.option("--json", "as_json", is_flag=True, help="Print the report, or the task's part of it, as JSON.")
@click.option("--step", default="", metavar="STEP", help="Print the output of a step, as --given STEP=FILE takes it.")
def show(run: str, task: str, as_json: bool, step: str) -> None:
    """Show one RUN (its name, a beginning of it, or "last"), or one TASK of it with every attempt."""
    root = _root()
    if step:
        output = masked(look.step_output(root, run, step), secrets_in(os.environ))
        click.echo(json.dumps(output, indent=2, ensure_ascii=False))
        return
    made = look.report(root, run)
    if not task:
        click.echo(json.dumps(made, indent=2) if as_json else run_text(made), nl=as_json)
        return
    row = next((one for one in made["tasks"] if one["id"] == task), None)
    if row is None:
        raise UsageError(f'run "{made["run"]}" has no task "{task}"', f"its tasks: orch show {made['run']}")
    if as_json:
        click.echo(json.dumps(row, indent=2))
    else:
        click.echo(task_text(made, row, look.attempts(root, made["run"], task)), nl=False)


@click.command()
@_run_argument()
@click.option("--follow", "-f", is_flag=True, help="Go on printing until nobody works on the run any more.")
@click.option("--after", default=0, metavar="SEQ", help="Only events after this one.")
@click.option("--format", "form", type=click.Choice(["plain", "json"]), default="plain", show_default=True)
def events(run: str, follow: bool, after: int, form: str) -> None:
    """Print what happened in RUN, event by event."""
    secrets, started = secrets_in(os.environ), None
    for event in look.events(_root(), run, after, follow):
        started = event.at if started is None else started
        line = event_line(event, secrets) if form == "json" else say(event, secrets)
        click.echo(line if form == "json" else f"{event.seq:>5} {seconds(event.at - started):>8}  {line}")


@click.command()
@_run_argument()
@click.option("--format", "form", type=click.Choice(look.FORMATS), default="md", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to this file instead of stdout.")
def report(run: str, form: str, output: Path | None) -> None:
    """Print or write the report of RUN."""
    text = look.report_text(look.report(_root(), run), form)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--output {output}: {error.strerror}", "name a file that can be written") from error
        click.echo(f"report: {output}", err=True)
