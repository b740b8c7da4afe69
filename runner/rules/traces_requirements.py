"""ORC451 traces_requirements: everything in the plan is there because of a requirement.

Components and criteria name requirements (or an assumption) that exist, every requirement is named by a component,
and no id stands twice. An assumption that was taken out of the plan (struck) may still stand in the `why` of a
component that something else is a reason for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.records import Plan, Problem
from runner.rules.base import Judgement
from runner.rules.reading import ids_of, plan_of

ID = "ORC451"
NAME = "traces_requirements"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["plan"] = "plan"


def judge(judgement: Judgement) -> Iterator[Problem]:
    plan = plan_of(judgement)
    yield from _double_ids(plan)
    known = set(ids_of(plan))
    for label, pointer, names in _traces(plan):
        struck = label.startswith("component") and bool(known & set(names))
        lost = [name for name in names if name not in known and not (struck and name.startswith("A-"))]
        yield from (_unknown(label, pointer, name) for name in lost)
    for place, component in enumerate(plan.components):
        if not component.why:
            yield _problem(f'component "{component.name}" names no requirement', f"/components/{place}")
    for place, criterion in enumerate(plan.criteria):
        if not criterion.requirements:
            yield _problem(f"criterion {criterion.id} names no requirement", f"/criteria/{place}")
    yield from _without_component(plan)


def _traces(plan: Plan) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for place, component in enumerate(plan.components):
        yield f'component "{component.name}"', f"/components/{place}/why", component.why
    for place, criterion in enumerate(plan.criteria):
        yield f"criterion {criterion.id}", f"/criteria/{place}/requirements", criterion.requirements
    for place, constraint in enumerate(plan.constraints):
        yield f"constraint {constraint.id}", f"/constraints/{place}/requirements", constraint.requirements


def _double_ids(plan: Plan) -> Iterator[Problem]:
    for key in ("requirements", "constraints", "criteria", "assumptions"):
        seen: set[str] = set()
        for place, entry in enumerate(getattr(plan, key)):
            if entry.id in seen:
                yield _problem(f"{entry.id} stands twice", f"/{key}/{place}/id", "number them through")
            seen.add(entry.id)


def _without_component(plan: Plan) -> Iterator[Problem]:
    named = {name for component in plan.components for name in component.why}
    for place, requirement in enumerate(plan.requirements):
        if requirement.id not in named:
            hint = f'add {requirement.id} to the "why" of the component that serves it'
            yield _problem(f"{requirement.id} belongs to no component", f"/requirements/{place}", hint)


def _unknown(label: str, pointer: str, name: str) -> Problem:
    hint = f"take the {label} out as well" if label.startswith("component") and name.startswith("A-") else _HINT
    return _problem(f"{label} names {name}, which the plan does not have", pointer, hint)


_HINT = "name the R-n it serves, or an assumption A-n with its why"


def _problem(message: str, pointer: str, hint: str = _HINT) -> Problem:
    return Problem(ID, NAME, message, pointer=pointer, hint=hint)
