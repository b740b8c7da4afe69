"""`orch schema`: the JSON Schemas of orch's files, for editors and tools."""

from __future__ import annotations

import json

import click

from runner.errors import UsageError
from runner.resources import shipped_folder
from runner.schema.messages import listed, meant

_SUFFIX = ".schema.json"


class _Naming(click.Command):
    """Names every schema in its help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Schemas"):
            formatter.write_text(", ".join(_known()))


@click.command(cls=_Naming)
@click.argument("name")
def schema(name: str) -> int:
    """Print the JSON Schema NAME, such as pipeline, or the one of a kind, such as specs/table."""
    folder, known = shipped_folder("schemas"), _known()
    wanted = name.removesuffix(_SUFFIX)
    if wanted not in known:
        raise UsageError(f'no schema is called "{name}"{meant(wanted, known)}', f"schemas: {listed(known)}")
    content = json.loads((folder / f"{wanted}{_SUFFIX}").read_text(encoding="utf-8"))
    click.echo(json.dumps(content, indent=1, ensure_ascii=False))
    return 0


def _known() -> list[str]:
    folder = shipped_folder("schemas")
    files = folder.rglob(f"*{_SUFFIX}")
    return sorted(file.relative_to(folder).as_posix().removesuffix(_SUFFIX) for file in files)
