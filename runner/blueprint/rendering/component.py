"""A user interface component's spec as what its template needs of it and of the other components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runner.blueprint.rendering.literals import dashed, pascal
from runner.blueprint.rendering.world import Spec, World

_LABELS = {"username": "By"}
_STATES = ("default", "loading", "empty", "error")


def view(spec: Spec, world: World) -> dict[str, Any]:
    """Tags and files of the others, the states by name, and the calls split into reads and writes."""
    tags = Tags({name: tag_of(other) for name, other in world.components.items()})
    calls = [call.split(" ", 1) for call in spec.get("calls", ())]
    states = {state["name"]: state for state in spec["states"]}
    missing = {"shows": "", "test_id": ""}
    return {
        "tags": tags,
        "tag": tag_of(spec),
        "class_name": pascal(spec["name"]),
        "state": {name: {**missing, **states.get(name, {})} for name in _STATES},
        "reads": [path for method, path in calls if method == "GET"],
        "sends": [[method, path] for method, path in calls if method != "GET"],
    } | _of_role(spec, world, tags)


class Tags(dict[str, str]):
    """Tags by component; one that another agent makes is called by its name."""

    def __missing__(self, name: str) -> str:
        return tag_of({"name": name})


def tag_of(spec: Spec) -> str:
    """The element's name; a custom element needs a hyphen."""
    tag = str(spec.get("tag") or dashed(spec["name"]))
    return tag if "-" in tag else f"app-{tag}"


def _of_role(spec: Spec, world: World, tags: Mapping[str, str]) -> dict[str, Any]:
    settings = spec.get("settings", {})
    if spec.get("role") == "auth":
        return {"sign_up": _call(spec, world, "register", 0), "log_in": _call(spec, world, "login", -1)}
    if spec.get("role") == "item":
        actions = settings.get("actions", ())
        expanded = {action["component"] for action in actions if action["kind"] == "expand"}
        return {
            "facts": facts(spec),
            "actions": actions_of(spec),
            "expanded_tags": {name: tags[name] for name in sorted(expanded)},
            "counted": list(counted(spec, world)),
        }
    if spec.get("role") == "shell":
        views = _tagged(settings["views"], tags)
        aside = [tags[name] for name in settings.get("aside", ())]
        auth = tags[settings["auth"]] if settings.get("auth") else ""
        return {"views": views, "aside": aside, "auth_tag": auth, "public": _tagged(settings.get("public", ()), tags)}
    return {}


def _tagged(views: Iterable[Spec], tags: Mapping[str, str]) -> list[Spec]:
    return [{**view, "components": [tags[name] for name in view["components"]]} for view in views]


def counted(spec: Spec, world: World) -> Iterator[tuple[str, str, int]]:
    """(event, action, difference) of an item: which of its counts follows an event of what it expands to."""
    expanding = [action for action in spec.get("settings", {}).get("actions", ()) if action["kind"] == "expand"]
    for event in spec.get("listens", ()) if expanding else ():
        senders = [
            action
            for action in expanding
            if event in {sent["name"] for sent in world.components.get(action["component"], {}).get("events", ())}
        ]
        yield event, (senders or expanding)[0]["name"], -1 if event.endswith("-removed") else 1


def _call(spec: Spec, world: World, role: str, place: int) -> str:
    roles = {f"{e['method']} {e['path']}": e.get("role") for e in world.endpoints}
    return str(next((call for call in spec["calls"] if roles.get(call) == role), spec["calls"][place]))


def call_of(text: str) -> dict[str, str]:
    """ "POST /api/posts" as the page's scripts hold it."""
    method, path = text.split(" ", 1)
    return {"method": method, "path": path}


def actions_of(spec: Spec) -> list[Spec]:
    """The actions of an item, their calls taken apart, each with its test id."""
    base = next((state.get("test_id", "") for state in spec["states"] if state["name"] == "default"), "")
    actions = spec.get("settings", {}).get("actions", ())
    return [
        {key: call_of(item) if key in {"on", "off", "call"} else item for key, item in action.items()}
        | {"test_id": action.get("test_id") or f"{base}-{action['name']}"}
        for action in actions
    ]


def facts(spec: Spec) -> list[list[str]]:
    """Label and field of what an item shows beside title, text, time and the states of its actions."""
    settings = spec.get("settings", {})
    if "facts" in settings:
        return [[fact["label"], fact["field"]] for fact in settings["facts"]]
    used = {settings.get(key) for key in ("title", "text", "time")}
    used |= {action.get(key) for action in settings.get("actions", ()) for key in ("state", "count")}
    return [
        [_LABELS.get(name) or name.replace("_", " ").capitalize(), name]
        for name in spec.get("shows", ())
        if name not in used
    ]
