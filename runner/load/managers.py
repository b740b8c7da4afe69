"""A manager's data, merged and of the right structure, as records."""

from __future__ import annotations

from collections.abc import Mapping

from runner.expressions import words
from runner.load.values import as_tuple, checks, limits, match, merge, requires, seconds
from runner.records import (
    AgentPolicy,
    ComponentOffer,
    Generated,
    Group,
    JsonObject,
    Kind,
    Manager,
    Reference,
    SeatPolicy,
    SessionPolicy,
)


def manager(data: JsonObject, schemas: Mapping[str, JsonObject]) -> Manager:
    """The manager that `data` describes; `schemas` holds the schema of each of its kinds."""
    usual = Manager(name="", description="", handles=())
    return Manager(
        name=data["name"],
        title=data.get("title", ""),
        description=data["description"],
        handles=tuple(match(entry) for entry in data["handles"]),
        components=tuple(_offer(entry) for entry in data.get("components", ())),
        specs={name: _kind(name, entry, schemas[name]) for name, entry in data.get("specs", {}).items()},
        after=tuple(match(entry) for entry in data.get("after", ())),
        groups=tuple(_group(entry, data.get("agents", {})) for entry in data.get("groups", ())),
        agents=_policy(data.get("agents", {})),
        template="" if "prompt" in data else data.get("template", usual.template),
        prompt=data.get("prompt", ""),
        owns=tuple(data.get("owns", ())),
        tools=tuple(data.get("tools", usual.tools)),
        checks=checks(data.get("checks", ())),
        limits=limits(data.get("limits")),
        requires=requires(data.get("requires")),
        generated=tuple(
            Generated(files=tuple(entry["files"]), run=words(entry["run"])) for entry in data.get("generated", ())
        ),
    )


def _offer(data: JsonObject) -> ComponentOffer:
    return ComponentOffer(name=data["name"], signals=tuple(data.get("signals", ())))


def _kind(name: str, data: JsonObject, schema: JsonObject) -> Kind:
    return Kind(
        name=name,
        schema=schema,
        identity=tuple(data["identity"]),
        good=data["good"],
        bad=data["bad"],
        references=tuple(
            Reference(at=entry["at"], kinds=as_tuple(entry["kind"]), soft=entry.get("soft", False))
            for entry in data.get("references", ())
        ),
        expect=tuple(data.get("expect", ())),
        checks=checks(data.get("checks", ())),
    )


def _group(data: JsonObject, agents: JsonObject) -> Group:
    return Group(
        name=data["name"],
        match=match(data["match"]) if "match" in data else None,
        agents=_policy(merge(agents, data.get("agents", {}))),
        checks=checks(data.get("checks", ())),
        template=data.get("template", ""),
    )


def _policy(data: JsonObject) -> AgentPolicy:
    usual, seats, session = AgentPolicy(), data.get("seats", {}), data.get("session", {})
    second = seats.get("second_from", {})
    return AgentPolicy(
        use=as_tuple(data["use"]) if "use" in data else usual.use,
        seats=SeatPolicy(max=seats.get("max", usual.seats.max), **second),
        parallel=data.get("parallel", usual.parallel),
        order_points=data.get("order_points", usual.order_points),
        attempts=data.get("attempts"),
        session=SessionPolicy(
            tasks=session.get("tasks", usual.session.tasks),
            turns=session.get("turns", usual.session.turns),
            idle=seconds(session["idle"]) if "idle" in session else usual.session.idle,
        ),
    )
