"""A double that ships: it does in each attempt what `<root>/scripted/NAME.yaml` says under `agents:`.

agents:
  database_posts:                       # a task's id, or "*" for every task that has no entry of its own
    - writes: {db/posts.sql: "CREATE TABLE posts (id TEXT);"}       # attempt 1
      deletes: [db/old.sql]
      appends: {../starts.log: "{task} {attempt}"}    # beside the worktree: a path from the project root
      expects: ["char_length(content) > 0"]           # texts that the prompt must hold
      runs: [[python, make.py]]                       # commands in the worktree, sandboxed
      delay: 0.5
      usage: {input: 900, output: 80, cost_usd: 0.02}
      says: done
      exit: 0                                         # not 0: the turn ends as failed
    - {}                                # attempt 2 and, being the last entry, every later one and later rounds
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner import schema
from runner.agents.base import Turn, TurnResult
from runner.errors import StepFailed, Transient
from runner.positions import load_yaml
from runner.records import Json, JsonObject, Request, Task, Usage

SPENDS = False


def ready(name: str, settings: Mapping[str, Json], root: Path, offline: bool) -> str:
    """Why it cannot be used: the file is missing, broken, or says nothing of agents."""
    try:
        _script(root, name)
    except StepFailed as error:
        return error.message
    return ""


def fits(tasks: tuple[Task, ...], request: Request, plan: JsonObject | None) -> str:
    """Always "": a task without an entry fails when its turn comes."""
    return ""


def open_agent(name: str, settings: Mapping[str, Json], root: Path) -> ScriptedAgent:
    """The agent of one file. Raises StepFailed when `ready` would say why."""
    return ScriptedAgent(_script(root, name))


class ScriptedAgent:
    """Writes, deletes and says what its script holds for the task and the attempt."""

    def __init__(self, script: Mapping[str, Sequence[JsonObject]]) -> None:
        self._script = script

    async def turn(self, turn: Turn) -> TurnResult:
        """As the script says. Raises Transient where it says so, StepFailed for a task that it does not know."""
        act = self._act(turn)
        for path, line in act.get("appends", {}).items():
            _append(turn.root / path, line.format(**_names(turn)))
        await asyncio.sleep(_seconds(act.get("delay", 0)))
        if missing := [text for text in act.get("expects", ()) if text not in turn.prompt]:
            return TurnResult(outcome="failed", reason=f"the prompt does not hold {missing[0]!r}")
        if act.get("transient"):
            raise Transient(str(act.get("says", "scripted as transient")))
        _write(turn.worktree, act)
        for argv in act.get("runs", ()):
            ended = await turn.run_command(tuple(argv), timeout=turn.timeout)
            if ended.exit_code:
                return TurnResult(
                    outcome="failed", reason=f"{argv[0]} ended with {ended.exit_code}: {ended.output[-500:]}"
                )
        return _result(act, turn)

    def _act(self, turn: Turn) -> dict[str, Any]:
        name = turn.task.id if turn.task else turn.address
        acts = self._script.get(name) or self._script.get("*")
        if not acts:
            raise StepFailed(f'the script has no entry for "{name}"', 'add one under "agents:", or one for "*"')
        number = turn.attempt - 1 if turn.round == 0 else len(acts) - 1
        return dict(acts[min(number, len(acts) - 1)])


def _result(act: Mapping[str, Any], turn: Turn) -> TurnResult:
    said, code = str(act.get("says", "")), int(act.get("exit", 0))
    session = turn.session or f"scripted-{os.urandom(4).hex()}"
    ended = TurnResult(outcome="done", said=said, session=session, usage=Usage(**act.get("usage", {})))
    return replace(ended, outcome="failed", reason=said or f"scripted to end with {code}") if code else ended


def _write(folder: Path, act: Mapping[str, Any]) -> None:
    for path, text in act.get("writes", {}).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    for path, edits in act.get("edits", {}).items():
        target = folder / path
        text = target.read_text()
        for old, new in edits.items():
            text = text.replace(old, new)
        target.write_text(text)
    for path in act.get("deletes", ()):
        (folder / path).unlink()


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(line + "\n")


def _names(turn: Turn) -> dict[str, Any]:
    task = turn.task.id if turn.task else turn.address
    return {"task": task, "attempt": turn.attempt, "round": turn.round, "address": turn.address}


def _script(root: Path, name: str) -> Mapping[str, Sequence[JsonObject]]:
    path = root / "scripted" / f"{name}.yaml"
    if not path.is_file():
        raise StepFailed(f"there is no scripted/{name}.yaml", f"looked for {path}")
    document, problems = load_yaml(path.read_text(), f"scripted/{name}.yaml")
    if document is not None:
        problems = [*problems, *schema.problems(schema.shipped("scripted.schema.json"), document.data, document)]
    if document is None or problems:
        where = problems[0].position
        raise StepFailed(f"scripted/{name}.yaml{f':{where.line}' if where else ''}: {problems[0].message}")
    agents: Mapping[str, Sequence[JsonObject]] = document.data.get("agents", {})
    if not agents:
        raise StepFailed(f'scripted/{name}.yaml has no "agents:"')
    return agents


def _seconds(delay: float | str) -> float:
    if not isinstance(delay, str):
        return float(delay)
    return int(delay[:-2]) / 1000 if delay.endswith("ms") else float(delay[:-1])
