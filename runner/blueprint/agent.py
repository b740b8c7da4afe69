"""The built-in agent: renders the files of a task from the exact specs, and from nothing else. Needs no key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.agents.base import Agent, Turn, TurnResult
from runner.blueprint.fit import unfit
from runner.blueprint.rendering.fit import misfit
from runner.blueprint.rendering.pack import Pack, Unserved, load_pack
from runner.blueprint.rendering.world import World
from runner.records import Json, JsonObject, Request, Task

SPENDS = False
DEFAULT_PACK = "webapp"


def ready(name: str, settings: Mapping[str, Json], root: Path, offline: bool) -> str:
    """Always "": it needs nothing that could be missing. Whether it fits the tasks is for `fits` to say."""
    return ""


def fits(tasks: tuple[Task, ...], request: Request, plan: JsonObject | None) -> str:
    """Why the pack cannot serve this request and these tasks, or ""."""
    told = {"text": request.text, "title": request.title, "stack": request.stack}
    stored = any(task.kind == "table" for task in tasks)
    return unfit(told, plan, stored) or misfit(tasks, request, plan, load_pack(DEFAULT_PACK, Path.cwd()))


def open_agent(name: str, settings: Mapping[str, Json], root: Path) -> Agent:
    """The agent of a pack ("" or "blueprint": the default one). Raises LookupError for a pack that is nowhere."""
    return BlueprintAgent(load_pack(name.removeprefix("blueprint").strip("/") or DEFAULT_PACK, root))


@dataclass(frozen=True)
class BlueprintAgent:
    """Deterministic: the same specs give the same bytes."""

    pack: Pack

    async def turn(self, turn: Turn) -> TurnResult:
        """Write every output of the task into the worktree, then run what the pack runs after it."""
        if turn.task is None:
            return TurnResult(outcome="failed", reason="the blueprint agent works on tasks only")
        if turn.task.action == "remove":
            _remove(turn.task, turn.worktree)
            return TurnResult(outcome="done", said=f"removed {', '.join(turn.task.outputs)}", session=turn.session)
        try:
            files = self.pack.render(turn.task, World.of(turn.tasks.values()))
        except Unserved as problem:
            return TurnResult(outcome="failed", reason=f"the pack {self.pack.name} does not serve {problem}")
        for path, text in files.items():
            _write(turn.worktree, path, text)
        failure = await self._run_commands(turn, turn.task)
        if failure:
            return TurnResult(outcome="failed", reason=failure)
        return TurnResult(outcome="done", said=f"wrote {', '.join(files)}", session=turn.session or turn.address)

    async def _run_commands(self, turn: Turn, task: Task) -> str:
        for command in self.pack.commands(dict(task.spec)):
            ended = await turn.run_command(command, timeout=60, env={"PYTHONDONTWRITEBYTECODE": "1"})
            if ended.exit_code != 0:
                return f"{' '.join(command[1:])} ended with {ended.exit_code}: {ended.output[-1500:]}"
        return ""


def _write(worktree: Path, path: str, text: str) -> None:
    """Write one file inside the worktree; a path that leaves it is a defect of the task. Raises ValueError."""
    target = (worktree / path).resolve()
    if not target.is_relative_to(worktree.resolve()):
        raise ValueError(f"{path} leaves the worktree")
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), 0o644)


def _remove(task: Task, worktree: Path) -> None:
    for path in task.outputs:
        (worktree / path).unlink(missing_ok=True)
