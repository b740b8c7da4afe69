"""`orch schema`: the JSON Schemas of orch's files, for editors and tools."""

from __future__ import annotations

import json

import click

from runner.errors import UsageError
from runner.resources import shipped_folder
from runner.schema.messages import listed, meant

_SUFFIX = ".schema.json"


@click.command()
@click.argument("name")
def schema(name: str) -> int:
    """Print the JSON Schema NAME: pipeline, manager, test, plan, tasks, lint, report, or a kind such as specs/table."""
    folder = shipped_folder("schemas")
    known = sorted(file.relative_to(folder).as_posix().removesuffix(_SUFFIX) for file in folder.rglob(f"*{_SUFFIX}"))
    wanted = name.removesuffix(_SUFFIX)
    if wanted not in known:
        raise UsageError(f'no schema is called "{name}"{meant(wanted, known)}', f"schemas: {listed(known)}")
    content = json.loads((folder / f"{wanted}{_SUFFIX}").read_text(encoding="utf-8"))
    click.echo(json.dumps(content, indent=1, ensure_ascii=False))
    return 0
