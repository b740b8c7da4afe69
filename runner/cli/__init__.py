"""The command line: options in, exit codes out; the only prints of orch.

A new command is one file in this folder and one line in `COMMANDS`; it is imported when it is called.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from runner.cli.output import leave_pipe, readers_may_leave
from runner.errors import FileProblems, OrchError

COMMANDS = {
    "run": ("runner.cli.run:run", "Turn a request into verified software, or run any pipeline."),
    "resume": ("runner.cli.resume:resume", "Go on with a run that was stopped."),
    "cancel": ("runner.cli.cancel:cancel", "Stop a run and keep what it has done."),
    "runs": ("runner.cli.look:runs", "List the runs of this project."),
    "show": ("runner.cli.look:show", "Show one run: tasks, attempts, evidence."),
    "events": ("runner.cli.look:events", "Print what happened in a run, event by event."),
    "report": ("runner.cli.look:report", "Print or write the report of a run."),
    "graph": ("runner.cli.graph:graph", "Draw a pipeline."),
    "explain": ("runner.cli.explain:explain", "Say which manager, group and seat a task gets, and why."),
    "lint": ("runner.cli.lint:lint", "Check pipelines, managers, templates, schemas, plans and tasks."),
    "schema": ("runner.cli.schema:schema", "Print a JSON Schema, for editors and tools."),
}
"""Name -> where the command lives and its one line of help, so that `orch --help` imports nothing else."""


class LazyGroup(click.Group):
    """Lists every command from the table and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        # Caught here, since click's own handling would leave with exit 1, which means that something failed.
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return leave_pipe()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="orch", prog_name="orch")
def orch() -> None:
    """Turn a written request into verified software.

    Start with `orch run pipelines/fullstack.yaml --request spec.md --offline`.
    """


def say_error(error: OrchError) -> None:
    """Print a deliberate error the way every command does: what, and the next act, on stderr."""
    if isinstance(error, FileProblems):
        _say_files(error)
    click.echo(f"error: {error.message}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)


def _say_files(files: FileProblems) -> None:
    # As `orch lint` says it; imported here because only a broken file needs it.
    from runner.api import findings  # noqa: PLC0415
    from runner.resources import find_root  # noqa: PLC0415

    click.echo(findings.as_text(files.problems, findings.texts_of({}, find_root(Path.cwd()))), err=True)


def _say_fault(fault: Exception) -> int:
    if os.environ.get("ORCH_DEBUG"):
        traceback.print_exception(fault)
    summary = "".join(traceback.format_exception_only(fault)).strip()
    click.echo(f"error: orch itself failed: {summary}", err=True)
    click.echo("hint: run it again with ORCH_DEBUG=1 and report what it prints", err=True)
    return OrchError.exit_code


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = orch.main(args=args, prog_name="orch", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.Abort:
        code = 130
    except click.ClickException as wrong:
        wrong.show()
        code = 2
    except OrchError as error:
        with readers_may_leave():
            say_error(error)
        code = error.exit_code
    except BrokenPipeError:
        code = leave_pipe()
    except Exception as fault:  # noqa: BLE001 - the outermost rim: a fault of orch is said in words, with its own exit code
        code = _say_fault(fault)
    sys.exit(code if isinstance(code, int) else 0)
