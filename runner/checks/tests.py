"""Tests that the work itself holds: they pass, every case of the spec ran, and a seeded fault turns them red."""

from __future__ import annotations

import asyncio
import html
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.derive.faults import Fault, faults
from runner.checks.findings import judge
from runner.checks.words import NoWords, words
from runner.records import Finished, JsonObject

OPTIONS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "fault": {
            "type": "boolean",
            "description": "put a fault into what the tests are about, in a copy, and want them to fail",
        }
    },
}
CASE = re.compile(r"<testcase\b([^>]*?)(?:/>|>(.*?)</testcase>)", re.DOTALL)
NAME = re.compile(r'\bname="([^"]*)"')
JUNIT = "junit.xml"
IN_FOLDER = 'cd "$1" && shift && exec "$@"'
"""The words of a command reach the shell as its arguments: it reads none of them."""
TRIES = 3
IGNORED = (".git", "__pycache__", ".pytest_cache", ".venv", "node_modules", "data")


async def run(context: CheckContext) -> CheckOutcome:
    """Runs the spec's command, or with `fault` the same on a copy with a fault. No evidence for other kinds."""
    command = str(context.task.spec.get("command", ""))
    if not command:
        words = f"a spec of kind {context.task.kind} has no command for its tests"
        return CheckOutcome(passed=None, exit_code=0, command=context.check.name, output=words)
    try:
        judged = _with_fault if context.check.options.get("fault") else _as_it_is
        return await judged(context, command)
    except NoWords as error:
        return CheckOutcome(passed=False, exit_code=126, command=command, output=str(error))


async def _as_it_is(context: CheckContext, command: str) -> CheckOutcome:
    report = context.scratch / JUNIT
    finished = await _run(context, command, context.worktree, report)
    if finished.exit_code or finished.timed_out:
        late = f"\nstopped after {context.check.timeout:g} s" if finished.timed_out else ""
        code = finished.exit_code or 1
        return CheckOutcome(passed=False, exit_code=code, command=command, output=finished.output + late)
    if not _readable(command):
        return CheckOutcome(passed=True, exit_code=0, command=command, output=finished.output)
    ended = await asyncio.to_thread(_cases, report)
    wrong = list(_missing(context.task.spec, ended))
    passed = sum(1 for one in ended.values() if one == "passed")
    cases = ", ".join(one["name"] for one in context.task.spec["cases"])
    return judge(command, [f"{passed} tests passed, every case of the spec among them: {cases}"], wrong)


def _readable(command: str) -> bool:
    return "pytest" in command


async def _run(context: CheckContext, command: str, folder: Path, report: Path, only_first: bool = False) -> Finished:
    extra = ("--junitxml", str(report), "-p", "no:cacheprovider") if _readable(command) else ()
    first = ("--exitfirst",) if extra and only_first else ()
    argv = ("/bin/sh", "-c", IN_FOLDER, "sh", str(folder), *words(command), *extra, *first)
    env = {"PYTHONDONTWRITEBYTECODE": "1", **context.check.env}
    return await context.run_command(argv, timeout=context.check.timeout, env=env)


def _cases(report: Path) -> dict[str, str]:
    """How each test ended, by its name. The file is read by patterns: the code under test could have written it."""
    text = report.read_text(encoding="utf-8", errors="replace") if report.is_file() else ""
    found: dict[str, str] = {}
    for attributes, inside in CASE.findall(text):
        name = NAME.search(attributes)
        bad = re.search(r"<(failure|error|skipped)\b", inside)
        if name:
            found[html.unescape(name.group(1))] = bad.group(1) if bad else "passed"
    return found


def _missing(spec: JsonObject, ended: Mapping[str, str]) -> Iterator[str]:
    for case in spec["cases"]:
        names = {case["name"], f"test_{case['name']}"}
        how = {end for name, end in ended.items() if name.partition("[")[0] in names}
        if not how:
            yield f"no test is called test_{case['name']}"
        elif how != {"passed"}:
            yield f"test_{case['name']} was {', '.join(sorted(how - {'passed'}))}"


async def _with_fault(context: CheckContext, command: str) -> CheckOutcome:
    tasks = [task.spec for task in context.tasks.values()]
    worktree = context.worktree
    found = await asyncio.to_thread(lambda: list(faults(worktree, context.task.spec, tasks)))
    if not found:
        words = "no fault could be derived from what these tests are about"
        return CheckOutcome(passed=None, exit_code=0, command=command, output=words)
    green = []
    for place, fault in enumerate(found[:TRIES]):
        finished = await _faulty(context, command, fault, context.scratch / f"fault{place}")
        if finished.exit_code and not finished.timed_out:
            return judge(f"{command}  # with a fault", [f"red, as it must be, with this fault: {fault.words}"], [])
        green.append(f"still green with this fault: {fault.words}")
    return judge(f"{command}  # with a fault", [], green)


async def _faulty(context: CheckContext, command: str, fault: Fault, copy: Path) -> Finished:
    await asyncio.to_thread(shutil.copytree, context.worktree, copy, ignore=shutil.ignore_patterns(*IGNORED))
    await asyncio.to_thread(fault.seed, copy)
    finished = await _run(context, command, copy, context.scratch / f"fault-{JUNIT}", only_first=True)
    await asyncio.to_thread(shutil.rmtree, copy, True)
    return finished
