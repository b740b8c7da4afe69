"""From a task's commit to the run's branch: one at a time, proved, checked, and so written down that a kill loses none.

The row `merging` names the head P and the merged commit M before the branch moves. A run that goes on finds M in the
branch (the result is written), or P still there (the move is made again), or neither (it is merged again).
"""

from __future__ import annotations

import asyncio
import shlex
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.executors import prompts
from runner.executors.base import Job
from runner.executors.judging import Judge, command_runner
from runner.executors.relations import Relations
from runner.executors.turns import Worked
from runner.journal import Key
from runner.managing.globs import matches
from runner.records import Evidence, Generated, from_json, to_json
from runner.workspace import HeadMoved, Merge, Proof, Worktree, merge, prove
from runner.workspace.merging import on_top

GENERATING = 600.0
"""Seconds that a command may take to make its files again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A commit that asks to be merged, and who it is of."""

    task: str
    round: int
    attempt: int
    worked: Worked
    reopened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """The row of a merge: `merged` on `head`; `accepted` once proof and checks are through."""

    head: str
    merged: str
    commit: str
    accepted: bool = False
    checks: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """How a merge ended: a `commit` in the run's branch, or `reason` and `feedback` why it was refused."""

    commit: str = ""
    reason: str = ""
    feedback: str = ""
    lines: tuple[str, ...] = ()
    checks: tuple[Evidence, ...] = ()


@dataclass
class Landing:
    """The merge queue of one job."""

    job: Job
    judge: Judge
    relations: Relations
    done: set[str]
    _began: float = 0.0

    async def land(self, claim: Claim) -> Landed:
        """Merges the claim's commit, or says why not. Merges follow one another."""
        async with self.job.workspace.merging:
            self._began = time.monotonic()
            before = self._known(claim)
            if before and before.accepted and (landed := await self._go_on(claim, before)):
                return landed
            while True:
                try:
                    return await self._try(claim)
                except HeadMoved:
                    continue

    def _known(self, claim: Claim) -> Merging | None:
        data = self.job.journal.get(self._key(claim))
        return from_json(Merging, data) if data else None

    async def _go_on(self, claim: Claim, row: Merging) -> Landed | None:
        if await asyncio.to_thread(self.job.workspace.contains, row.merged):
            return Landed(commit=row.merged, checks=row.checks)
        if await asyncio.to_thread(self.job.workspace.head) == row.head:
            return await self._move(claim, row)
        return None

    async def _try(self, claim: Claim) -> Landed:
        workspace, commit = self.job.workspace, claim.worked.commit
        head = await asyncio.to_thread(workspace.head)
        merged = await asyncio.to_thread(merge, workspace, head, commit)
        self.job.emit("merge_started", claim.task, {"commit": commit, "head": head})
        merged = await self._made_again(claim, merged)
        if merged.conflicts:
            return await self._refuse(claim, head, *await asyncio.to_thread(self._conflict, claim, merged))
        row = Merging(head=head, merged=merged.commit, commit=commit)
        await self.job.journal.put(self._key(claim), to_json(row))
        self.job.reached("merging", claim.task)
        allowed = self.relations.may_remove(claim.task, reopened=claim.reopened)
        made = [glob for one in self._generated() for glob in one.files]
        proof = await asyncio.to_thread(prove, workspace, head, merged.commit, allowed, made)
        if not proof.holds:
            return await self._refuse(claim, head, *_unproved(proof))
        self.job.reached("proved", claim.task)
        found = await self._checks(claim, merged.commit, proof)
        if bad := [(name, one) for name, checks in found.items() for one in checks if not one.passed]:
            return await self._refuse(claim, head, *_unchecked(claim.task, bad), checks=found.get(claim.task, ()))
        row = replace(row, accepted=True, checks=found.get(claim.task, ()))
        await self.job.journal.put(self._key(claim), to_json(row))
        self.job.reached("accepted", claim.task)
        return await self._move(claim, row)

    async def _move(self, claim: Claim, row: Merging) -> Landed:
        workspace = self.job.workspace
        await asyncio.to_thread(workspace.advance, row.head, row.merged)
        self.job.reached("updated", claim.task)
        if not await asyncio.to_thread(workspace.check_out, row.merged):
            said = f"{workspace.path} holds edits of yours: its files stay as they are, {workspace.branch} goes on"
            self.job.emit("note", claim.task, {"message": said})
        self.job.reached("shown", claim.task)
        seconds = round(time.monotonic() - self._began, 3)
        self.job.emit("merge_finished", claim.task, {"commit": row.merged, "seconds": seconds})
        return Landed(commit=row.merged, checks=row.checks)

    async def _checks(self, claim: Claim, merged: str, proof: Proof) -> dict[str, tuple[Evidence, ...]]:
        """The task's own, and again those of every task whose lines are gone, and of what needs a reopened task."""
        again = set(proof.touched)
        if claim.reopened:
            again |= self.relations.dependents(claim.task)
        names = [claim.task, *sorted((again & self.done) - {claim.task})]

        async def place() -> Worktree:
            return await asyncio.to_thread(self.job.workspace.worktree, "merging")

        return await self.judge.on_commit(names, "merge", merged, place)

    async def _refuse(
        self,
        claim: Claim,
        head: str,
        reason: str,
        feedback: str,
        lines: Sequence[str],
        checks: tuple[Evidence, ...] = (),
    ) -> Landed:
        name = f"{claim.task}-{claim.round}-{claim.attempt}"
        kept = await asyncio.to_thread(self.job.workspace.keep, claim.worked.commit, name)
        self.job.emit("merge_refused", claim.task, {"reason": reason, "lines": list(lines), "kept": kept, "head": head})
        sides = f"The two sides: {kept} ({claim.worked.commit[:12]}) and {self.job.workspace.branch} ({head[:12]})."
        told = prompts.again(f"{feedback}\n{sides}", kept)
        return Landed(reason=f"merge refused: {reason}", feedback=told, lines=tuple(lines), checks=checks)

    def _conflict(self, claim: Claim, merged: Merge) -> tuple[str, str, Sequence[str]]:
        workspace = self.job.workspace
        words = ("diff", "--no-ext-diff", "--no-textconv", claim.worked.base, merged.head, "--", *merged.conflicts)
        theirs = workspace.plain("--literal-pathspecs", *words)[:6000]
        paths = ", ".join(merged.conflicts)
        feedback = f"The merge was refused: others changed the same lines of {paths}. What they changed:\n{theirs}"
        return f"conflict in {paths}", feedback, tuple(merged.said.splitlines())

    def _generated(self) -> tuple[Generated, ...]:
        return tuple(one for manager in self.job.managers.values() for one in manager.generated)

    async def _made_again(self, claim: Claim, merged: Merge) -> Merge:
        """Files that a command makes are taken from neither side: the command runs on the merged files."""
        made = self._generated()
        changed = await asyncio.to_thread(self._changed, merged) if made else []
        wanted = [one for one in made if any(_fits(path, one.files) for path in changed)]
        if not wanted or not all(_fits(path, one.files) for path in merged.conflicts for one in wanted):
            return merged
        return await self._run_generators(claim, merged, wanted)

    def _changed(self, merged: Merge) -> list[str]:
        words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", merged.head, merged.tree)
        return [path for path in self.job.workspace.plain(*words).split("\0") if path]

    async def _run_generators(self, claim: Claim, merged: Merge, wanted: list[Generated]) -> Merge:
        workspace, commit = self.job.workspace, claim.worked.commit
        start = await asyncio.to_thread(on_top, workspace, merged.head, merged.tree, commit)
        worktree = await asyncio.to_thread(workspace.worktree, "merging")
        await asyncio.to_thread(worktree.start, start)
        with tempfile.TemporaryDirectory(prefix="orch-") as scratch:
            run_command = command_runner(self.job, worktree.path, Path(scratch))
            for one in wanted:
                ended = await run_command(one.run, timeout=GENERATING)
                if ended.exit_code:
                    said = f"{shlex.join(one.run)} ended with {ended.exit_code}:\n{ended.output[-2000:]}"
                    return replace(merged, commit="", conflicts=one.files, said=said)
        files = tuple(glob for one in wanted for glob in one.files)
        made = await asyncio.to_thread(worktree.changed, start, files, files)
        again = await asyncio.to_thread(on_top, workspace, merged.head, made.tree, commit)
        return replace(merged, commit=again, tree=made.tree, conflicts=())

    def _key(self, claim: Claim) -> Key:
        job = self.job
        return Key(
            run=job.run, kind="merging", step=job.step, task=claim.task, round=claim.round, attempt=claim.attempt
        )


def _unproved(proof: Proof) -> tuple[str, str, tuple[str, ...]]:
    lines = tuple(str(removal) for removal in proof.refused)
    first = proof.refused[0]
    feedback = "The merge was refused: it removes lines that are not this task's to remove. Keep them:\n" + "\n".join(
        f"- {line}" for line in lines[:40]
    )
    return f"it removes lines of others: {first}", feedback, lines


def _unchecked(task: str, bad: Iterable[tuple[str, Evidence]]) -> tuple[str, str, tuple[str, ...]]:
    bad = list(bad)
    said = [f'check "{one.name}" of {name} fails on the merged result' for name, one in bad]
    feedback = "\n\n".join([*said, prompts.for_checks(one for _, one in bad)])
    return said[0], f"The merge was refused: {feedback}", tuple(said)


def _fits(path: str, globs: Iterable[str]) -> bool:
    return any(matches(glob, path) for glob in globs)
