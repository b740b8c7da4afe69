"""Assumptions that a person took out of the plan: what exists because of them alone is not made.

An entity, a field or a relation keeps the id of the assumption that it rests on, so that the plan shows what was taken
out. Only what nothing else rests on can be struck; for the rest a message says what rests on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runner.errors import StepFailed
from runner.records import Json, JsonObject

_OPTIONAL = frozenset({"health", "operations", "documents"})
_KEPT: Mapping[str, str] = {
    "storage": "everything that is stored rests on it",
    "tests": "every requirement is shown by its tests",
    "page": "the parts of the page serve the requirements",
}
_ID = re.compile(r"A-[1-9][0-9]*")


def without_struck(plan: JsonObject) -> JsonObject:
    """The plan without the ids of struck assumptions. Raises StepFailed for one that something else rests on."""
    known = {str(entry["id"]) for entry in plan.get("assumptions") or ()}
    struck = [(id_, place) for id_, place in _places(plan) if id_ not in known]
    if not struck:
        return plan
    for id_, place in struck:
        key = place.removeprefix("stack.ids.")
        if key not in _OPTIONAL:
            raise StepFailed(
                f"{id_} cannot be struck: {_KEPT.get(key, f'{place} rests on it')}",
                "put it back, or say in the request what you want instead",
            )
    gone = {id_ for id_, _ in struck}
    stack = plan["stack"]
    kept = {key: [id_ for id_ in found if id_ not in gone] for key, found in stack["ids"].items()}
    return {**plan, "stack": {**stack, "ids": kept}}


def _places(plan: JsonObject) -> Iterator[tuple[str, str]]:
    """Every id of an assumption that the plan's entities and stack hold, with what holds it."""
    for entity in plan["entities"]:
        for data in entity["fields"]:
            yield from ((id_, f"{entity['name']}.{data['name']}") for id_ in _held(data))
        for relation in entity["relations"]:
            name = relation.get("action") or relation.get("verb") or relation["kind"]
            yield from ((id_, f"{entity['name']}.{name}") for id_ in _held(relation))
    stack = plan["stack"]
    for key, found in (stack.get("ids") or {}).items():
        yield from ((str(id_), f"stack.ids.{key}") for id_ in found if _ID.fullmatch(str(id_)))
    for key, name in (("paging", "the length of lists"), ("account", "signing up"), ("notify", "notifying")):
        yield from ((id_, name) for id_ in _held(stack.get(key)))


def _held(value: Json) -> Iterator[str]:
    """Every id of an assumption inside a value."""
    if isinstance(value, str):
        yield from [value] if _ID.fullmatch(value) else []
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _held(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _held(part)
