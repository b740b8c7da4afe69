"""A floor on which orders are carried out: tasks, one manager, the scripted agent, a real journal and repository.

Run as a program (`python floor.py ROOT POINT TASK`) it carries out what stands in ROOT and kills itself at that point.
What was reached is a file in ROOT/signs, which checks may look at.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.agents import scripted
from runner.executors import local
from runner.executors.base import Job
from runner.journal import Journal
from runner.managing.assign import assign
from runner.records import (
    AgentPolicy,
    Assignment,
    Check,
    Generated,
    Group,
    JsonObject,
    Kind,
    Limits,
    Manager,
    Match,
    Request,
    SeatPolicy,
    Task,
    TaskResult,
    from_json,
    to_json,
)
from runner.sandbox import Sandbox, end_processes
from runner.workspace import Workspace

RUN = "r1"


def task(name: str, *needs: str, **fields: Any) -> Task:
    """A task of the one component; it writes NAME.txt unless told otherwise."""
    told = {
        "complexity": "medium",
        "outputs": (f"{name}.txt",),
        "requirements": ("R-1",),
        "title": f"Write {name}",
        **fields,
    }
    return Task(id=name, component="text", spec={"kind": "text", "file": name}, needs=needs, **told)


def manager(**fields: Any) -> Manager:
    """The one manager: two seats from the second task on, unless told otherwise."""
    kind = Kind(name="text", schema={}, identity=("file",), good="good", bad="bad")
    policy = AgentPolicy(seats=SeatPolicy(max=2, tasks=2, points=2), order_points=4)
    told = {
        "specs": {"text": kind},
        "agents": policy,
        "groups": (Group(name="all", agents=fields.get("agents", policy)),),
        **fields,
    }
    return Manager(name="team", description="Writes texts.", handles=(Match(kinds=("text",)),), **told)


def shell(name: str, script: str, **fields: Any) -> Check:
    """A check by a shell script."""
    return Check(name=name, shell=script, **fields)


@dataclass
class Floor:
    """`script` is the scripted agent's `agents:`; `events` what was said, `prompts` what each attempt was told."""

    root: Path
    tasks: Sequence[Task]
    script: Mapping[str, Sequence[JsonObject]]
    manager: Manager = field(default_factory=manager)
    limits: Limits = Limits()
    sandbox: Sandbox = field(default_factory=Sandbox.choose)
    events: list[tuple[str, str, JsonObject]] = field(default_factory=list)
    prompts: dict[tuple[str, int, int], str] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        return self.root / "out"

    def assignment(self) -> Assignment:
        made, problems = assign(self.tasks, {"team": self.manager})
        assert problems == []
        return made

    def run(self, **options: Any) -> dict[str, TaskResult]:
        """The results by task; the same journal and repository each time."""
        return asyncio.run(self.carry_out(**options))

    async def carry_out(self, **options: Any) -> dict[str, TaskResult]:
        with Journal.open(self.root / "journal.db") as journal:
            results = await local.run_orders(self.job(journal, **options))
        return {result.task: result for result in results}

    def job(self, journal: Journal, **options: Any) -> Job:
        options = {"step": "execute", "round": 0, "plan": None, **options}
        return Job(
            run=RUN,
            assignment=self.assignment(),
            managers={"team": self.manager},
            agents={"team": self._agent()},
            agent_names={"team": "scripted/floor"},
            request=Request(text="Write texts."),
            workspace=self.workspace(),
            sandbox=self.sandbox,
            journal=journal,
            limits=self.limits,
            root=self.root,
            emit=lambda kind, subject, data: self.events.append((kind, subject, data)),
            render=self._render,
            **options,
        )

    def workspace(self) -> Workspace:
        """Made the first time, opened again later, as one run does."""
        known, home = self.root / "base", self.root / "home"
        if known.exists():
            return Workspace.reopen(self.files, run=RUN, home=home, base=known.read_text(), own=True)
        made = Workspace.create(self.files, run=RUN, home=home)
        known.write_text(made.base)
        return made

    def _agent(self) -> scripted.ScriptedAgent:
        path = self.root / "scripted/floor.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"agents": self.script}))
        return scripted.open_agent("floor", {}, self.root)

    def _render(self, _: Manager, variables: JsonObject) -> str:
        key = (variables["task"]["id"], variables["round"], variables["attempt"])
        self.prompts[key] = f"{variables['feedback']}\n{[one['id'] for one in variables['tasks']]}"
        return self.prompts[key]

    def said(self, kind: str) -> list[tuple[str, JsonObject]]:
        """(subject, data) of each event of a kind."""
        return [(subject, data) for found, subject, data in self.events if found == kind]

    def save(self) -> None:
        """For a process that carries it out."""
        (self.root / "floor.json").write_text(
            json.dumps({"tasks": to_json(self.tasks), "manager": to_json(self.manager), "script": self.script})
        )

    @classmethod
    def load(cls, root: Path) -> Floor:
        data = json.loads((root / "floor.json").read_text())
        tasks = from_json(tuple[Task, ...], data["tasks"])
        return cls(root, tasks, data["script"], from_json(Manager, data["manager"]))


def generated(*words: str, files: tuple[str, ...]) -> Generated:
    return Generated(files=files, run=words)


def main(root: Path, point: str, name: str) -> None:
    signs = root / "signs"
    signs.mkdir(exist_ok=True)

    def reached(at: str, about: str) -> None:
        (signs / f"{at}-{about}").touch()
        if (at, about.partition("-")[0]) == (point, name):
            os.kill(os.getpid(), signal.SIGKILL)

    with Journal.open(root / "journal.db") as journal:
        end_processes(journal.tag(RUN))
    floor = Floor.load(root)
    results = floor.run(reached=reached, readable=(signs,))
    print(json.dumps({task: result.status for task, result in results.items()}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])


__all__ = ["Floor", "generated", "manager", "replace", "shell", "task"]
