"""Tasks that are too large: `complexity: split` is decomposed again with the task itself as the request."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from runner.models.base import Ask, Message
from runner.records import Json, JsonObject

TASKS = "urn:orch:tasks:1"

Render = Callable[[JsonObject], str]
Answer = Callable[[Ask], Awaitable[Json]]
"""Asks for tasks and returns them as `{"tasks": [...]}`, free of misfits."""


async def expanded(ask: Ask, data: Json, depth: int, render: Render, answer: Answer) -> Json:
    """`data` with every split task replaced by the smaller ones that its own decomposition gave, `depth` levels deep.

    Data of another schema are returned as they are. What needed the large task needs all that took its place.
    """
    if (ask.schema or {}).get("$id") != TASKS:
        return data
    for _ in range(depth):
        large = [task for task in data["tasks"] if task.get("complexity") == "split"]
        if not large:
            break
        # One after the other: what they may be called depends on the tasks that are already there.
        parts = {task["id"]: await _parts(ask, task, render, answer) for task in large}
        data = {"tasks": _replaced(data["tasks"], parts)}
    return data


async def _parts(ask: Ask, task: JsonObject, render: Render, answer: Answer) -> list[JsonObject]:
    variables = {**ask.inputs, **_itself(task)}
    address = f"{ask.address}/{task['id']}"
    message = Message(role="user", text=render(variables))
    given = dataclasses.replace(ask, address=address, messages=(message,), inputs=variables, attempt=1)
    found: list[JsonObject] = (await answer(given))["tasks"]
    return found


def _itself(task: JsonObject) -> dict[str, Json]:
    """The task as what is wanted: the request, and the component that it is a part of."""
    text = json.dumps(task, ensure_ascii=False, indent=1)
    component = {
        "name": task["component"],
        "title": task["title"],
        "description": f"Split this one task into smaller exact ones; none of them may be called {task['id']}:\n{text}",
        "why": list(task["requirements"]),
    }
    return {"request": text, "component": component, "task": dict(task)}


def _replaced(tasks: Sequence[JsonObject], parts: Mapping[str, Sequence[JsonObject]]) -> list[JsonObject]:
    found: list[JsonObject] = []
    for task in tasks:
        if task["id"] not in parts:
            found.append({**task, "needs": _needs(task, parts)} if "needs" in task else task)
            continue
        before = _needs(task, parts)
        found += [
            {**part, "needs": list(dict.fromkeys([*before, *part.get("needs", ())]))} for part in parts[task["id"]]
        ]
    return found


def _needs(task: JsonObject, parts: Mapping[str, Sequence[JsonObject]]) -> list[str]:
    names = [[part["id"] for part in parts[need]] if need in parts else [need] for need in task.get("needs", ())]
    return [name for group in names for name in group]
