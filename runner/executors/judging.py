"""Runs the checks of tasks and turns what they say into evidence; the same check on the same files is run once."""

from __future__ import annotations

import asyncio
import json
import shlex
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from runner.checks.base import CheckContext, CheckModule, CheckOutcome, with_env
from runner.errors import OrchError, StepFailed
from runner.executors.base import Job
from runner.executors.threads import in_thread
from runner.expressions import split_run
from runner.managing.select import matches
from runner.records import Check, Evidence, Exec, Finished, Manager, Task, TaskCheck, to_json
from runner.registry import CHECKS, NotShipped, UnknownName
from runner.workspace import Worktree

Moment = Literal["attempt", "merge", "end"]

TAIL = 4000
"""Characters of a check's output that evidence keeps."""
LATE = 30.0
"""Seconds beyond its time limit in which a check can still end by itself."""


def checks_of(task: Task, manager: Manager, group: str) -> tuple[Check, ...]:
    """Every check that judges the task: its manager's, its kind's, its group's and its own."""
    kind = manager.specs.get(task.kind)
    shared = [*manager.checks, *(kind.checks if kind else ())]
    for one in manager.groups:
        shared += one.checks if one.name == group else ()
    fitting = [check for check in shared if check.match is None or matches(check.match, task)]
    return (*fitting, *(_own(check) for check in task.checks))


def _own(check: TaskCheck) -> Check:
    options = check.options or {}
    return Check(name=check.name, uses=check.uses, run=tuple(shlex.split(check.run)), options=options)


def refuse_unfillable(job: Job, tasks: Iterable[Task]) -> None:
    """Before any work is paid: a check that cannot be filled judges nothing, however often it is tried.

    Raises StepFailed, naming the file of the manager.
    """
    groups = {name: group for group in job.assignment.groups for name in group.tasks}
    for task, group in ((task, groups[task.id]) for task in tasks if task.id in groups):
        for check in checks_of(task, job.managers[group.manager], group.name):
            try:
                with_env(check, task, job.secrets)
                split_run(check.run, {"task": to_json(task)})
            except StepFailed as error:
                file = f"managers/{group.manager}.yaml"
                message = f'{file}: check "{check.name}" cannot be filled for {task.id}: {error.message}'
                raise StepFailed(message, error.hint or f"see: orch lint {file}") from error


def command_runner(job: Job, folder: Path, scratch: Path) -> Exec:
    """What starts processes in `folder`, sandboxed; they may write there and into `scratch`."""

    async def run_command(
        argv: Iterable[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- the sandbox ends what is late
        env: dict[str, str] | None = None,
        stdin: str | bytes | None = None,
        network: bool = False,
    ) -> Finished:
        return await job.sandbox.run(
            tuple(argv),
            cwd=folder,
            writable=(folder, scratch),
            readable=(job.workspace.git.directory, *job.readable),
            env=env,
            timeout=timeout,
            stdin=stdin,
            network=network,
            tag=job.journal.tag(job.run),
        )

    return run_command


@dataclass
class Judge:
    """Checks tasks of one job; remembers what each check said about each tree."""

    job: Job
    tasks: dict[str, Task] = field(init=False)
    known: dict[tuple[str, str], Evidence | None] = field(default_factory=dict)
    _places: dict[str, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.tasks = {task.id: task for task in self.job.assignment.tasks}
        self._places = {
            task: (group.manager, group.name) for group in self.job.assignment.groups for task in group.tasks
        }

    def checks(self, task: Task, at: Moment) -> tuple[Check, ...]:
        """The checks of a task at this moment."""
        manager, group = self._places[task.id]
        return tuple(check for check in checks_of(task, self.job.managers[manager], group) if at in check.at)

    async def on_commit(
        self,
        names: Iterable[str],
        at: Moment,
        commit: str,
        place: Callable[[], Awaitable[Worktree]],
        *,
        stands: bool = False,
    ) -> dict[str, tuple[Evidence, ...]]:
        """The evidence on `commit` for each task. `place` gives a work tree to use, asked for when first needed; it
        `stands` when it holds exactly the commit already."""
        tree = await asyncio.to_thread(self.job.workspace.tree, commit)
        found: dict[str, tuple[Evidence, ...]] = {}
        worktree: Worktree | None = None
        for task in (self.tasks[name] for name in names if name in self._places):
            evidence = []
            for check in self.checks(task, at):
                key = (_identity(check, task), tree)
                if key not in self.known:
                    worktree = worktree or await place()
                    if not stands:
                        await in_thread(worktree.start, commit)
                    stands = False
                    self.known[key] = await self._judge(task, check, worktree.path)
                if known := self.known[key]:
                    evidence.append(self._say(task, replace(known, at=at, commit=commit)))
            found[task.id] = tuple(evidence)
        return found

    async def in_folder(self, task: Task, at: Moment, folder: Path) -> tuple[Evidence, ...]:
        """The evidence on the files of `folder`, whatever they are; nothing is remembered, nothing cleaned."""
        found = [await self._judge(task, check, folder) for check in self.checks(task, at)]
        return tuple(self._say(task, replace(evidence, at=at)) for evidence in found if evidence)

    def _say(self, task: Task, evidence: Evidence) -> Evidence:
        data = {"name": evidence.name, "at": evidence.at, "passed": evidence.passed, "exit_code": evidence.exit_code}
        tail = {} if evidence.passed else {"output_tail": evidence.output_tail}
        self.job.emit("check_finished", task.id, {**data, "seconds": evidence.seconds, **tail})
        return evidence

    async def _judge(self, task: Task, check: Check, folder: Path) -> Evidence | None:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="orch-") as scratch:
            context = CheckContext(
                check=check,
                task=task,
                tasks=self.tasks,
                worktree=folder,
                scratch=Path(scratch),
                run_command=command_runner(self.job, folder, Path(scratch)),
            )
            outcome = await _run(check, context, self.job.secrets)
        if outcome.passed is None:
            return None
        return Evidence(
            name=check.name,
            command=outcome.command,
            exit_code=outcome.exit_code,
            passed=outcome.passed,
            seconds=round(time.monotonic() - started, 3),
            output_tail=outcome.output[-TAIL:],
        )


def _identity(check: Check, task: Task) -> str:
    """What the answer depends on beside the files: a command that names no value does not look at the task."""
    blind = bool(check.run or check.shell) and not any("{{" in text for text in (*check.run, *check.env.values()))
    about = None if blind else to_json(task)
    return json.dumps([to_json(check), about], sort_keys=True)


async def _run(check: Check, context: CheckContext, secrets: Mapping[str, str]) -> CheckOutcome:
    """An outcome in every case: a check that cannot be run has not passed."""
    name = "command" if check.run or check.shell else check.uses
    try:
        module: CheckModule = CHECKS.module(name)
        async with asyncio.timeout(check.timeout + LATE):
            return await module.run(replace(context, check=with_env(check, context.task, secrets)))
    except TimeoutError:
        said, code = f"stopped after {check.timeout:g} s, its time limit", 124
    except (UnknownName, NotShipped) as error:
        said, code = str(error), 127
    except OrchError as error:
        said, code = error.message, 1
    return CheckOutcome(passed=False, exit_code=code, command=check.name, output=said)
