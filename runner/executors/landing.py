"""From a task's commit to the run's branch: proved, checked, and so written down that a kill loses none.

Merges line up in the workspace's queue: judged side by side, each on the merge ahead of it, landed in the order of the
line. The row `merging` names the head P and the merged commit M before the branch moves. A run that goes on finds M in
the branch (the result is written), or P still there (the move is made again), or neither (it is merged again).
"""

from __future__ import annotations

import shlex
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from runner.executors import prompts
from runner.executors.base import Job
from runner.executors.judging import Judge, command_runner
from runner.executors.relations import Relations
from runner.executors.threads import in_thread
from runner.executors.turns import Worked
from runner.journal import Key
from runner.managing.globs import matches
from runner.records import Evidence, Generated, from_json, to_json
from runner.workspace import HeadMoved, Merge, Place, Proof, Worktree, merge, prove
from runner.workspace.merging import on_top

GENERATING = 600.0
"""Seconds that a command may take to make its files again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A commit that asks to be merged, who it is of, and its seat's work tree, where the merge is judged."""

    task: str
    round: int
    attempt: int
    worked: Worked
    worktree: Worktree
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
class Refusal:
    """Why a merge on `head` is refused: in short, for the next attempt, and line by line."""

    head: str
    reason: str
    feedback: str
    lines: tuple[str, ...] = ()
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
    """The merges of one job; `done` are the tasks whose work stands in the branch."""

    job: Job
    judge: Judge
    relations: Relations
    done: set[str]

    async def land(self, claim: Claim) -> Landed:
        """Merges the claim's commit, or says why not, when it is its turn."""
        row = self._known(claim)
        if row and row.accepted and await in_thread(self.job.workspace.contains, row.merged):
            return self._landed(claim, row)
        judge, settle = partial(self._judge, claim), partial(self._settle, claim, time.monotonic())
        return await self.job.workspace.queue.pass_through(claim.task, judge, settle)

    def _known(self, claim: Claim) -> Merging | None:
        data = self.job.journal.get(self._key(claim))
        return from_json(Merging, data) if data else None

    def _landed(self, claim: Claim, row: Merging) -> Landed:
        self.done.add(claim.task)
        return Landed(commit=row.merged, checks=row.checks)

    async def _judge(self, claim: Claim, place: Place) -> Merging | Refusal:
        """What becomes of the merge if the branch comes to stand at the place's base. Moves nothing."""
        queue, row = self.job.workspace.queue, self._known(claim)
        if row and row.accepted and row.head == place.base:
            queue.foresee(place, row.merged)
            return row
        verdict = await self._try(claim, place)
        if isinstance(verdict, Refusal):
            queue.foresee(place, place.base)
        return verdict

    async def _settle(self, claim: Claim, began: float, verdict: Merging | Refusal) -> Landed | None:
        """Acts on the verdict that counts; None where somebody else moved the branch meanwhile."""
        if isinstance(verdict, Refusal):
            return await self._refuse(claim, verdict)
        return await self._move(claim, verdict, began)

    async def _try(self, claim: Claim, place: Place) -> Merging | Refusal:
        workspace, head, commit = self.job.workspace, place.base, claim.worked.commit
        merged = await in_thread(merge, workspace, head, commit)
        self.job.emit("merge_started", claim.task, {"commit": commit, "head": head})
        merged = await self._made_again(claim, merged)
        if merged.conflicts:
            return await in_thread(self._conflict, claim, merged)
        row = Merging(head=head, merged=merged.commit, commit=commit)
        await self.job.journal.put(self._key(claim), to_json(row))
        workspace.queue.foresee(place, row.merged)
        self.job.reached("merging", claim.task)
        allowed = self.relations.may_remove(claim.task, reopened=claim.reopened)
        made = [glob for one in self._generated() for glob in one.files]
        proof = await in_thread(prove, workspace, head, row.merged, allowed, made)
        if not proof.holds:
            return _unproved(head, proof)
        self.job.reached("proved", claim.task)
        found = await self._checks(claim, place, row.merged, proof)
        if bad := [(name, one) for name, checks in found.items() for one in checks if not one.passed]:
            return _unchecked(head, claim.task, bad, found.get(claim.task, ()))
        row = replace(row, accepted=True, checks=found.get(claim.task, ()))
        await self.job.journal.put(self._key(claim), to_json(row))
        self.job.reached("accepted", claim.task)
        return row

    async def _move(self, claim: Claim, row: Merging, began: float) -> Landed | None:
        workspace = self.job.workspace
        try:
            await in_thread(workspace.advance, row.head, row.merged)
        except HeadMoved:
            if workspace.head() == row.head:
                raise
            return None
        self.job.reached("updated", claim.task)
        if not await in_thread(workspace.check_out):
            said = f"{workspace.path} holds edits of yours: its files stay as they are, {workspace.branch} goes on"
            self.job.emit("note", claim.task, {"message": said})
        self.job.reached("shown", claim.task)
        seconds = round(time.monotonic() - began, 3)
        self.job.emit("merge_finished", claim.task, {"commit": row.merged, "seconds": seconds})
        return self._landed(claim, row)

    async def _checks(self, claim: Claim, place: Place, merged: str, proof: Proof) -> dict[str, tuple[Evidence, ...]]:
        """The task's own, and again those of every task whose lines are gone, and of what needs a reopened task."""
        again = set(proof.touched)
        if claim.reopened:
            again |= self.relations.dependents(claim.task)
        there = self.done | set(self.job.workspace.queue.line.ahead(place))
        names = [claim.task, *sorted((again & there) - {claim.task})]

        async def seat() -> Worktree:
            return claim.worktree

        return await self.judge.on_commit(names, "merge", merged, seat)

    async def _refuse(self, claim: Claim, refusal: Refusal) -> Landed:
        workspace, commit, reason = self.job.workspace, claim.worked.commit, refusal.reason
        kept = await in_thread(workspace.keep, commit, f"{claim.task}-{claim.round}-{claim.attempt}")
        told = {"reason": reason, "lines": list(refusal.lines), "kept": kept, "head": refusal.head}
        self.job.emit("merge_refused", claim.task, told)
        sides = f"The two sides: {kept} ({commit[:12]}) and {workspace.branch} ({refusal.head[:12]})."
        feedback = prompts.again(f"{refusal.feedback}\n{sides}", kept)
        return Landed(reason=f"merge refused: {reason}", feedback=feedback, lines=refusal.lines, checks=refusal.checks)

    def _conflict(self, claim: Claim, merged: Merge) -> Refusal:
        workspace = self.job.workspace
        words = ("diff", "--no-ext-diff", "--no-textconv", claim.worked.base, merged.head, "--", *merged.conflicts)
        theirs = workspace.plain("--literal-pathspecs", *words)[:6000]
        paths = ", ".join(merged.conflicts)
        feedback = f"The merge was refused: others changed the same lines of {paths}. What they changed:\n{theirs}"
        lines = tuple(merged.said.splitlines())
        return Refusal(head=merged.head, reason=f"conflict in {paths}", feedback=feedback, lines=lines)

    def _generated(self) -> tuple[Generated, ...]:
        return tuple(one for manager in self.job.managers.values() for one in manager.generated)

    async def _made_again(self, claim: Claim, merged: Merge) -> Merge:
        """Files that a command makes are taken from neither side: the command runs on the merged files."""
        made = self._generated()
        changed = await in_thread(self._changed, merged) if made else []
        wanted = [one for one in made if any(_fits(path, one.files) for path in changed)]
        if not wanted or not all(_fits(path, one.files) for path in merged.conflicts for one in wanted):
            return merged
        return await self._run_generators(claim, merged, wanted)

    def _changed(self, merged: Merge) -> list[str]:
        words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", merged.head, merged.tree)
        return [path for path in self.job.workspace.plain(*words).split("\0") if path]

    async def _run_generators(self, claim: Claim, merged: Merge, wanted: list[Generated]) -> Merge:
        workspace, worktree, commit = self.job.workspace, claim.worktree, claim.worked.commit
        start = await in_thread(on_top, workspace, merged.head, merged.tree, commit)
        await in_thread(worktree.start, start)
        with tempfile.TemporaryDirectory(prefix="orch-") as scratch:
            run_command = command_runner(self.job, worktree.path, Path(scratch))
            for one in wanted:
                ended = await run_command(one.run, timeout=GENERATING)
                if ended.exit_code:
                    said = f"{shlex.join(one.run)} ended with {ended.exit_code}:\n{ended.output[-2000:]}"
                    return replace(merged, commit="", conflicts=one.files, said=said)
        files = tuple(glob for one in wanted for glob in one.files)
        made = await in_thread(worktree.changed, start, files, files)
        again = await in_thread(on_top, workspace, merged.head, made.tree, commit)
        return replace(merged, commit=again, tree=made.tree, conflicts=())

    def _key(self, claim: Claim) -> Key:
        job = self.job
        return Key(
            run=job.run, kind="merging", step=job.step, task=claim.task, round=claim.round, attempt=claim.attempt
        )


def _unproved(head: str, proof: Proof) -> Refusal:
    lines = tuple(str(removal) for removal in proof.refused)
    listed = "\n".join(f"- {line}" for line in lines[:40])
    feedback = f"The merge was refused: it removes lines that are not this task's to remove. Keep them:\n{listed}"
    return Refusal(head=head, reason=f"it removes lines of others: {lines[0]}", feedback=feedback, lines=lines)


def _unchecked(head: str, task: str, bad: Sequence[tuple[str, Evidence]], own: tuple[Evidence, ...]) -> Refusal:
    said = tuple(f'check "{one.name}" of {name} fails on the merged result' for name, one in bad)
    feedback = "\n\n".join([*said, prompts.for_checks(one for _, one in bad)])
    return Refusal(head=head, reason=said[0], feedback=f"The merge was refused: {feedback}", lines=said, checks=own)


def _fits(path: str, globs: Iterable[str]) -> bool:
    return any(matches(glob, path) for glob in globs)
