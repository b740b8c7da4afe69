"""A project in a folder of its own, run by the functions behind the command line."""

from __future__ import annotations

import asyncio
import shutil
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.api.ahead import look_ahead
from runner.api.options import RunOptions
from runner.api.outcome import Outcome
from runner.api.request import request_of
from runner.api.resume import resume
from runner.api.run import prepare, prepare_dry, start
from runner.journal import Journal
from runner.records import Event

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Project:
    """`root` holds what `write` and `copy` put there."""

    root: Path

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def pipeline(self, steps: str, head: str = "") -> None:
        """The pipeline "p" with these steps (YAML), and other keys before them."""
        body = textwrap.indent(textwrap.dedent(steps).strip("\n"), "  ")
        self.write("pipelines/p.yaml", f"version: 1\nname: p\n{textwrap.dedent(head)}steps:\n{body}\n")

    def run(self, request: str = "", pipeline: str = "p", run: str = "run", **options: Any) -> Outcome:
        wanted = request_of(request.encode(), "request", "request.md") if request else None
        prepared = prepare(self.root, pipeline, wanted, RunOptions(**options))
        return asyncio.run(start(prepared, run=run))

    def ahead(self, request: str = "", pipeline: str = "p", **options: Any) -> Outcome:
        wanted = request_of(request.encode(), "request", "request.md") if request else None
        return asyncio.run(look_ahead(prepare_dry(self.root, pipeline, wanted, RunOptions(**options))))

    def resume(self, run: str = "run", limit: float | None = None) -> Outcome:
        return asyncio.run(resume(self.root, run, limit=limit))

    def journal(self) -> Journal:
        return Journal.open(self.root / ".orch" / "journal.db")

    def events(self, kind: str = "", run: str = "run") -> list[Event]:
        with self.journal() as journal:
            return [event for event in journal.events(run) if not kind or event.kind == kind]

    def steps(self, run: str = "run") -> Mapping[str, Any]:
        """What is kept of each step that ended."""
        with self.journal() as journal:
            return {key.step: data for key, data in journal.entries(run, "step")}

    def statuses(self, run: str = "run") -> dict[str, str]:
        return {name: str(data["status"]) for name, data in self.steps(run).items()}


def payments(root: Path) -> Project:
    """The project whose one manager is a YAML file of its own."""
    shutil.copytree(DATA / "payments", root, dirs_exist_ok=True)
    return Project(root)
