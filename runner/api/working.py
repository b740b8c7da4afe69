"""The workspace of a run and what happens in it: orders, checks, commands. It is made when it is first needed."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.agents.base import Agent, Emit
from runner.api.backends import Chosen
from runner.api.budget import Budget, Metered
from runner.errors import CannotStart
from runner.executors.base import Job
from runner.executors.single import Act, Done, Site, carry_out
from runner.journal import Journal
from runner.records import (
    Assignment,
    Check,
    Evidence,
    Json,
    JsonObject,
    Limits,
    Manager,
    Pipeline,
    Request,
    Step,
    TaskResult,
)
from runner.registry import EXECUTORS
from runner.render import Renderer
from runner.sandbox import Sandbox
from runner.workspace import Workspace


@dataclass(kw_only=True)
class Working:
    """`agents` are the chosen ones of each manager, and of each `agent` option; `place` is what `--workspace` said."""

    run: str
    root: Path
    sources: Path
    name: str
    place: str
    pipeline: Pipeline
    managers: Mapping[str, Manager]
    agents: Mapping[str, Chosen]
    request: Request
    journal: Journal
    emit: Emit
    sandbox: Sandbox
    renderer: Renderer
    plan: Callable[[Step], JsonObject | None]
    budget: Budget
    secrets: Mapping[str, str] = field(default_factory=dict)
    _workspace: Workspace | None = field(default=None, init=False)
    _making: threading.Lock = field(default_factory=threading.Lock, init=False)
    _open: dict[str, Agent] = field(default_factory=dict, init=False)

    async def run_orders(
        self,
        step: Step,
        assignment: Assignment,
        round: int = 0,  # noqa: A002 - the word of the design
        done: Mapping[str, TaskResult] | None = None,
        feedback: Mapping[str, str] | None = None,
    ) -> tuple[TaskResult, ...]:
        """One result for each task. Raises CannotStart, before anything is made, where an agent cannot serve them."""
        if self._workspace is None and "workspace" not in self.journal.run(self.run):
            self._refuse_unfit(step, assignment)
        job = self._job(step, assignment, round, done or {}, feedback or {})
        results: tuple[TaskResult, ...] = await EXECUTORS.module("local").run_orders(job)
        return results

    async def run_checks(
        self, step: Step, assignment: Assignment, results: Mapping[str, TaskResult], at: str
    ) -> Mapping[str, tuple[Evidence, ...]]:
        """Checks of accepted tasks on the run's head, by task."""
        accepted = tuple(name for name, result in results.items() if result.status in ("verified", "unverified"))
        if not accepted or not self._any_check(at):
            return {}
        job = self._job(step, assignment, 0, results, {})
        found: Mapping[str, tuple[Evidence, ...]] = await EXECUTORS.module("local").run_checks(job, accepted, at)
        return found

    async def work(
        self,
        step: Step,
        item: str,
        act: Act,
        owns: Sequence[str],
        checks: Sequence[Check],
        passed: Callable[[Json], str],
        attempt: int = 1,
        network: bool = False,
    ) -> Done:
        """One piece of work of a step itself, on the run's head in a work tree of its own."""
        site = Site(
            run=self.run,
            step=step.name,
            item=item,
            attempt=attempt,
            workspace=await asyncio.to_thread(self.workspace),
            sandbox=self.sandbox,
            journal=self.journal,
            emit=self.emit,
            network=network,
            secrets=self.secrets,
        )
        return await carry_out(site, act, owns, checks, passed)

    def agent(self, step: Step, use: str | Sequence[str]) -> Agent:
        """The agent that an `agent` option of the step names."""
        return Metered(self._agent(use if isinstance(use, str) else " ".join(use)), self.budget, step.name)

    def workspace(self) -> Workspace:
        """The run's repository; made, opened or found again at the first call. Raises CannotStart."""
        with self._making:
            if self._workspace is None:
                stored = self.journal.run(self.run).get("workspace")
                try:
                    self._workspace = self._reopened(stored) if stored else self._made()
                except OSError as error:
                    raise CannotStart(f"the workspace cannot be made: {error}", "name another --workspace") from error
            return self._workspace

    def close(self) -> None:
        """Takes down the work trees; branches and commits stay."""
        if self._workspace is not None:
            self._workspace.close()

    def _job(
        self,
        step: Step,
        assignment: Assignment,
        round: int,  # noqa: A002 - the word of the design
        done: Mapping[str, TaskResult],
        feedback: Mapping[str, str],
    ) -> Job:
        needed = {group.manager for group in assignment.groups}
        return Job(
            run=self.run,
            step=step.name,
            round=round,
            assignment=assignment,
            managers=self.managers,
            agents={
                name: Metered(self._agent(name), self.budget, step.name, name.partition(".")[0])
                for name in self.agents
                if name.partition(".")[0] in needed
            },
            agent_names={name: one.backend.use for name, one in self.agents.items()},
            request=self.request,
            plan=self.plan(step),
            workspace=self.workspace(),
            sandbox=self.sandbox,
            journal=self.journal,
            limits=merged(self.pipeline.limits, step.limits),
            root=self.root,
            emit=self.emit,
            render=self._render,
            done=done,
            feedback=feedback,
            deadline=self._deadline(step),
            secrets=self.secrets,
        )

    def _agent(self, name: str) -> Agent:
        if name not in self._open:
            chosen = self.agents[name]
            self._open[name] = chosen.module.open_agent(chosen.backend.model, chosen.backend.settings, self.sources)
        return self._open[name]

    def _refuse_unfit(self, step: Step, assignment: Assignment) -> None:
        tasks = {task.id: task for task in assignment.tasks}
        own: dict[str, list[str]] = {}
        for group in assignment.groups:
            chosen = self.agents.get(f"{group.manager}.{group.name}", self.agents[group.manager])
            own.setdefault(chosen.backend.use, []).extend(group.tasks)
        for use, names in own.items():
            chosen = next(one for one in self.agents.values() if one.backend.use == use)
            reason = chosen.module.fits(tuple(tasks[name] for name in names), self.request, self.plan(step))
            if reason:
                raise CannotStart(
                    f"{use} cannot do this: {reason}", "name another agent with --agent, or change the request"
                )

    def _any_check(self, at: str) -> bool:
        managers = self.managers.values()
        checks = itertools.chain(
            (check for manager in managers for check in manager.checks),
            (check for manager in managers for kind in manager.specs.values() for check in kind.checks),
            (check for manager in managers for group in manager.groups for check in group.checks),
        )
        return any(at in check.at for check in checks)

    def _render(self, manager: Manager, variables: JsonObject) -> str:
        if manager.prompt:
            return self.renderer.render_text(manager.prompt, variables, f"managers/{manager.name}.yaml")
        return self.renderer.render(manager.template, variables)

    def _deadline(self, step: Step) -> float | None:
        """When the step's own time is up; that of the run ends the whole life."""
        return time.monotonic() + step.limits.time if step.limits.time else None

    def _made(self) -> Workspace:
        place = self.journal.run(self.run).get("repository") or self._chosen()
        path, home = Path(place["path"]), Path(place["home"])
        if place["own"]:
            workspace = Workspace.create(path, run=self.run, home=home)
        else:
            workspace = Workspace.open(path, run=self.run, home=home, base=self.pipeline.base)
        self.journal.update_run(self.run, workspace=str(workspace.path), repository={"base": workspace.base})
        return workspace

    def _chosen(self) -> JsonObject:
        """Where the run will work; written down before anything is there, so that a run that goes on finds it."""
        path = (Path(self.place) if self.place else self._free()).resolve()
        own = not path.exists() or not any(path.iterdir())
        home = self.root / ".orch" / "runs" / self.run / "work"
        place = {"path": str(path), "own": own, "home": str(home)}
        self.journal.update_run(self.run, repository=place)
        return place

    def _free(self) -> Path:
        """The folder of this run alone: made before anything is in it, so that no run beside it takes it too."""
        claimed = self.journal.run(self.run).get("claimed")
        if claimed:
            return Path(claimed)
        path = next(path for path in _numbered(self.root / "out" / self.name) if _claim(path))
        self.journal.update_run(self.run, claimed=str(path))
        return path

    def _reopened(self, stored: str) -> Workspace:
        row = self.journal.run(self.run)["repository"]
        return Workspace.reopen(Path(stored), run=self.run, home=Path(row["home"]), base=row["base"], own=row["own"])


def merged(limits: Limits, own: Limits) -> Limits:
    """The limits of a step: its own where it says any, the pipeline's else."""
    said = {name: value for name in Limits.__dataclass_fields__ if (value := getattr(own, name)) is not None}
    return replace(limits, **said)


def _claim(path: Path) -> bool:
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        return False
    return True


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    yield from (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
