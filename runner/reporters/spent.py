"""What a run used up, in all and line by line: models by step, agents by manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.records import Event, JsonObject, Usage, from_json, to_json


def _asks(events: Sequence[Event]) -> dict[tuple[str, str], Usage]:
    used: dict[tuple[str, str], Usage] = {}
    for event in events:
        if event.kind == "ask_finished" and event.data.get("usage"):
            key = (event.subject.partition("/")[0], str(event.data.get("model") or ""))
            used[key] = used.get(key, Usage()) + from_json(Usage, event.data["usage"])
    return used


def _managers(events: Sequence[Event], results: Mapping[str, JsonObject]) -> dict[str, Usage]:
    """By turns, since a result knows only its own round; by results where turns did not say."""
    return _turns(events) or _results(results)


def _turns(events: Sequence[Event]) -> dict[str, Usage]:
    managers: dict[str, str] = {}
    used: dict[str, Usage] = {}
    for event in events:
        if event.kind == "order_started":
            managers[event.subject] = str(event.data.get("manager") or "")
        if event.kind == "turn_finished" and event.data.get("usage"):
            manager = managers.get(str(event.data.get("order")), "")
            used[manager] = used.get(manager, Usage()) + from_json(Usage, event.data["usage"])
    return used


def _results(results: Mapping[str, JsonObject]) -> dict[str, Usage]:
    used: dict[str, Usage] = {}
    for result in results.values():
        manager = str(result.get("manager") or "")
        if manager and result.get("usage"):
            used[manager] = used.get(manager, Usage()) + from_json(Usage, result["usage"])
    return used


def spent(events: Sequence[Event], results: Mapping[str, JsonObject]) -> list[dict[str, Any]]:
    """One row a step and model, one a manager and its agents: what, by, usage."""
    agents = _agents(events)
    rows = [
        {"what": f"step {step}", "by": model, "usage": to_json(usage)} for (step, model), usage in _asks(events).items()
    ]
    return rows + [
        {"what": f"manager {manager}", "by": ", ".join(sorted(agents.get(manager, ()))), "usage": to_json(usage)}
        for manager, usage in _managers(events, results).items()
    ]


def _agents(events: Sequence[Event]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for event in events:
        if event.kind == "order_started" and event.data.get("agent"):
            names.setdefault(str(event.data.get("manager")), set()).add(str(event.data["agent"]))
    return names


def total(events: Sequence[Event], results: Mapping[str, JsonObject]) -> Usage:
    """Everything together; the cost is None as soon as one price is not known."""
    used = Usage()
    for usage in (*_asks(events).values(), *_managers(events, results).values()):
        used = used + usage
    return used
