"""The web page: a form and a card for each thing, lists, threads, people, notifications, and the shell around them."""

# ruff: noqa: E501 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.endpoints import Call
from runner.blueprint.decomposing.shape import LOGIN, REGISTER, Link, Shape, Thing, camel, ids, public_fields, words
from runner.blueprint.decomposing.tasks import task
from runner.blueprint.english import article
from runner.records import Json, JsonObject

_ICONS = {
    "like": "heart",
    "follow": "person",
    "star": "star",
    "bookmark": "star",
    "favourite": "heart",
    "favorite": "heart",
}


def tasks(shape: Shape, calls: Sequence[Call]) -> list[dict[str, Json]]:
    """Every component, each after those that it holds."""
    found = [_client(shape)]
    if shape.accounts:
        found.append(_auth(shape))
    for thing in shape.things:
        if thing.parent:
            found.append(_thread(shape, thing))
    for thing in shape.things:
        if not thing.parent:
            found += [_composer(shape, thing), _card(shape, thing)]
            found += [_feed(shape, thing)] if thing.feed is not None else []
            found.append(_explorer(shape, thing))
    if any(call.name == "list_users" for call in calls):
        found += [_user_card(shape), _user_list(shape)]
    if shape.notify:
        found.append(_notifications(shape))
    found.append(_shell(shape, [str(one["spec"]["name"]) for one in found if one["spec"]["kind"] == "ui_component"]))
    return found


def _component(
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
        needs=["frontend_client", *(_id(need) for need in needs)],
    )


def _parts(name: str) -> list[str]:
    parts: list[str] = []
    for letter in name:
        if letter.isupper() or not parts:
            parts.append(letter.lower())
        else:
            parts[-1] += letter
    return parts


def _id(name: str) -> str:
    return "frontend_" + "_".join(_parts(name))


def _state(name: str, shows: str, test_id: str) -> dict[str, Json]:
    return {"name": name, "shows": shows, "test_id": test_id}


def _client(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "module",
        "file": "app/static/client.js",
        "purpose": "Calls the API with the stored token, keeps the session, reads the event stream with the token in a header, formats times.",
        "role": "client",
        "exports": [
            {
                "name": "request",
                "signature": "request({method, path}, {params, query, body}) -> Promise<any>",
                "returns": "the parsed answer",
                "errors": ["ApiError with status and message"],
            },
            {"name": "session", "signature": "session: {current, save(session), clear()}"},
            {
                "name": "stream",
                "signature": "stream(path, events, {onEvent, onState}) -> () => void",
                "returns": "a function that closes the stream",
            },
            {"name": "relativeTime", "signature": "relativeTime(iso) -> string"},
        ],
        "settings": {"storage_key": f"{_key(shape.title)}.session", "retry_seconds": 2},
    }
    outputs = ["app/static/client.js", "app/static/elements.js"]
    return task(
        "frontend_client",
        "Client of the API for the page: requests, session, live stream",
        "frontend",
        spec,
        shape.page_ids,
        outputs=outputs,
    )


def _key(title: str) -> str:
    return "".join(letter for letter in title.lower() if letter.isascii() and letter.isalnum()) or "app"


def _field(one: JsonObject, filter_: bool = False) -> dict[str, Json]:
    """An input of a form, with the bounds of the API."""
    kind = str(one["kind"])
    long = kind == "string" and int(one.get("max") or 0) > 120
    control = {"date": "date", "datetime": "datetime-local", "integer": "number", "number": "number"}.get(
        kind, "textarea" if long else "text"
    )
    label = {"content": "Text"}.get(str(one["name"]), words(str(one["name"])).capitalize())
    found: dict[str, Json] = {
        "name": one["name"],
        "label": label,
        "control": control,
        "required": bool(one["required"]),
    }
    # An empty optional text is left out, so that its least length must not stop the form.
    keys = ("max", "choices") if kind == "string" and not one["required"] else ("min", "max", "choices")
    found |= {key: one[key] for key in keys if key in one}
    if "pattern" in one:
        found["pattern"] = str(one["pattern"]).removeprefix("^").removesuffix("$")
    if kind in ("integer", "number", "datetime"):
        found["type"] = kind
    if kind == "string" and "choices" not in one:
        found |= {"trim": True, **({"counter": True} if long else {})}
    if "choices" in one and (filter_ or not one["required"]):
        found["choices"] = ["", *one["choices"]]
    return found


def _auth(shape: Shape) -> dict[str, Json]:
    users = shape.users
    fields: list[dict[str, Json]] = []
    for one in users.fields if users else ():
        field = _field(one)
        field["control"] = {"password": "password", "email": "email"}.get(str(one["name"]), field["control"])
        field |= {
            "autocomplete": {"password": "current-password"}.get(str(one["name"]), str(one["name"]).replace("_", "-"))
        }
        if one["name"] not in (shape.stack["account"]["login_by"], "password"):
            field["only_sign_up"] = True
        if one["name"] == "password":
            field["hint"] = f"at least {one['min']} characters"
        if one["name"] == "username":
            field["hint"] = f"{one['min']} to {one['max']} small letters, digits or _"
        fields.append({key: value for key, value in field.items() if key not in ("counter",)})
    return _component(
        shape,
        "AuthPanel",
        "Sign up or log in",
        "auth",
        list(shape.stack["account"]["ids"]),
        states=[
            _state("default", "the log-in form and a switch to sign up", "auth-form"),
            _state("loading", "the button is disabled and says Please wait", "auth-submit"),
            _state("error", "the message of the API in an alert", "auth-error"),
        ],
        events=[{"name": "signed-in", "detail": "the session: token, user_id, username"}],
        calls=[REGISTER, LOGIN],
        fields=fields,
        accessibility=[
            {"selector": "form", "role": "form", "name": "Log in", "keys": []},
            {"selector": "[role=alert]", "role": "alert", "name": "the message", "keys": []},
        ],
        test_ids=["auth-form", "auth-submit", "auth-error"],
    )


def _composer(shape: Shape, thing: Thing) -> dict[str, Json]:
    name = words(thing.name)
    tag = thing.name.replace("_", "-")
    served = ids(thing.operations["create"].ids, *(one["ids"] for one in thing.fields))
    fields = [_field(one) for one in thing.fields]
    return _component(
        shape,
        f"{camel(thing.name)}Composer",
        f"Write {article(name)}" if thing.main == "content" else f"Add {article(name)}",
        "form",
        served,
        states=[
            _state("default", f"a form with {', '.join(str(field['label']) for field in fields)}", f"{tag}-form"),
            _state("loading", "the button is disabled", f"{tag}-submit"),
            _state("error", "the message of the API in an alert", f"{tag}-form-error"),
        ],
        events=[{"name": f"{tag}-created", "detail": f"the {name}"}],
        calls=[f"POST {thing.collection}"],
        fields=fields,
        accessibility=[
            {"selector": "form", "role": "form", "name": f"Add {article(name)}", "keys": ["Ctrl+Enter"]},
            {"selector": "[role=alert]", "role": "alert", "name": "the message", "keys": []},
        ],
        test_ids=[f"{tag}-form", f"{tag}-submit", f"{tag}-form-error", f"{tag}-counter"],
        settings={"submit": "Post" if thing.name == "post" else "Add"},
    )


def _titles(thing: Thing) -> dict[str, Json]:
    """Which fields of a row are its title, its text and its time."""
    texts = [
        str(one["name"])
        for one in thing.fields
        if one["kind"] == "string" and "choices" not in one and one["name"] != thing.main
    ]
    found: dict[str, Json] = {"title": thing.main, **({"text": texts[0]} if texts else {})}
    if thing.main == "content" and thing.owned:
        found = {"title": "username", "text": "content"}
    return found | ({"time": "created_at"} if thing.stamped else {})


def _thread(shape: Shape, thing: Thing) -> dict[str, Json]:
    name, tag = words(thing.name), thing.table.replace("_", "-")
    fields = [_field(one) | {"counter": False} for one in thing.fields]
    listed = _titles(thing)
    listed.setdefault("text", thing.main)
    if thing.owned and listed["title"] != "username":
        listed |= {"title": "username", "text": thing.main}
    return _component(
        shape,
        f"{camel(thing.name)}Thread",
        f"{words(thing.table).capitalize()} of {article(words(thing.parent_name))}",
        "thread",
        ids(thing.operations["create"].ids, thing.ids, thing.listing["ids"]),
        props=[{"name": "item", "type": "object", "required": True}],
        states=[
            _state("default", f"the {words(thing.table)} and a form", tag),
            _state("loading", "Loading", f"{tag}-loading"),
            _state("empty", f"No {words(thing.table)} yet.", f"{tag}-empty"),
            _state("error", "the message of the API and a button to try again", f"{tag}-error"),
        ],
        events=[{"name": f"{thing.name.replace('_', '-')}-created", "detail": f"the {name}"}],
        calls=[f"GET {thing.collection}", f"POST {thing.collection}"],
        fields=fields,
        shows=[value for value in listed.values() if isinstance(value, str)],
        accessibility=[
            {"selector": "form", "role": "form", "name": f"Your {name}", "keys": []},
            {"selector": "ol", "role": "list", "name": words(thing.table).capitalize(), "keys": []},
        ],
        test_ids=[tag, f"{tag}-loading", f"{tag}-empty", f"{tag}-error"],
        settings={
            "submit": "Add" if thing.name != "comment" else "Comment",
            "bind": {f"{thing.parent_name}_id": "id"},
            **listed,
        },
    )


def _toggle(link: Link) -> dict[str, Json]:
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


def _actions(shape: Shape, thing: Thing) -> list[dict[str, Json]]:
    found = [_toggle(link) for link in thing.links]
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
            }
        )
    own: dict[str, Json] = {"own": "user_id"} if thing.owned else {}
    rest: dict[str, Json] = {} if shape.accounts else {"open": True}
    if "update" in thing.operations:
        fields = [_field({**one, "required": False}) for one in thing.fields]
        found.append(
            {
                "kind": "edit",
                "name": "edit",
                "call": f"PATCH {thing.one}",
                "label": "Edit",
                "icon": "edit",
                "fields": fields,
                **(own if thing.operations["update"].who == "owner" else rest),
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
                **(own if thing.operations["delete"].who == "owner" else rest),
            }
        )
    return found


def _card(shape: Shape, thing: Thing) -> dict[str, Json]:
    tag = thing.name.replace("_", "-")
    actions = _actions(shape, thing)
    calls = [str(action[key]) for action in actions for key in ("on", "off", "call") if key in action]
    threads = [f"{camel(child.name)}Thread" for child in shape.children(thing)]
    served = ids(
        thing.listing["ids"],
        *(link.ids for link in thing.links),
        *(o.ids for action, o in thing.operations.items() if action in ("update", "delete")),
        *(child.operations["create"].ids for child in shape.children(thing)),
    )
    accessibility: list[dict[str, Json]] = [
        {"selector": "article", "role": "article", "name": words(thing.name).capitalize(), "keys": []}
    ]
    accessibility += [
        {"selector": "button.toggle", "role": "button", "name": str(action["label"]), "keys": ["Enter", "Space"]}
        for action in actions
        if action["kind"] == "toggle"
    ]
    return _component(
        shape,
        f"{camel(thing.name)}Card",
        f"One {words(thing.name)} with its actions",
        "item",
        served,
        needs=threads,
        props=[{"name": "item", "type": "object", "required": True}],
        states=[
            _state("default", "its fields and actions", tag),
            _state("loading", "the pressed action is disabled", tag),
            _state("error", "the message of the API in an alert", f"{tag}-error"),
        ],
        events=[{"name": "item-removed", "detail": f"the id of the {words(thing.name)}"}]
        if "delete" in thing.operations
        else [],
        calls=calls,
        shows=[name for _, name, _, _ in shape.columns(thing, shape.accounts) if name not in ("id", "user_id")],
        uses=threads,
        listens=[f"{child.name.replace('_', '-')}-created" for child in shape.children(thing)],
        accessibility=accessibility,
        test_ids=[tag, *(f"{tag}-{action['name']}" for action in actions), f"{tag}-error"],
        settings={"bind": {thing.id_param: "id"}, **_titles(thing), "actions": actions},
    )


def _rows(
    shape: Shape, name: str, title: str, tag: str, item: str, call: str, served: list[str], empty: str, **more: Json
) -> dict[str, Json]:
    settings: dict[str, Json] = {
        "item": item,
        "page_size": shape.stack["paging"]["size"],
        "empty": empty,
        **more.pop("settings", {}),
    }
    return _component(
        shape,
        name,
        title,
        "list",
        served,
        needs=[item],
        states=[
            _state("default", f"{title.lower()}, and a button for more", tag),
            _state("loading", "Loading", f"{tag}-loading"),
            _state("empty", empty, f"{tag}-empty"),
            _state("error", "the message of the API and a button to try again", f"{tag}-error"),
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


def _feed(shape: Shape, thing: Thing) -> dict[str, Json]:
    listens = [f"{thing.name.replace('_', '-')}-created", "item-removed"]
    served = ids((thing.feed or {}).get("ids", ()), shape.paging_ids)
    empty = f"Your feed is empty. Write {article(words(thing.name))}, or follow someone."
    return _rows(
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


def _explorer(shape: Shape, thing: Thing) -> dict[str, Json]:
    tag = thing.table.replace("_", "-")
    fields: list[dict[str, Json]] = []
    for entry in thing.listing["narrow"]:
        if entry["how"] == "author":
            fields.append({"name": "author", "label": "Author", "control": "search", "max": 30})
        elif entry["how"] in ("words", "text") and not any(field["name"] == "q" for field in fields):
            fields.append({"name": "q", "label": "Words", "control": "search", "max": 100})
        elif entry["how"] == "filter":
            one = next(one for one in thing.fields if one["name"] == entry["by"])
            fields.append(
                {key: value for key, value in _field(one, filter_=True).items() if key not in ("counter", "min")}
            )
        elif entry["how"] == "sort" and not any(field["name"] == "sort" for field in fields):
            sorts = [other["by"] for other in thing.listing["narrow"] if other["how"] == "sort"]
            fields.append({"name": "sort", "label": "Sort by", "control": "text", "choices": ["", *sorts]})
    served = ids(thing.listing["ids"], shape.paging_ids, *(entry["ids"] for entry in thing.listing["narrow"]))
    created = [] if thing.feed is not None else [f"{thing.name.replace('_', '-')}-created"]
    settings: dict[str, Json] = {"prepend": created[0]} if created else {}
    size = int(thing.listing["size"] or shape.stack["paging"]["size"])
    return _rows(
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
        settings={**settings, "page_size": size},
    )


def _user_card(shape: Shape) -> dict[str, Json]:
    users = shape.users
    assert users is not None  # noqa: S101 - a list of users is only asked for where there are users
    actions = [_toggle(link) for link in users.links]
    shown = [str(one["name"]) for one in public_fields(users)]
    text = [name for name in shown if name != "username"]
    return _component(
        shape,
        "UserCard",
        "One user with what can be done",
        "item",
        ids(*(link.ids for link in users.links), *(link.undo_ids for link in users.links)),
        props=[{"name": "item", "type": "object", "required": True}],
        states=[
            _state("default", "name and actions", "user"),
            _state("loading", "the pressed action is disabled", "user"),
            _state("error", "the message of the API in an alert", "user-error"),
        ],
        calls=[str(action[key]) for action in actions for key in ("on", "off")],
        shows=[*shown, *(link.count for link in users.links), *(link.past for link in users.links)],
        accessibility=[
            {"selector": "button.toggle", "role": "button", "name": str(action["label"]), "keys": ["Enter", "Space"]}
            for action in actions
        ],
        test_ids=["user", *(f"user-{link.verb}" for link in users.links), "user-error"],
        settings={
            "bind": {link.target_column: "id" for link in users.links},
            "title": "username",
            **({"text": text[0]} if text else {}),
            "actions": actions,
        },
    )


def _user_list(shape: Shape) -> dict[str, Json]:
    served = ids(shape.paging_ids, *(link.ids for link in (shape.users.links if shape.users else ())))
    return _rows(
        shape,
        "UserList",
        "People",
        "people",
        "UserCard",
        "GET /api/users",
        served,
        "Nobody has this name.",
        fields=[{"name": "q", "label": "Name", "control": "search", "max": 30}],
    )


def _notifications(shape: Shape) -> dict[str, Json]:
    messages = {event: _message(shape, event) for event in database.events(shape)}
    return _component(
        shape,
        "NotificationPanel",
        "Notifications",
        "notifications",
        list(shape.notify["ids"]),
        states=[
            _state("default", "notifications, newest first, as they happen", "notifications"),
            _state("loading", "Loading", "notifications-loading"),
            _state("empty", "Nothing yet.", "notifications-empty"),
            _state("error", "The live connection is lost, trying again.", "notifications-error"),
        ],
        events=[{"name": "notified", "detail": "the notification"}],
        calls=["GET /api/notifications", "GET /api/notifications/stream"],
        shows=["kind", "actor", "created_at"],
        listens=database.events(shape),
        accessibility=[
            {"selector": "section", "role": "region", "name": "Notifications", "keys": []},
            {"selector": "ol", "role": "log", "name": "Notifications", "keys": []},
        ],
        test_ids=["notifications", "notifications-loading", "notifications-empty", "notifications-error"],
        settings={"empty": "Nothing yet.", "kind": "kind", "time": "created_at", "messages": messages},
    )


def _message(shape: Shape, event: str) -> str:
    link = next((link for link in shape.links if link.verb == event), None)
    if link is not None and link.of_users:
        return f"{{actor}} {words(event)}s you"
    if link is not None:
        return f"{{actor}} {words(link.past)} your {words(link.target_name)}"
    child = next(thing for thing in shape.things if thing.name == event)
    return f"{{actor}} added {article(words(event))} to your {words(child.parent_name)}"


def _shell(shape: Shape, names: list[str]) -> dict[str, Json]:
    views: list[dict[str, Json]] = []
    for thing in shape.things:
        if thing.parent:
            continue
        prefix = camel(thing.name)
        if thing.feed is not None:
            views.insert(0, {"name": "feed", "title": "Feed", "components": [f"{prefix}Composer", f"{prefix}Feed"]})
            views.append({"name": "explore", "title": "Explore", "components": [f"{prefix}Explorer"]})
        else:
            views.append(
                {
                    "name": thing.table.replace("_", "-"),
                    "title": words(thing.table).capitalize(),
                    "components": [f"{prefix}Composer", f"{prefix}Explorer"],
                }
            )
    if "UserList" in names:
        views.append({"name": "people", "title": "People", "components": ["UserList"]})
    aside = ["NotificationPanel"] if "NotificationPanel" in names else []
    used = [
        name
        for name in names
        if name in {part for view in views for part in view["components"]} or name in (*aside, "AuthPanel")
    ]
    settings: dict[str, Json] = {"views": views, "aside": aside, "tagline": _tagline(shape), "colour": "#2563eb"}
    if shape.accounts:
        settings["auth"] = "AuthPanel"
    states = [
        _state("default", "the views", "app"),
        *([_state("signed_out", "the form to sign up or log in", "signed-out")] if shape.accounts else []),
    ]
    shell = _component(
        shape,
        "AppShell",
        shape.title,
        "shell",
        [],
        needs=used,
        states=states,
        uses=used,
        listens=["signed-in", "notified"] if shape.accounts else [],
        accessibility=[
            {"selector": "nav", "role": "navigation", "name": "Views", "keys": []},
            {"selector": "main", "role": "main", "name": shape.title, "keys": []},
        ],
        test_ids=["app", *(["signed-out", "sign-out"] if shape.accounts else [])],
        settings=settings,
        styling="One column up to 900 px, then two; light and dark by the system's setting; focus is visible; text contrast at least 4.5 to 1.",
    )
    return shell | {
        "complexity": "high",
        "outputs": ["app/static/components/app-shell.js", "app/static/index.html", "app/static/styles.css"],
    }


def _tagline(shape: Shape) -> str:
    bounds = [
        int(one["max"])
        for thing in shape.things
        if thing.feed is not None
        for one in thing.fields
        if one["name"] == thing.main and "max" in one
    ]
    return f"Say it in {bounds[0]} characters." if bounds else "Everything in one place."
