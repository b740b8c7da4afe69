"""What the tests of checks share: a context that runs commands in a folder, without the sandbox around them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.agents.base import Turn
from runner.blueprint.agent import open_agent
from runner.checks import db, export, file, http, tests
from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.derive import reference
from runner.records import Check, Finished, Json, Request, Task, from_json

ROOT = Path(__file__).resolve().parent.parent
CHIRP = Path(__file__).parent / "data" / "chirp"


def golden() -> dict[str, Task]:
    """The tasks of the golden decomposition of chirp, by id."""
    data = json.loads((CHIRP / "tasks.json").read_text())
    return {item["id"]: from_json(Task, item) for item in data["tasks"]}


def context(
    worktree: Path, task: Task, *others: Task, uses: str = "", scratch: Path | None = None, **fields: Any
) -> CheckContext:
    """A context for one check of `task`; `others` are the rest of the tasks, `fields` those of the check."""
    tasks = {one.id: one for one in (task, *others)}
    here = scratch or worktree.parent / "scratch"
    here.mkdir(exist_ok=True)
    check = Check(name=uses or "check", uses=uses, **fields)
    return CheckContext(
        check=check, task=task, tasks=tasks, worktree=worktree, scratch=here, run_command=runs_in(worktree)
    )


def runs_in(folder: Path) -> Any:
    """A `run_command` that starts real processes in `folder` with a clean environment."""

    async def run(
        argv: Sequence[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        network: bool = False,
    ) -> Finished:
        started = time.monotonic()
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=folder,
            env={
                "PATH": path,
                "HOME": str(folder.parent),
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                **(env or {}),
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate((stdin or "").encode()), timeout)
        except TimeoutError:
            process.kill()
            await process.wait()
            return Finished(exit_code=124, output="", seconds=time.monotonic() - started, timed_out=True)
        code = process.returncode if process.returncode is not None else 1
        return Finished(exit_code=code, output=said.decode(), seconds=time.monotonic() - started)

    return run


def task(kind: str = "table", **spec: Json) -> Task:
    """A task around a spec."""
    return Task(
        id=f"database_{spec.get('table', 'one')}", title="x", component="database", spec={"kind": kind, **spec},
        requirements=("R-1",),
    )  # fmt: skip


def migrations(folder: Path, tasks: Mapping[str, Task], where: str = "migrations/sqlite") -> None:
    """Write migrations that do exactly what the table and index specs say, and can be run twice."""
    target = folder / where
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    specs = [one.spec for one in tasks.values() if one.kind in ("table", "index")]
    for number, spec in enumerate(specs, 1):
        statements = (
            [reference.create_index(spec["table"], spec)]
            if spec["kind"] == "index"
            else [reference.create_table(spec), *reference.create_indexes(spec)]
        )
        text = ";\n".join(statements) + ";\n"
        again = text.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS").replace(" INDEX ", " INDEX IF NOT EXISTS ")
        (target / f"{number:04}_{spec['table']}.sql").write_text(again)


CHECKS = {
    "table": db, "index": db, "endpoint": http, "module": export, "ui_component": export,
    "infra": file, "document": file, "tests": tests,
}  # fmt: skip
"""What the shipped managers let judge each kind."""


async def build(folder: Path, tasks: Mapping[str, Task], only: Iterable[str] = ()) -> None:
    """Let the built-in agent do the tasks in a folder; commands that need the others' files come last."""
    agent = open_agent("blueprint", {}, ROOT)
    wanted = list(only) or list(tasks)
    for name in sorted(wanted, key=lambda name: tasks[name].spec.get("role") == "openapi"):
        turn = Turn(
            address=name, prompt="", worktree=folder, root=ROOT, request=Request(text=""), task=tasks[name],
            tasks=tasks, emit=lambda *_: None, run_command=runs_in(folder),
        )  # fmt: skip
        result = await agent.turn(turn)
        assert result.outcome == "done", result.reason


async def judge(folder: Path, tasks: Mapping[str, Task], names: Iterable[str]) -> dict[str, CheckOutcome]:
    """What the checks of the shipped managers say of these tasks; endpoints share one server."""
    wanted = [tasks[name] for name in names]
    contexts = {one.id: context(folder, one, *tasks.values(), uses=one.kind) for one in wanted}
    endpoints = [contexts[one.id] for one in wanted if one.kind == "endpoint"]
    found = dict(zip((one.task.id for one in endpoints), await http.run_many(endpoints), strict=True))
    for one in wanted:
        if one.kind != "endpoint":
            found[one.id] = await CHECKS[one.kind].run(contexts[one.id])
    return found
