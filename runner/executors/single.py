"""One piece of work of a step itself, a command or an agent's turn, in a work tree of its own on the run's head.

Without `owns` it may only read. With `owns`, what it changed is committed and merged when everything passed; where
orch was killed in between, the journal says what was done and the work is not repeated.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.agents.base import Emit
from runner.checks.base import CheckContext, CheckOutcome, with_env
from runner.journal import Journal, Key
from runner.managing.globs import matches
from runner.records import Check, Evidence, Exec, Finished, Json, Task, from_json, to_json
from runner.registry import CHECKS
from runner.sandbox import Sandbox
from runner.workspace import HeadMoved, Snapshot, Workspace, Worktree, merge

TAIL = 4000
"""Characters of a check's output that evidence keeps."""

Act = Callable[[Path, Path, Exec], Awaitable[Json]]
"""What is done in a folder, with an empty scratch folder and processes; returns JSON, which survives a crash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a step's own work happens; `step` and `item` are its place in the journal, `attempt` counts from 1."""

    run: str
    step: str
    item: str
    attempt: int
    workspace: Workspace
    sandbox: Sandbox
    journal: Journal
    emit: Emit
    network: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What `act` returned, what stands against the work, its evidence, and the merged commit ("" without changes)."""

    value: Json
    failures: tuple[str, ...] = ()
    checks: tuple[Evidence, ...] = ()
    files: tuple[str, ...] = ()
    commit: str = ""


async def carry_out(
    site: Site, act: Act, owns: Sequence[str], checks: Sequence[Check], passed: Callable[[Json], str]
) -> Done:
    """Does the work once, whatever happens to orch. `passed` says why a value is a failure, "" when it is none."""
    key = Key(run=site.run, kind="merging", step=site.step, item=site.item, attempt=site.attempt)
    stored = site.journal.get(key)
    if stored is not None and await asyncio.to_thread(site.workspace.contains, stored["commit"]):
        return from_json(Done, stored)
    tree = await asyncio.to_thread(site.workspace.worktree, f"step-{site.step}-{site.item}")
    base = await asyncio.to_thread(site.workspace.head)
    await asyncio.to_thread(tree.start, base)
    with tempfile.TemporaryDirectory(prefix="orch-") as scratch:
        run_command = _runner(site, tree.path, Path(scratch), bool(owns))
        value = await act(tree.path, Path(scratch), run_command)
    work = await asyncio.to_thread(tree.changed, base, tuple(owns))
    if wrong := [text for text in (passed(value), _outside(work, owns)) if text]:
        return Done(value=value, failures=tuple(wrong), files=work.paths)
    evidence = [await _checked(site, check, tree.path, bool(owns)) for check in checks]
    failed = tuple(
        f'check "{one.name}" failed (exit {one.exit_code}): {one.output_tail}' for one in evidence if not one.passed
    )
    done = Done(value=value, failures=failed, checks=tuple(evidence), files=work.paths)
    return done if failed or not work.changes else await _merged(site, key, tree, work, done)


async def _merged(site: Site, key: Key, tree: Worktree, work: Snapshot, done: Done) -> Done:
    message = f"{site.step}: step of the pipeline\n\nOrch-Run: {site.run}\nOrch-Step: {site.step}\n"
    commit = await asyncio.to_thread(tree.commit, work, message)
    while True:
        head = await asyncio.to_thread(site.workspace.head)
        merged = await asyncio.to_thread(merge, site.workspace, head, commit)
        if merged.conflicts:
            kept = await asyncio.to_thread(site.workspace.keep, commit, f"{site.step}-{site.attempt}")
            reason = f"conflicts in {', '.join(merged.conflicts)}; the work is kept in {kept}"
            return Done(value=done.value, failures=(reason,), checks=done.checks, files=done.files)
        landed = Done(value=done.value, checks=done.checks, files=done.files, commit=merged.commit)
        await site.journal.put(key, to_json(landed))
        try:
            await asyncio.to_thread(site.workspace.advance, head, merged.commit)
        except HeadMoved:
            continue
        await asyncio.to_thread(site.workspace.check_out)
        return landed


def _runner(site: Site, folder: Path, scratch: Path, writes: bool) -> Exec:
    async def run_command(argv: Sequence[str], *, network: bool | None = None, **options: object) -> Finished:
        return await site.sandbox.run(
            argv,
            cwd=folder,
            writable=(folder, scratch) if writes else (scratch,),
            readable=(folder, site.workspace.git.directory),
            network=site.network if network is None else network,
            tag=site.journal.tag(site.run),
            **options,  # type: ignore[arg-type]
        )

    return run_command


def _outside(work: Snapshot, owns: Sequence[str]) -> str:
    outside = [path for path in work.paths if not any(matches(glob, path) for glob in owns)]
    if not outside:
        return ""
    shown = ", ".join(outside[:5]) + (f" and {len(outside) - 5} more" if len(outside) > 5 else "")
    return f"changed {shown}, which it does not own" + ("" if owns else ": without `owns` a step may only read")


async def _checked(site: Site, check: Check, folder: Path, writes: bool) -> Evidence:
    task = Task(id=site.step, title=site.step, component="", spec={"kind": "step"})
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="orch-") as name:
        scratch = Path(name)
        run_command = _runner(site, folder, scratch, writes)
        context = CheckContext(
            check=with_env(check, task, site.secrets),
            task=task,
            tasks={},
            worktree=folder,
            scratch=scratch,
            run_command=run_command,
        )
        outcome: CheckOutcome = await CHECKS.module(check.uses or "command").run(context)
    evidence = Evidence(
        name=check.name,
        command=outcome.command,
        exit_code=outcome.exit_code,
        passed=outcome.passed is not False,
        seconds=time.monotonic() - began,
        output_tail=outcome.output[-TAIL:],
    )
    data = {key: value for key, value in to_json(evidence).items() if key != "commit"}
    site.emit("check_finished", site.step, data)
    return evidence
