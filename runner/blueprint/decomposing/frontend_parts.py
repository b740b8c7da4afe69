"""What the components of the page share: their spec, fields of forms, rows, buttons that toggle."""

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing.shape import Link, Shape, Thing, words
from runner.blueprint.decomposing.tasks import task
from runner.records import Json, JsonObject

_ICONS = {
    "like": "heart",
    "follow": "person",
    "star": "star",
    "bookmark": "star",
    "favourite": "heart",
    "favorite": "heart",
}

_CONTROLS = {
    "date": "date",
    "datetime": "datetime-local",
    "integer": "number",
    "number": "number",
    "boolean": "checkbox",
}


def component_task(
    shape: Shape, name: str, title: str, role: str, served: list[str], *, needs: Sequence[str] = (), **spec: Json
) -> dict[str, Json]:
    tag = "-".join(_parts(name))
    whole: dict[str, Json] = {
        "kind": "ui_component",
        "name": name,
        "framework": "web-components",
        "file": f"app/static/components/{tag}.js",
        "tag": tag,
        "title": title,
        "role": role,
        "props": [],
        "states": [],
        "events": [],
        "calls": [],
        "fields": [],
        "shows": [],
        "uses": [],
        "listens": [],
        "accessibility": [],
        "test_ids": [],
        "settings": {},
    } | spec
    id_ = f"frontend_{tag.replace('-', '_')}"
    wanted = [*served, *shape.page_ids]
    return task(
        id_,
        f"{name}: {title[:1].lower()}{title[1:]}",
        "frontend",
        whole,
        wanted,
        complexity="medium",
        needs=["frontend_client", *(component_id(need) for need in needs)],
    )


def _parts(name: str) -> list[str]:
    parts: list[str] = []
    for letter in name:
        if letter.isupper() or not parts:
            parts.append(letter.lower())
        else:
            parts[-1] += letter
    return parts


def component_id(name: str) -> str:
    return "frontend_" + "_".join(_parts(name))


def state_of(name: str, shows: str, test_id: str) -> dict[str, Json]:
    return {"name": name, "shows": shows, "test_id": test_id}


def form_field(one: JsonObject, filter_: bool = False) -> dict[str, Json]:
    """An input of a form, with the bounds of the API."""
    kind = str(one["kind"])
    long = kind == "string" and int(one.get("max") or 0) > 120
    control = _CONTROLS.get(kind, "textarea" if long else "text")
    label = {"content": "Text"}.get(str(one["name"]), words(str(one["name"])).capitalize())
    found: dict[str, Json] = {
        "name": one["name"],
        "label": label,
        "control": control,
        "required": bool(one["required"]) and kind != "boolean",
    }
    # An empty optional text is left out, so that its least length must not stop the form.
    keys = ("max", "choices") if kind == "string" and not one["required"] else ("min", "max", "choices")
    found |= {key: one[key] for key in keys if key in one}
    if "pattern" in one:
        found["pattern"] = str(one["pattern"]).removeprefix("^").removesuffix("$")
    if kind in ("integer", "number", "datetime", "boolean"):
        found["type"] = kind
    if kind == "string" and "choices" not in one:
        found |= {"trim": True, **({"counter": True} if long else {})}
    if "choices" in one and (filter_ or not one["required"]):
        found["choices"] = ["", *one["choices"]]
    return found


def long_texts(thing: Thing) -> list[str]:
    """The fields that hold more than a line."""
    return [str(one["name"]) for one in thing.fields if form_field(one)["control"] == "textarea"]


def titles_of(thing: Thing) -> dict[str, Json]:
    """Which fields of a row are its title, its text and its time."""
    texts = [
        str(one["name"])
        for one in thing.fields
        if one["kind"] == "string" and "choices" not in one and one["name"] != thing.main
    ]
    # Several long texts are told apart by their labels.
    labelled = len(long_texts(thing)) > 1
    found: dict[str, Json] = {"title": thing.main, **({"text": texts[0]} if texts and not labelled else {})}
    if thing.parent and thing.owned:
        found = {"title": "username", "text": thing.main}
    if thing.main == "content" and thing.owned:
        found = {"title": "username", "text": "content"}
    return found | ({"time": "created_at"} if thing.stamped else {})


def toggle_of(link: Link) -> dict[str, Json]:
    label = words(link.verb).capitalize()
    found: dict[str, Json] = {
        "kind": "toggle",
        "name": link.verb,
        "on": f"POST {link.path}",
        "off": f"DELETE {link.path}",
        "state": link.past,
        "count": link.count,
        "label": label,
        "label_on": f"Un{label.lower()}",
        "icon": _ICONS.get(link.verb, "heart"),
    }
    return found | (
        {"count_label": "followers" if link.verb == "follow" else f"{link.noun}s", "not_own": "id"}
        if link.of_users
        else {}
    )


def list_component(
    shape: Shape, name: str, title: str, tag: str, item: str, call: str, served: list[str], empty: str, **more: Json
) -> dict[str, Json]:
    settings: dict[str, Json] = {
        "item": item,
        "page_size": shape.stack["paging"]["size"],
        "empty": empty,
        **more.pop("settings", {}),
    }
    return component_task(
        shape,
        name,
        title,
        "list",
        served,
        needs=[item],
        states=[
            state_of("default", f"{title.lower()}, and a button for more", tag),
            state_of("loading", "Loading", f"{tag}-loading"),
            state_of("empty", empty, f"{tag}-empty"),
            state_of("error", "the message of the API and a button to try again", f"{tag}-error"),
        ],
        calls=[call],
        uses=[item],
        accessibility=[
            {"selector": "section", "role": "region", "name": title, "keys": []},
            {"selector": "[role=status]", "role": "status", "name": "Loading", "keys": []},
        ],
        test_ids=[tag, f"{tag}-loading", f"{tag}-empty", f"{tag}-error", f"{tag}-more"],
        settings=settings,
        **more,
    )
