"""`orch graph`: a pipeline as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from runner.api.pictures import FORMATS, pipeline_graph
from runner.resources import find_root


@click.command()
@click.argument("pipeline")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
def graph(pipeline: str, form: str) -> None:
    """Draw PIPELINE, a path or the name of a project's or shipped one."""
    cwd = Path.cwd()
    click.echo(pipeline_graph(pipeline, form, find_root(cwd), cwd), nl=False)
