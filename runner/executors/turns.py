"""One turn: an agent works on one task in its seat's work tree, and what it did is judged there and committed."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.agents.base import Turn, TurnResult
from runner.errors import LimitReached, StepFailed
from runner.executors import prompts
from runner.executors.base import Job
from runner.executors.judging import Judge, command_runner
from runner.journal import Key
from runner.managing.globs import is_glob, matches
from runner.records import Evidence, FileRecord, Manager, SessionPolicy, Task, Usage, WorkOrder, from_json, to_json
from runner.workspace import Snapshot, Workspace, Worktree, trailers


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What a turn left: a `commit` on `base` whose checks passed, or `reason` (short) and `feedback` (long) why not.

    `kept` is the branch of work that was not accepted.
    """

    base: str
    commit: str = ""
    reason: str = ""
    feedback: str = ""
    kept: str = ""
    files: tuple[FileRecord, ...] = ()
    checks: tuple[Evidence, ...] = ()
    usage: Usage = Usage()

    @property
    def passed(self) -> bool:
        return not self.reason

    @property
    def failing(self) -> frozenset[str]:
        """The names of the checks that failed."""
        return frozenset(one.name for one in self.checks if not one.passed)


@dataclass
class Session:
    """A seat's conversation with its agent: it lives across orders until the manager's policy renews it."""

    id: str = ""
    tasks: int = 0
    turns: int = 0
    last: float = 0.0


@dataclass
class Turns:
    """Turns of one job; `sessions` are kept by seat."""

    job: Job
    judge: Judge
    sessions: dict[str, Session] = field(default_factory=dict)

    def known(self, order: WorkOrder, task: str) -> Worked | None:
        """What the journal holds of this attempt: an earlier life of the run already went through it."""
        data = self.job.journal.get(self._key(order, task))
        return from_json(Worked, data) if data else None

    def renew(self, order: WorkOrder) -> None:
        """Between orders, a session that is used up is left behind."""
        session = self.sessions.setdefault(order.seat, Session())
        policy = self._policy(order)
        idle = time.monotonic() - session.last if session.last else 0.0
        if session.tasks >= policy.tasks or session.turns >= policy.turns or idle > policy.idle:
            self.sessions[order.seat] = Session()

    async def take(self, order: WorkOrder, task: Task, ahead: tuple[Task, ...], worktree: Worktree) -> Worked:
        """Lets the agent work and judges what it did. The answer is journalled when this returns."""
        base = await asyncio.to_thread(self.job.workspace.head)
        await asyncio.to_thread(worktree.start, base, f"orch/{self.job.run}/{order.id}")
        said, work = await self._ask(order, task, ahead, worktree, base)
        self.job.reached("turned", task.id)
        worked = await self._judged(order, task, worktree, work, said)
        await self.write(order, task.id, worked)
        self.job.reached("journalled", task.id)
        return worked

    async def write(self, order: WorkOrder, task: str, worked: Worked) -> None:
        """Journals how an attempt stands."""
        await self.job.journal.put(self._key(order, task), to_json(worked))

    async def _ask(
        self, order: WorkOrder, task: Task, ahead: tuple[Task, ...], worktree: Worktree, base: str
    ) -> tuple[TurnResult, Snapshot]:
        manager, attempt = self.job.managers[order.manager], order.attempts[order.tasks.index(task.id)]
        agent = {"order": order.id, "seat": order.seat, "attempt": attempt, "agent": self._agent_name(order)}
        self.job.emit("turn_started", task.id, agent)
        started = time.monotonic()
        session = self.sessions.setdefault(order.seat, Session())
        with tempfile.TemporaryDirectory(prefix="orch-") as scratch:
            turn = self._turn(order, task, ahead, worktree, Path(scratch))
            said = await self._answer(order, turn)
        session.id, session.last = said.session, time.monotonic()
        session.tasks, session.turns = session.tasks + 1, session.turns + 1
        seconds = round(time.monotonic() - started, 3)
        work = await asyncio.to_thread(worktree.changed, base, may_touch(task, manager))
        told = {**agent, "outcome": said.outcome, "seconds": seconds, "files": list(work.paths)}
        self.job.emit("turn_finished", task.id, {**told, "usage": to_json(said.usage)})
        return said, work

    async def _answer(self, order: WorkOrder, turn: Turn) -> TurnResult:
        agent = self.job.agents[self.job.worker(order.manager, order.group)]
        try:
            async with asyncio.timeout(turn.timeout):
                return await agent.turn(turn)
        except TimeoutError:
            return TurnResult(outcome="limit", reason=f"no end after {turn.timeout:g} s")
        except LimitReached:
            raise
        except StepFailed as error:
            return TurnResult(outcome="failed", reason=error.message)

    def _turn(self, order: WorkOrder, task: Task, ahead: tuple[Task, ...], worktree: Worktree, scratch: Path) -> Turn:
        job, number = self.job, order.tasks.index(task.id)
        manager, session = job.managers[order.manager], self.sessions[order.seat].id
        group = next((one for one in manager.groups if one.name == order.group and one.template), None)
        speaking = replace(manager, template=group.template, prompt="") if group else manager
        return Turn(
            address=f"{job.step}/{task.id}",
            prompt=job.render(speaking, prompts.variables(job, order, task, ahead, session)),
            worktree=worktree.path,
            root=job.root,
            request=job.request,
            task=task,
            tasks=self.judge.tasks,
            attempt=order.attempts[number],
            round=order.round,
            feedback=order.feedback[number],
            session=session,
            timeout=manager.limits.time,
            idle=manager.limits.idle or job.limits.idle,
            tools=manager.tools,
            emit=job.emit,
            run_command=command_runner(job, worktree.path, scratch),
        )

    async def _judged(
        self, order: WorkOrder, task: Task, worktree: Worktree, work: Snapshot, said: TurnResult
    ) -> Worked:
        allowed, base = may_touch(task, self.job.managers[order.manager]), work.base
        failed = Worked(base=base, usage=said.usage, reason="failed")
        if outside := [path for path in work.paths if not any(matches(glob, path) for glob in allowed)]:
            reason = f"it changed what is not its own: {', '.join(outside[:5])}"
            return replace(failed, reason=reason, feedback=prompts.for_paths(outside, allowed))
        attempt = order.attempts[order.tasks.index(task.id)]
        message = trailers(task.title, run=self.job.run, task=task.id, attempt=attempt, round=order.round)
        commit = await asyncio.to_thread(worktree.commit, work, message, f"orch/{self.job.run}/{order.id}")
        self.job.reached("committed", task.id)
        files = await asyncio.to_thread(_files, work, worktree.path)
        worked = Worked(base=base, commit=commit, files=files, usage=said.usage)
        if said.outcome != "done":
            reason = said.reason or f"the agent's turn ended as {said.outcome}"
            return self._refused(worked, task, attempt, order.round, reason, prompts.for_agent(reason))
        if missing := _missing(task, worktree.path):
            reason = f"not written: {', '.join(missing)}"
            return self._refused(worked, task, attempt, order.round, reason, prompts.for_missing(missing))

        async def here() -> Worktree:
            return worktree

        found = await self.judge.on_commit([task.id], "attempt", commit, here, stands=True)
        worked = replace(worked, checks=found.get(task.id, ()))
        if bad := [evidence for evidence in worked.checks if not evidence.passed]:
            reason = f'check "{bad[0].name}" failed (exit code {bad[0].exit_code})'
            return self._refused(worked, task, attempt, order.round, reason, prompts.for_checks(bad))
        return worked

    def _refused(
        self,
        worked: Worked,
        task: Task,
        attempt: int,
        round: int,  # noqa: A002
        reason: str,
        feedback: str,
    ) -> Worked:
        kept = self.job.workspace.keep(worked.commit, f"{task.id}-{round}-{attempt}")
        return replace(worked, reason=reason, feedback=prompts.again(feedback, kept), kept=kept)

    def _agent_name(self, order: WorkOrder) -> str:
        return self.job.agent_names.get(self.job.worker(order.manager, order.group), "")

    def _policy(self, order: WorkOrder) -> SessionPolicy:
        manager = self.job.managers[order.manager]
        groups = {group.name: group.agents for group in manager.groups}
        return groups.get(order.group, manager.agents).session

    def _key(self, order: WorkOrder, task: str) -> Key:
        attempt = order.attempts[order.tasks.index(task)]
        return Key(run=self.job.run, kind="turn", step=self.job.step, task=task, round=order.round, attempt=attempt)


def repeats(workspace: Workspace, before: Worked, now: Worked) -> bool:
    """Whether an attempt left exactly the files of the one before, from the same base, for the same checks to fail."""
    if not now.failing or (before.base, before.failing) != (now.base, now.failing):
        return False
    return workspace.tree(before.commit) == workspace.tree(now.commit)


def may_touch(task: Task, manager: Manager) -> tuple[str, ...]:
    """Globs of what a task may change: its outputs, what its manager owns, and what commands of the manager make."""
    made = tuple(glob for one in manager.generated for glob in one.files)
    globs = (*task.outputs, *manager.owns, *made)
    return tuple(dict.fromkeys(f"{glob}**" if glob.endswith("/") else glob for glob in globs))


def _missing(task: Task, folder: Path) -> list[str]:
    if task.action == "remove":
        return []
    return [
        path for path in task.outputs if not is_glob(path) and not path.endswith("/") and not (folder / path).exists()
    ]


def _files(work: Snapshot, folder: Path) -> tuple[FileRecord, ...]:
    return tuple(FileRecord(path=path, sha256=_sha256(folder / path)) for path in _present(work, folder))


def _present(work: Snapshot, folder: Path) -> Iterable[str]:
    return (path for path in sorted(work.paths) if (folder / path).is_file() and not (folder / path).is_symlink())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
