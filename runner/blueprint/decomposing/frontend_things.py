"""The components of one thing: its form, card, list, thread and feed."""

from __future__ import annotations

from runner.blueprint.decomposing.calls import auth_of, reading_auth
from runner.blueprint.decomposing.frontend_parts import (
    component_task,
    form_field,
    list_component,
    long_texts,
    state_of,
    titles_of,
    toggle_of,
)
from runner.blueprint.decomposing.shape import Shape, Thing, camel, ids, words
from runner.blueprint.english import article
from runner.records import Json, JsonObject


def composer(shape: Shape, thing: Thing) -> dict[str, Json]:
    name = words(thing.name)
    tag = thing.name.replace("_", "-")
    served = ids(thing.operations["create"].ids, *(one["ids"] for one in thing.fields))
    fields = [form_field(one) | _optional(one) for one in thing.fields]
    return component_task(
        shape,
        f"{camel(thing.name)}Composer",
        f"Write {article(name)}" if thing.main == "content" else f"Add {article(name)}",
        "form",
        served,
        states=[
            state_of("default", f"a form with {', '.join(str(field['label']) for field in fields)}", f"{tag}-form"),
            state_of("loading", "the button is disabled", f"{tag}-submit"),
            state_of("error", "the message of the API in an alert", f"{tag}-form-error"),
        ],
        events=[{"name": f"{tag}-created", "detail": f"the {name}"}],
        calls=[f"POST {thing.collection}"],
        fields=fields,
        accessibility=[
            {"selector": "form", "role": "form", "name": f"Add {article(name)}", "keys": ["Ctrl+Enter"]},
            {"selector": "[role=alert]", "role": "alert", "name": "the message", "keys": []},
        ],
        test_ids=[f"{tag}-form", f"{tag}-submit", f"{tag}-form-error", f"{tag}-counter"],
        settings={
            "submit": "Post" if thing.name == "post" else "Add",
            **({} if thing.main == "content" else {"heading": f"Add {article(name)}", "folded": len(fields) > 2}),
        },
    )


def _optional(one: JsonObject) -> dict[str, Json]:
    said = not one["required"] and "choices" not in one and one["kind"] != "boolean"
    return {"hint": "optional"} if said else {}


def has_card(shape: Shape, thing: Thing) -> bool:
    """Whether a row of the thing has a component of its own: everything but the rows of a thread that nothing is
    done with."""
    changed = {"update", "delete"} & set(thing.operations)
    return bool(not thing.parent or changed or thing.links or shape.children(thing))


def page_size(shape: Shape, thing: Thing) -> int:
    return int(thing.listing["size"] or shape.stack["paging"]["size"])


def thread_component(shape: Shape, thing: Thing) -> dict[str, Json]:
    name, tag = words(thing.name), thing.table.replace("_", "-")
    event = thing.name.replace("_", "-")
    fields = [form_field(one) for one in thing.fields]
    if len(fields) == 1:
        fields[0]["label"] = f"Your {name}"
    rows = [f"{camel(thing.name)}Card"] if has_card(shape, thing) else []
    listed = titles_of(thing)
    listed.setdefault("text", thing.main)
    settings: dict[str, Json] = {
        "form": f"Your {name}",
        "submit": "Add" if thing.name != "comment" else "Comment",
        "bind": {f"{thing.parent_name}_id": "id"},
        "page_size": page_size(shape, thing),
        "filters": filters_of(thing),
        **({"item": rows[0]} if rows else listed),
        **({"open": True} if auth_of(shape, thing.operations["create"].who) == "none" else {}),
    }
    return component_task(
        shape,
        f"{camel(thing.name)}Thread",
        f"{words(thing.table).capitalize()} of {article(words(thing.parent_name))}",
        "thread",
        ids(thing.operations["create"].ids, thing.ids, thing.listing["ids"]),
        needs=rows,
        props=[{"name": "item", "type": "object", "required": True}],
        states=[
            state_of("default", f"the {words(thing.table)} and a form", tag),
            state_of("loading", "Loading", f"{tag}-loading"),
            state_of("empty", f"No {words(thing.table)} yet.", f"{tag}-empty"),
            state_of("error", "the message of the API and a button to try again", f"{tag}-error"),
        ],
        events=[
            {"name": f"{event}-created", "detail": f"the {name}"},
            *([{"name": f"{event}-removed", "detail": f"the {name}"}] if "delete" in thing.operations else []),
        ],
        calls=[f"GET {thing.collection}", f"POST {thing.collection}"],
        fields=fields,
        shows=[] if rows else [value for value in listed.values() if isinstance(value, str)],
        uses=rows,
        listens=["item-removed"] if "delete" in thing.operations else [],
        accessibility=[
            {"selector": "form", "role": "form", "name": f"Your {name}", "keys": []},
            {"selector": "ol", "role": "list", "name": words(thing.table).capitalize(), "keys": []},
        ],
        test_ids=[tag, f"{tag}-loading", f"{tag}-empty", f"{tag}-error"],
        settings=settings,
    )


def filters_of(thing: Thing) -> list[dict[str, Json]]:
    """The inputs that narrow a list of the thing."""
    fields: list[dict[str, Json]] = []
    for entry in thing.listing["narrow"]:
        if entry["how"] == "author":
            fields.append({"name": "author", "label": "Author", "control": "search", "max": 30})
        elif entry["how"] in ("words", "text") and not any(field["name"] == "q" for field in fields):
            fields.append({"name": "q", "label": "Words", "control": "search", "max": 100})
        elif entry["how"] == "filter":
            fields.append(_filter_field(next(one for one in thing.fields if one["name"] == entry["by"])))
        elif entry["how"] == "sort" and not any(field["name"] == "sort" for field in fields):
            sorts = [other["by"] for other in thing.listing["narrow"] if other["how"] == "sort"]
            fields.append({"name": "sort", "label": "Sort by", "control": "text", "choices": ["", *sorts]})
    return fields


def _filter_field(one: JsonObject) -> dict[str, Json]:
    field = form_field(one, filter_=True)
    if one["kind"] == "boolean":
        return {"name": one["name"], "label": field["label"], "control": "text", "choices": ["", "true", "false"]}
    return {key: value for key, value in field.items() if key not in ("counter", "min")}


def _actions(shape: Shape, thing: Thing) -> list[dict[str, Json]]:
    found = [toggle_of(link) for link in thing.links]
    for child in shape.children(thing):
        label = words(child.table).capitalize()
        found.append(
            {
                "kind": "expand",
                "name": child.table,
                "component": f"{camel(child.name)}Thread",
                "count": f"{child.name}_count",
                "label": label,
                "icon": "comment",
                **({} if child.name == "comment" else {"named": True}),
                **({"signed_in": True} if reading_auth(shape, child) == "required" else {}),
            }
        )
    if "update" in thing.operations:
        fields = [form_field({**one, "required": False}) for one in thing.fields]
        found.append(
            {
                "kind": "edit",
                "name": "edit",
                "call": f"PATCH {thing.one}",
                "label": "Edit",
                "icon": "edit",
                "fields": fields,
                **_who(shape, thing, "update"),
            }
        )
    if "delete" in thing.operations:
        confirm = f"Delete this {words(thing.name)}?"
        found.append(
            {
                "kind": "remove",
                "name": "delete",
                "call": f"DELETE {thing.one}",
                "label": "Delete",
                "icon": "trash",
                "confirm": confirm,
                **_who(shape, thing, "delete"),
            }
        )
    return found


def _who(shape: Shape, thing: Thing, action: str) -> dict[str, Json]:
    """To whom the page offers the action: the owner, everybody, or whoever is signed in."""
    who = thing.operations[action].who
    if who == "owner" and thing.owned:
        return {"own": "user_id"}
    return {"open": True} if auth_of(shape, who) == "none" else {}


def card_component(shape: Shape, thing: Thing) -> dict[str, Json]:
    tag = thing.name.replace("_", "-")
    actions = _actions(shape, thing)
    calls = [str(action[key]) for action in actions for key in ("on", "off", "call") if key in action]
    children = shape.children(thing)
    hidden = ("id", "user_id", f"{thing.parent_name}_id")
    threads = [f"{camel(child.name)}Thread" for child in children]
    counted = [f"{child.name.replace('_', '-')}-created" for child in children]
    counted += [f"{child.name.replace('_', '-')}-removed" for child in children if "delete" in child.operations]
    served = ids(
        thing.listing["ids"],
        *(link.ids for link in thing.links),
        *(o.ids for action, o in thing.operations.items() if action in ("update", "delete")),
        *(child.operations["create"].ids for child in children),
    )
    accessibility: list[dict[str, Json]] = [
        {"selector": "article", "role": "article", "name": words(thing.name).capitalize(), "keys": []}
    ]
    accessibility += [
        {"selector": "button.toggle", "role": "button", "name": str(action["label"]), "keys": ["Enter", "Space"]}
        for action in actions
        if action["kind"] == "toggle"
    ]
    return component_task(
        shape,
        f"{camel(thing.name)}Card",
        f"One {words(thing.name)} with its actions",
        "item",
        served,
        needs=threads,
        props=[{"name": "item", "type": "object", "required": True}],
        states=[
            state_of("default", "its fields and actions", tag),
            state_of("loading", "the pressed action is disabled", tag),
            state_of("error", "the message of the API in an alert", f"{tag}-error"),
        ],
        events=[{"name": "item-removed", "detail": f"the id of the {words(thing.name)}"}]
        if "delete" in thing.operations
        else [],
        calls=calls,
        shows=[name for _, name, _, _ in shape.columns(thing, shape.accounts) if name not in hidden],
        uses=threads,
        listens=counted,
        accessibility=accessibility,
        test_ids=[tag, *(f"{tag}-{action['name']}" for action in actions), f"{tag}-error"],
        settings={
            "bind": {thing.id_param: "id"},
            **titles_of(thing),
            "actions": actions,
            "choices": [str(one["name"]) for one in thing.fields if "choices" in one],
            "long": [name for name in long_texts(thing) if name != "content"],
        },
    )


def feed_component(shape: Shape, thing: Thing) -> dict[str, Json]:
    listens = [f"{thing.name.replace('_', '-')}-created", "item-removed"]
    served = ids((thing.feed or {}).get("ids", ()), shape.paging_ids)
    empty = f"Your feed is empty. Write {article(words(thing.name))}, or follow someone."
    return list_component(
        shape,
        f"{camel(thing.name)}Feed",
        "Your feed",
        "feed",
        f"{camel(thing.name)}Card",
        "GET /api/feed",
        served,
        empty,
        listens=listens,
        settings={"prepend": listens[0]},
    )


def explorer_component(shape: Shape, thing: Thing) -> dict[str, Json]:
    tag = thing.table.replace("_", "-")
    fields = filters_of(thing)
    served = ids(thing.listing["ids"], shape.paging_ids, *(entry["ids"] for entry in thing.listing["narrow"]))
    created = [] if thing.feed is not None else [f"{thing.name.replace('_', '-')}-created"]
    settings: dict[str, Json] = {"prepend": created[0]} if created else {}
    return list_component(
        shape,
        f"{camel(thing.name)}Explorer",
        f"All {words(thing.table)}",
        tag,
        f"{camel(thing.name)}Card",
        f"GET {thing.collection}",
        served,
        f"No {words(thing.name)} matches." if fields else f"No {words(thing.table)} yet.",
        fields=fields,
        listens=[*created, "item-removed"],
        settings={**settings, "page_size": page_size(shape, thing)},
    )
