"""`orch run`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from runner.api.ahead import look_ahead
from runner.api.options import RunOptions
from runner.api.outcome import Outcome, left_open
from runner.api.request import LARGEST, read_request, request_of
from runner.api.run import prepare, prepare_dry, start
from runner.cli.output import readers_may_leave
from runner.cli.progress import choices, listening
from runner.cli.words import DURATION, pairs
from runner.errors import FileProblems
from runner.records import Request
from runner.resources import find_root

Option = Callable[[Callable[..., int]], Callable[..., int]]


@click.command()
@click.argument("pipeline")
@click.option("--request", metavar="FILE", help="What is wanted, as Markdown; - reads standard input.")
@click.option(
    "--workspace", default="", metavar="DIR", help="A folder or git repository to work in. Default: out/NAME."
)
@click.option("--offline", is_flag=True, help="Blueprint only; nothing is sent anywhere.")
@click.option("--sandbox", type=click.Choice(["auto", "required", "none"]), help="Overrides the pipeline's.")
@click.option("--agent", default="", metavar="NAME", help="The agent for everything; it is never replaced.")
@click.option("--model", multiple=True, metavar="ALIAS=NAME", help="The model for an alias; it is never replaced.")
@click.option("--managers", default="", metavar="A,B", help="These managers instead of the pipeline's.")
@click.option("--time", "limit", type=DURATION, metavar="DURATION", help="Stop with exit 4 after this time, e.g. 30m.")
@click.option("--agents", type=click.IntRange(1, 256), metavar="N", help="At most so many agents at once.")
@click.option("--budget", type=click.FloatRange(0, min_open=True), metavar="USD", help="Stop before spending more.")
@click.option("--set", "values", multiple=True, metavar="K=V", help="A value for an input of the pipeline.")
@click.option("--given", multiple=True, metavar="STEP=FILE", help="Take the output of a step from a file.")
@click.option("--until", default="", metavar="STEP", help="Stop after this step.")
@click.option("--breakdown", is_flag=True, help="Print plan, tasks, seats and timeline; spend and make nothing.")
@click.option("--strict", is_flag=True, help="Unverified items, and lines not understood, fail the run.")
@click.option("--progress", default="auto", type=click.Choice(choices()), help="How progress is said, on stderr.")
def run(
    pipeline: str,
    request: str | None,
    sandbox: str | None,
    workspace: str,
    model: Sequence[str],
    managers: str,
    limit: float | None,
    values: Sequence[str],
    given: Sequence[str],
    progress: str,
    breakdown: bool,
    **options: str | bool | float | int | None,
) -> int:
    """Turn a request into verified software, or run any pipeline.

    PIPELINE is a path, or the name of a pipeline of the project or of orch.
    """
    root = find_root(Path.cwd())
    chosen = RunOptions(
        sandbox=sandbox or "",
        workspace=str(Path(workspace).absolute()) if workspace else "",
        models=pairs("--model", model),
        managers=tuple(name.strip() for name in managers.split(",") if name.strip()),
        time=limit,
        values=pairs("--set", values),
        given=pairs("--given", given),
        **options,  # type: ignore[arg-type]
    )
    if breakdown:
        outcome = asyncio.run(look_ahead(prepare_dry(root, pipeline, _request(request), chosen)))
        return say_ahead(outcome)
    prepared = prepare(root, pipeline, _request(request), chosen)
    with listening(progress, sys.stderr) as listeners:
        outcome = asyncio.run(start(prepared, listeners))
    code = say_end(root, outcome)
    if prepared.options.until and not code:
        step = prepared.options.until
        click.echo(f"look at it with: orch show {outcome.run} --step {step} > {step}.json", err=True)
    return code


def say_ahead(outcome: Outcome) -> int:
    """Prints what a run would do. Returns the exit code."""
    if isinstance(outcome.error, FileProblems):
        raise outcome.error
    with readers_may_leave():
        click.echo(outcome.flow)
        if outcome.reason:
            click.echo(f"reason: {outcome.reason}", err=True)
    return outcome.exit_code


def _request(option: str | None) -> Request | None:
    if option is None:
        return None
    if option == "-":
        return request_of(sys.stdin.buffer.read(LARGEST + 1), "request", "standard input")
    return read_request(Path(option))


def say_end(root: Path, outcome: Outcome) -> int:
    """Prints how a run ended: results on stdout, the reason and the next act on stderr. Returns the exit code."""
    if isinstance(outcome.error, FileProblems):
        raise outcome.error
    with readers_may_leave():
        _say_end(outcome)
    return outcome.exit_code


def _say_end(outcome: Outcome) -> None:
    if outcome.flow:
        click.echo(outcome.flow)
    if outcome.workspace:
        click.echo(f"workspace: {os.path.relpath(outcome.workspace)}")
    if outcome.report:
        click.echo(f"report: {os.path.relpath(outcome.report)}")
    open_ends = left_open(outcome.unverified, outcome.not_understood)
    click.echo(f"run: {', '.join([f'{outcome.run} {outcome.status}', *open_ends])}")
    if outcome.reason:
        click.echo(f"reason: {outcome.reason}", err=True)
    if outcome.hint:
        click.echo(f"hint: {outcome.hint}", err=True)
    if outcome.exit_code in (4, 5, 70, 130):
        click.echo(f"go on with: orch resume {outcome.run}", err=True)
