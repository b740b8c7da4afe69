"""ORC201 unknown_step, ORC202 needs_cycle, ORC203 self_need, ORC227 two_assignments: what `needs` names and where it
leads.

Bad: `needs: [paln]`; a step that needs itself; a -> b -> a. Good: every name is another step of the pipeline, and no
path of needs leads back; a `validate` has one `assign` before it, whose tasks it judges and opens again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from runner.load import Loaded
from runner.needs import find_cycle
from runner.records import Pipeline, Position, Problem
from runner.records.catalogue import finding
from runner.schema.messages import listed, meant


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Unknown steps, steps that need themselves, and one cycle."""
    if loaded.pipeline is None:
        return
    steps = loaded.pipeline.steps
    for name, step in steps.items():
        for needed in step.needs:
            where, pointer = place(loaded, name, needed), f"/steps/{name}/needs"
            if needed == name:
                yield finding("ORC203", f'step "{name}" needs itself', where, pointer=pointer, hint="remove it")
            elif needed not in steps:
                others = [other for other in steps if other != name and other not in step.needs]
                message = f'step "{needed}" is not defined{meant(needed, others)}'
                hint = f"steps of this pipeline: {listed(steps)}"
                yield finding("ORC201", message, where, pointer=pointer, hint=hint)
    yield from _cycle(loaded, loaded.pipeline)
    yield from _assignments(loaded, loaded.pipeline)


def place(loaded: Loaded, step: str, needed: str) -> Position:
    """Where `step` says that it needs `needed`, in either form of `needs`."""
    written = loaded.document.data["steps"][step]["needs"]
    if isinstance(written, dict):
        return loaded.at("steps", step, "needs", needed, key=True)
    return loaded.at("steps", step, "needs", written.index(needed))


def _cycle(loaded: Loaded, pipeline: Pipeline) -> Iterator[Problem]:
    edges = {
        name: [n for n in step.needs if n in pipeline.steps and n != name] for name, step in pipeline.steps.items()
    }
    cycle = find_cycle(edges)
    if cycle is None:
        return
    related = tuple((place(loaded, step, needed), f'"{step}" needs "{needed}"') for step, needed in pairwise(cycle))
    path = " -> ".join(f'"{name}"' for name in cycle)
    message, hint = f'"needs" has a cycle: {path}', "remove one of these needs"
    yield finding("ORC202", message, related[0][0], pointer=f"/steps/{cycle[0]}/needs", hint=hint, related=related)


def _assignments(loaded: Loaded, pipeline: Pipeline) -> Iterator[Problem]:
    for name, step in pipeline.steps.items():
        before = [one for one in _before(pipeline, name) if pipeline.steps[one].uses == "assign"]
        if step.uses == "validate" and len(before) > 1:
            message = f'"{name}" judges the tasks of one `assign`, and {listed(before)} come before it'
            hint = "assign all tasks in one step, or validate each assignment in a branch of its own"
            where = loaded.at("steps", name, "needs", key=True)
            yield finding("ORC227", message, where, pointer=f"/steps/{name}/needs", hint=hint)


def _before(pipeline: Pipeline, name: str) -> list[str]:
    """The steps that `name` needs, through others too, in the order of the file."""
    found, pending = set[str](), [name]
    while pending:
        new = [need for need in pipeline.steps[pending.pop()].needs if need in pipeline.steps and need not in found]
        found |= set(new)
        pending += new
    return [one for one in pipeline.steps if one in found]
