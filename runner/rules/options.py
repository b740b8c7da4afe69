"""ORC302 unknown_option, ORC303 missing_option: `with` of checks, and of step types that others bring.

Bad: `{name: it is there, uses: file, with: {hodls: [x]}}`; `with` beside `run`, where nobody reads it. Good: what the
check's or step type's own `OPTIONS` allow (those of orch's step types stand in pipeline.schema.json).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from runner import schema
from runner.load import Loaded
from runner.records import Json, JsonObject, Position, Problem
from runner.records.catalogue import finding
from runner.registry import CHECKS, STEPS
from runner.rules.uses import checks_of

Pointer = tuple[str | int, ...]
Places = Callable[[Pointer], Position]
_RULES = {"ORC101": "ORC302", "ORC102": "ORC303"}


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every option that nobody would read, and every one that is missing or unfit."""
    if loaded.pipeline is not None:
        for name, step in loaded.pipeline.steps.items():
            if step.uses not in STEPS.modules and step.uses in STEPS:
                options = STEPS.module(step.uses).OPTIONS
                base: Pointer = ("steps", name, "with")
                yield from _misfits(options, step.options, base, _in_file(loaded))
            for index, check in enumerate(step.options.get("checks", ())):
                yield from _check(check, ("steps", name, "with", "checks", index), _in_file(loaded))
    for name in loaded.managers:
        for pointer, check in checks_of(loaded.data[name]):
            yield from _check(check, pointer, _in_manager(loaded, name))


def _in_file(loaded: Loaded) -> Places:
    return lambda pointer: loaded.at(*pointer, key=True)


def _in_manager(loaded: Loaded, name: str) -> Places:
    return lambda pointer: loaded.in_manager(name, *pointer, key=True)


def _check(check: Mapping[str, Json], pointer: Pointer, places: Places) -> Iterator[Problem]:
    if "uses" not in check:
        if "with" in check:
            where = places((*pointer, "with"))
            message = f'"with" of the check "{check["name"]}" is read by nobody: it belongs to "uses"'
            yield finding(
                "ORC302", message, where, pointer=_shown((*pointer, "with")), hint="remove it, or name a check type"
            )
        return
    if check["uses"] in CHECKS and CHECKS.modules.get(check["uses"], "other"):
        options = CHECKS.module(check["uses"]).OPTIONS
        yield from _misfits(options, check.get("with", {}), (*pointer, "with"), places)


def _misfits(options: JsonObject, given: Json, base: Pointer, places: Places) -> Iterator[Problem]:
    for problem in schema.problems(options, given):
        parts: Pointer = tuple(int(part) if part.isdigit() else part for part in problem.pointer.split("/")[1:])
        rule = _RULES.get(problem.rule, problem.rule)
        pointer = (*base, *parts)
        yield finding(rule, problem.message, places(pointer), pointer=_shown(pointer), hint=problem.hint)


def _shown(pointer: Pointer) -> str:
    return "".join(f"/{part}" for part in pointer)
