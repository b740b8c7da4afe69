"""ORC301 unknown_uses, ORC424 unknown_check: names of step types and check types.

Bad: `uses: promt`. Good: a name of the registry, or of an installed entry point `orch.steps` or `orch.checks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.load import Loaded
from runner.records import Json, Position, Problem
from runner.records.catalogue import finding
from runner.registry import CHECKS, STEPS
from runner.schema.messages import listed, meant


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every `uses` that nothing implements."""
    if loaded.pipeline is not None:
        for name, step in loaded.pipeline.steps.items():
            if step.uses not in STEPS:
                message = f'unknown step type "{step.uses}"{meant(step.uses, STEPS.names())}'
                where, hint = loaded.at("steps", name, "uses"), f"step types: {listed(STEPS.names())}"
                yield finding("ORC301", message, where, pointer=f"/steps/{name}/uses", hint=hint)
            for index, check in enumerate(step.options.get("checks", ())):
                pointer: tuple[str | int, ...] = ("steps", name, "with", "checks", index, "uses")
                yield from _check(check, loaded.at(*pointer), pointer)
    for name in loaded.managers:
        for pointer, check in checks_of(loaded.data[name]):
            yield from _check(check, loaded.in_manager(name, *pointer, "uses"), (*pointer, "uses"))


def checks_of(data: Mapping[str, Json]) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Json]]]:
    """Every check of a manager's data with its pointer: its own, those of its kinds and of its groups."""
    holders: list[tuple[tuple[str | int, ...], Mapping[str, Json]]] = [((), data)]
    holders += [(("specs", kind), entry) for kind, entry in data.get("specs", {}).items()]
    holders += [(("groups", index), entry) for index, entry in enumerate(data.get("groups", ()))]
    for base, holder in holders:
        for index, check in enumerate(holder.get("checks", ())):
            yield (*base, "checks", index), check


def _check(check: Mapping[str, Json], where: Position, pointer: tuple[str | int, ...]) -> Iterator[Problem]:
    used = check.get("uses")
    if isinstance(used, str) and used not in CHECKS:
        message = f'unknown check type "{used}"{meant(used, CHECKS.names())}'
        shown = "".join(f"/{part}" for part in pointer)
        yield finding("ORC424", message, where, pointer=shown, hint=f"check types: {listed(CHECKS.names())}")
