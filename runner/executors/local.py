"""Orders carried out here, by asyncio: the dispatcher says what may start, a worker an order goes turn by turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.errors import LimitReached, OrchError
from runner.executors.base import Job
from runner.executors.judging import Judge, Moment, refuse_unfillable
from runner.executors.landing import Claim, Landed, Landing
from runner.executors.relations import Relations
from runner.executors.turns import Turns, Worked, repeats
from runner.journal import Key
from runner.managing.schedule import DONE, SLOTS, Dispatcher
from runner.records import Evidence, Task, TaskResult, Usage, WorkOrder, from_json, to_json
from runner.workspace import Worktree

ATTEMPTS = 3
"""Attempts at a task where no limit says otherwise."""


async def run_orders(job: Job) -> tuple[TaskResult, ...]:
    """One result for each task of the assignment, in its order. Raises LimitReached when the time is up.

    What is journalled is not done again: results stand, merges that were begun are finished first, turns whose commit
    is known go straight to their merge.
    """
    executor = _Executor(job)
    refuse_unfillable(job, (task for task in job.assignment.tasks if task.id not in executor.results))
    clock = asyncio.timeout_at(job.deadline)
    try:
        async with clock:
            await executor.carry_out()
    except TimeoutError:
        if not clock.expired():
            raise
        left = len(job.assignment.tasks) - len(executor.results)
        raise LimitReached(
            f"the time limit was reached with {left} tasks to go", "give it more time and resume"
        ) from None
    return tuple(executor.results[task.id] for task in job.assignment.tasks)


async def run_checks(
    job: Job, tasks: Iterable[str], at: Moment, folder: Path | None = None
) -> dict[str, tuple[Evidence, ...]]:
    """The evidence for each task on the run's head, or on the files of `folder` as they are."""
    judge = Judge(job)
    if folder is not None:
        return {name: await judge.in_folder(judge.tasks[name], at, folder) for name in tasks}

    async def place() -> Worktree:
        return await asyncio.to_thread(job.workspace.worktree, f"{job.step}.checking")

    return await judge.on_commit(tasks, at, await asyncio.to_thread(job.workspace.head), place)


@dataclass
class _Executor:
    job: Job
    results: dict[str, TaskResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        job = self.job
        self.results.update(job.done)
        self.results.update(self._journalled())
        self.judge = Judge(job)
        self.turns = Turns(job, self.judge)
        self.tasks = self.judge.tasks
        done = {name for name, result in self.results.items() if result.status in DONE}
        self.landing = Landing(job, self.judge, Relations(job.assignment, job.plan), done)
        self.tried = self._tried()
        self.dispatcher = Dispatcher(
            job.assignment,
            job.managers,
            job.limits.agents or SLOTS,
            done=self.results,
            attempts={task: max(found) for task, found in self.tried.items()},
            round=job.round,
            feedback={**job.feedback, **{task: found[max(found)].feedback for task, found in self.tried.items()}},
        )
        self._workers: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    def _journalled(self) -> dict[str, TaskResult]:
        rows = self.job.journal.entries(self.job.run, "result", step=self.job.step, round=self.job.round)
        names = {task.id for task in self.job.assignment.tasks}
        return {key.task: from_json(TaskResult, data) for key, data in rows if key.task in names}

    def _tried(self) -> dict[str, dict[int, Worked]]:
        """Attempts of an earlier life that failed, by task and number; one that passed only waits for its merge."""
        rows = self.job.journal.entries(self.job.run, "turn", step=self.job.step, round=self.job.round)
        found: dict[str, dict[int, Worked]] = {}
        for key, data in rows:
            worked = from_json(Worked, data)
            if not worked.passed:
                found.setdefault(key.task, {})[key.attempt] = worked
        return found

    async def carry_out(self) -> None:
        try:
            await self._skip(self.dispatcher.skipped_at_start)
            for order in self._interrupted():
                self.dispatcher.adopt(order)
                self._start(order)
            self._dispatch()
            while self._workers:
                await self._news.wait()
                self._news.clear()
                for worker in [worker for worker in self._workers if worker.done()]:
                    self._workers.discard(worker)
                    worker.result()
        finally:
            await self._stop()
        if not self.dispatcher.finished:
            stuck = ", ".join(
                f"{task} ({wait.reason} {wait.what})" for task, wait in self.dispatcher.waiting_for.items()
            )
            raise OrchError(f"nothing can start any more, and these tasks are left: {stuck}")

    def _interrupted(self) -> list[WorkOrder]:
        """Orders of an earlier life that were not over; each goes on as it was formed."""
        rows = self.job.journal.entries(self.job.run, "order", step=self.job.step, round=self.job.round)
        orders = [from_json(WorkOrder, data["order"]) for _, data in rows if not data["over"]]
        return [order for order in orders if any(task not in self.results for task in order.tasks)]

    def _dispatch(self) -> None:
        for order in self.dispatcher.take():
            self._start(order)

    def _start(self, order: WorkOrder) -> None:
        worker = asyncio.create_task(self._work(order), name=order.id)
        worker.add_done_callback(lambda _: self._news.set())
        self._workers.add(worker)

    async def _stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self, order: WorkOrder) -> None:
        job = self.job
        await job.journal.put(self._order_key(order), {"order": to_json(order), "over": False})
        job.reached("ordered", order.id)
        told = {
            name: to_json(getattr(order, name)) for name in ("seat", "manager", "group", "tasks", "attempts", "round")
        }
        job.emit(
            "order_started",
            order.id,
            {**told, "agent": job.agent_names.get(job.worker(order.manager, order.group), "")},
        )
        self.turns.renew(order)
        worktree = await asyncio.to_thread(job.workspace.worktree, f"{job.step}.{order.seat}")
        good = True
        for number, task in enumerate(order.tasks):
            if self.dispatcher.may_start(order.id, task):
                ahead = tuple(self.tasks[name] for name in order.tasks[number:])
                first = not any(name in self.results for name in order.tasks[:number])
                good &= await self._attempt(order, self.tasks[task], ahead if first else ahead[:1], worktree)
                self._dispatch()
        job.journal.post(self._order_key(order), {"order": to_json(order), "over": True})
        self.dispatcher.release(order.id)
        job.emit("order_finished", order.id, {"seat": order.seat, "status": "ok" if good else "failed"})
        self._dispatch()

    async def _attempt(self, order: WorkOrder, task: Task, ahead: tuple[Task, ...], worktree: Worktree) -> bool:
        """Whether the task is merged now; otherwise it goes back for another attempt, or is given up."""
        worked = self.turns.known(order, task.id) or await self.turns.take(order, task, ahead, worktree)
        if not worked.passed:
            await self._failed(order, task, worked, worked.reason, worked.feedback)
            return False
        landed = await self.landing.land(self._claim(order, task, worked, worktree))
        if not landed.commit:
            refused = replace(
                worked, reason=landed.reason, feedback=landed.feedback, checks=landed.checks or worked.checks
            )
            await self.turns.write(order, task.id, refused)
            await self._failed(order, task, refused, landed.reason, landed.feedback)
            return False
        await self._accepted(order, task, worked, landed)
        return True

    def _claim(self, order: WorkOrder, task: Task, worked: Worked, worktree: Worktree) -> Claim:
        earlier = self.job.journal.entries(self.job.run, "result", task=task.id)
        reopened = any(key.round < order.round and data["commit"] for key, data in earlier)
        attempt = order.attempts[order.tasks.index(task.id)]
        return Claim(
            task=task.id,
            round=order.round,
            attempt=attempt,
            worked=worked,
            worktree=worktree,
            reopened=reopened,
        )

    async def _accepted(self, order: WorkOrder, task: Task, worked: Worked, landed: Landed) -> None:
        seen = {evidence.name for evidence in landed.checks}
        checks = (*(one for one in worked.checks if one.name not in seen), *landed.checks)
        status = "verified" if checks else "unverified"
        reason = "" if checks else "no check judged it"
        result = self._result(order, task, worked, status=status, reason=reason, commit=landed.commit, checks=checks)
        await self._finish(result)
        self.dispatcher.finished_task(order.id, task.id, result.status)

    async def _failed(self, order: WorkOrder, task: Task, worked: Worked, reason: str, feedback: str) -> None:
        attempt = order.attempts[order.tasks.index(task.id)]
        tried = self.tried.setdefault(task.id, {})
        tried[attempt] = worked
        if left := max(0, self._limit(order, task.id) - attempt):
            if not self._repeated(tried, attempt):
                self.job.emit("attempt_failed", task.id, {"attempt": attempt, "reason": reason})
                self.dispatcher.retry_task(order.id, task.id, attempt, feedback)
                return
            reason = f"{reason}; it did exactly what the attempt before did, so that {left} more were not spent"
        result = self._result(order, task, worked, status="failed", reason=reason, checks=worked.checks)
        await self._finish(result)
        await self._skip(self.dispatcher.finished_task(order.id, task.id, "failed", reason))

    def _repeated(self, tried: dict[int, Worked], attempt: int) -> bool:
        before = tried.get(attempt - 1)
        return before is not None and repeats(self.job.workspace, before, tried[attempt])

    def _limit(self, order: WorkOrder, task: str) -> int:
        """Attempts that the task may have; the first merge that was refused does not count as one."""
        manager = self.job.managers[order.manager]
        policy = next((group.agents for group in manager.groups if group.name == order.group), manager.agents)
        limit = policy.attempts or manager.limits.attempts or self.job.limits.attempts or ATTEMPTS
        refused = any(worked.reason.startswith("merge refused") for worked in self.tried.get(task, {}).values())
        return limit + refused

    def _result(self, order: WorkOrder, task: Task, worked: Worked, **fields: object) -> TaskResult:
        usage = sum((one.usage for one in self._attempts(order, task, worked)), Usage())
        attempt = order.attempts[order.tasks.index(task.id)]
        place = {"manager": order.manager, "group": order.group, "seat": order.seat, "round": order.round}
        data = {"task": task.id, "attempts": attempt, "files": worked.files, "usage": usage, **place, **fields}
        return TaskResult(**data)  # type: ignore[arg-type]

    def _attempts(self, order: WorkOrder, task: Task, worked: Worked) -> list[Worked]:
        number = order.attempts[order.tasks.index(task.id)]
        return list({**self.tried.get(task.id, {}), number: worked}.values())

    async def _skip(self, skipped: Iterable[tuple[str, str]]) -> None:
        for task, reason in skipped:
            if task not in self.results:
                await self._finish(self._skipped(task, reason))

    def _skipped(self, task: str, reason: str) -> TaskResult:
        group, seat = next(
            (group, seat.id) for group in self.job.assignment.groups for seat in group.seats if task in seat.tasks
        )
        place = {"manager": group.manager, "group": group.name, "seat": seat}
        return TaskResult(task=task, status="skipped", reason=reason, round=self.job.round, **place)  # type: ignore[arg-type]

    async def _finish(self, result: TaskResult) -> None:
        job = self.job
        key = Key(run=job.run, kind="result", step=job.step, task=result.task, round=job.round)
        await job.journal.put(key, to_json(result))
        self.results[result.task] = result
        fields = ("status", "reason", "attempts", "commit", "manager", "group", "seat")
        job.emit("task_finished", result.task, {name: getattr(result, name) for name in fields})
        job.reached("finished", result.task)

    def _order_key(self, order: WorkOrder) -> Key:
        return Key(run=self.job.run, kind="order", step=self.job.step, item=order.id, round=order.round)
