"""A plan to exact tasks, one file a component or kind. Everything here is pure and reads nothing but the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runner.blueprint.decomposing import (
    accounts,
    backend,
    database,
    documentation,
    endpoints,
    frontend,
    infrastructure,
    live,
    testing,
)
from runner.blueprint.decomposing.calls import Call
from runner.blueprint.decomposing.shape import Shape, shape_of
from runner.blueprint.decomposing.striking import without_struck
from runner.records import Json, JsonObject


def every_call(shape: Shape) -> list[Call]:
    """All endpoints of the application."""
    probe = [backend.health(shape)] if shape.asked("health") else []
    return [*probe, *accounts.calls(shape), *endpoints.calls(shape), *live.calls(shape)]


def _tables(shape: Shape) -> list[str]:
    return [str(task["spec"]["table"]) for task in database.tasks(shape) if task["spec"]["kind"] == "table"]


def _api(shape: Shape) -> list[dict[str, Json]]:
    document = backend.openapi(shape, every_call(shape))
    return [*endpoints.tasks(shape), *([document] if document["requirements"] else [])]


COMPONENTS: Mapping[str, Callable[[Shape], list[dict[str, Json]]]] = {
    "database": database.tasks,
    "backend": backend.tasks,
    "authentication": accounts.tasks,
    "realtime": live.tasks,
    "api": _api,
    "frontend": lambda shape: frontend.tasks(shape, every_call(shape)),
    "infrastructure": infrastructure.tasks,
    "testing": lambda shape: testing.tasks(shape, every_call(shape)),
    "documentation": lambda shape: documentation.tasks(shape, every_call(shape), _tables(shape)),
}


def decompose(plan: JsonObject, component: str) -> list[dict[str, Json]]:
    """The tasks of one component of a plan. Raises KeyError for a component that the blueprint does not know."""
    if not plan.get("entities"):
        return [_described(plan, component)]
    return COMPONENTS[component](shape_of(without_struck(plan)))


def decompose_all(plan: JsonObject) -> list[dict[str, Json]]:
    """The tasks of every component that the plan gives rise to."""
    shape = shape_of(plan)
    return [task for make in COMPONENTS.values() for task in make(shape)]


def _described(plan: JsonObject, component: str) -> dict[str, Json]:
    """The only task of a plan in which nothing is stored: to write down what it says."""
    spec: dict[str, Json] = {
        "kind": "document",
        "file": "README.md",
        "title": plan["title"],
        "audience": "whoever carries the request out",
        "sections": [{"heading": "What is wanted", "says": entry["text"]} for entry in plan["requirements"]],
        "covers": [],
    }
    return {
        "id": f"{component}_readme",
        "title": f"Write README.md: {plan['title']}",
        "component": component,
        "action": "create",
        "complexity": "low",
        "needs": [],
        "inputs": [],
        "outputs": ["README.md"],
        "requirements": [entry["id"] for entry in plan["requirements"]],
        "spec": spec,
    }
