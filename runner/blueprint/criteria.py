"""What a person would try to see whether the software does what was asked."""

# ruff: noqa: E501 - sentences are easier to read and compare on one line.

from __future__ import annotations

from collections.abc import Iterable

from runner.blueprint.decomposing.shape import ids
from runner.blueprint.english import join
from runner.records import Json, JsonObject


def criteria_of(entities: list[dict[str, Json]], stack: JsonObject, doubted: set[str]) -> list[dict[str, Json]]:
    """What a person would try: bounds (but none that a sentence may contradict), once, owners, feed, live events. Each names the requirements behind it, and
    whatever it is about keeps its id, so that the tasks that serve the one serve the other."""
    found: list[tuple[str, dict[str, Json]]] = []
    for entity in entities:
        table = entity["table"]
        for data in entity["fields"]:
            if data.get("max") is not None and data["kind"] == "string" and not doubted & set(data["ids"]):
                found.append(
                    (
                        f"{table}.{data['name']}: {data['max']} characters are accepted, {data['max'] + 1} are refused.",
                        data,
                    )
                )
        for relation in entity["relations"]:
            if relation["kind"] == "link":
                found.append(
                    (
                        f"The second {relation['verb']} of the same pair is refused with 409 by the API and by a key of the database.",
                        relation,
                    )
                )
            if relation["kind"] == "feed":
                found.append((f"The feed of a user holds a followed user's {table} and not a stranger's.", relation))
            if (
                relation["kind"] == "operation"
                and relation["action"] in ("update", "delete")
                and relation["who"] == "owner"
            ):
                found.append(
                    (
                        f"Another user's attempt to {relation['action']} one of the {table} is refused with 403.",
                        relation,
                    )
                )
    if stack.get("notify"):
        notify = stack["notify"]
        found.append(
            (
                f"The events {join(sorted(notify['events']))} arrive on the open event stream of the user concerned.",
                notify,
            )
        )
    criteria: list[dict[str, Json]] = []
    for text, about in found:
        requirements = _asked(about["ids"])
        if requirements:
            criteria.append({"id": f"S-{len(criteria) + 1}", "text": text, "requirements": requirements})
            about["ids"] = ids(about["ids"], [criteria[-1]["id"]])
    return criteria


def _asked(ids: Iterable[str]) -> list[str]:
    return [id_ for id_ in ids if id_.startswith("R-")]
