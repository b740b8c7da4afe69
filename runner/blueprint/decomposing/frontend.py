"""The web page: a form and a card for each thing, lists, threads, people, notifications, and the shell around them."""

# ruff: noqa: E501 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.calls import Call, auth_of, reading_auth
from runner.blueprint.decomposing.frontend_parts import component_task, form_field, state_of
from runner.blueprint.decomposing.frontend_people import profile_form, user_card, user_list
from runner.blueprint.decomposing.frontend_things import (
    card_component,
    composer,
    explorer_component,
    feed_component,
    has_card,
    thread_component,
)
from runner.blueprint.decomposing.shape import LOGIN, REGISTER, Shape, Thing, camel, ids, words
from runner.blueprint.decomposing.tasks import task
from runner.blueprint.english import article
from runner.records import Json

_MARKING = {"read": "POST /api/notifications/{notification_id}/read", "read_all": "POST /api/notifications/read"}


def tasks(shape: Shape, calls: Sequence[Call]) -> list[dict[str, Json]]:
    """Every component, each after those that it holds."""
    found = [_client(shape)]
    if shape.accounts:
        found.append(_auth(shape))
    for thing in shape.things:
        if not thing.parent:
            found += _thing(shape, thing)
    by_name = {call.name: call for call in calls}
    if "list_users" in by_name:
        found += [user_card(shape), user_list(shape)]
    if "update_profile" in by_name:
        found.append(profile_form(shape, by_name["update_profile"]))
    if shape.notify:
        found.append(_notifications(shape))
    found.append(_shell(shape, [str(one["spec"]["name"]) for one in found if one["spec"]["kind"] == "ui_component"]))
    return found


def _thing(shape: Shape, thing: Thing) -> list[dict[str, Json]]:
    """The components of a thing, after those of what hangs on it."""
    found = [part for child in shape.children(thing) for part in _thing(shape, child)]
    found += [card_component(shape, thing)] if has_card(shape, thing) else []
    if thing.parent:
        return [*found, thread_component(shape, thing)]
    found.append(composer(shape, thing))
    found += [feed_component(shape, thing)] if thing.feed is not None else []
    return [*found, explorer_component(shape, thing)]


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


def _auth(shape: Shape) -> dict[str, Json]:
    users = shape.users
    fields: list[dict[str, Json]] = []
    for one in users.fields if users else ():
        field = form_field(one)
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
    return component_task(
        shape,
        "AuthPanel",
        "Sign up or log in",
        "auth",
        list(shape.stack["account"]["ids"]),
        states=[
            state_of("default", "the log-in form and a switch to sign up", "auth-form"),
            state_of("loading", "the button is disabled and says Please wait", "auth-submit"),
            state_of("error", "the message of the API in an alert", "auth-error"),
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


def _notifications(shape: Shape) -> dict[str, Json]:
    messages = {event: _message(shape, event) for event in database.events(shape)}
    listing = shape.notify["listing"]
    marking = {key: call for key, call in _MARKING.items() if shape.notify[key]}
    settings: dict[str, Json] = {"empty": "Nothing yet.", "kind": "kind", "time": "created_at", "messages": messages}
    settings |= {"page_size": int(listing["size"] or shape.stack["paging"]["size"]), **marking}
    settings |= {} if listing["descending"] else {"oldest_first": True}
    return component_task(
        shape,
        "NotificationPanel",
        "Notifications",
        "notifications",
        ids(shape.notify["ids"], listing["ids"], *(shape.notify[key] for key in marking)),
        states=[
            state_of("default", "notifications, newest first, as they happen", "notifications"),
            state_of("loading", "Loading", "notifications-loading"),
            state_of("empty", "Nothing yet.", "notifications-empty"),
            state_of("error", "The live connection is lost, trying again.", "notifications-error"),
        ],
        events=[{"name": "notified", "detail": "the notification"}],
        calls=["GET /api/notifications", "GET /api/notifications/stream", *marking.values()],
        shows=["kind", "actor", "created_at", *(["is_read"] if marking else [])],
        listens=database.events(shape),
        accessibility=[
            {"selector": "section", "role": "region", "name": "Notifications", "keys": []},
            {"selector": "ol", "role": "log", "name": "Notifications", "keys": []},
        ],
        test_ids=[
            "notifications",
            "notifications-loading",
            "notifications-empty",
            "notifications-error",
            "notifications-more",
        ],
        settings=settings,
    )


def _message(shape: Shape, event: str) -> str:
    link = next((link for link in shape.links if link.verb == event), None)
    if link is not None and link.of_users:
        return f"{{actor}} {words(event)}s you"
    if link is not None:
        return f"{{actor}} {words(link.past)} your {words(link.target_name)}"
    child = next(thing for thing in shape.things if thing.name == event)
    return f"{{actor}} added {article(words(event))} to your {words(child.parent_name)}"


def _roots(shape: Shape) -> list[Thing]:
    """What the views are about: the things that hang on none, those that only a table describes last."""
    return sorted((thing for thing in shape.things if not thing.parent), key=lambda thing: thing.ddl is not None)


def _views(shape: Shape, names: list[str]) -> list[dict[str, Json]]:
    views: list[dict[str, Json]] = []
    for thing in _roots(shape):
        prefix = camel(thing.name)
        if thing.feed is not None:
            views.insert(0, {"name": "feed", "title": "Feed", "components": [f"{prefix}Composer", f"{prefix}Feed"]})
            views.append({"name": "explore", "title": "Explore", "components": [f"{prefix}Explorer"]})
        else:
            title, parts = words(thing.table).capitalize(), [f"{prefix}Composer", f"{prefix}Explorer"]
            views.append({"name": thing.table.replace("_", "-"), "title": title, "components": parts})
    if "UserList" in names:
        views.append({"name": "people", "title": "People", "components": ["UserList"]})
    if "ProfileForm" in names:
        views.append({"name": "profile", "title": "Profile", "components": ["ProfileForm"]})
    return views


def _public(shape: Shape) -> list[dict[str, Json]]:
    """What is shown to whoever has not signed in: the lists that anyone may read, the forms that anyone may send."""
    found: list[dict[str, Json]] = []
    for thing in _roots(shape) if shape.accounts else ():
        prefix = camel(thing.name)
        parts = [f"{prefix}Composer"] if auth_of(shape, thing.operations["create"].who) == "none" else []
        parts += [f"{prefix}Explorer"] if reading_auth(shape, thing) != "required" else []
        if parts:
            found.append({"title": words(thing.table).capitalize(), "components": parts})
    return found


def _shell(shape: Shape, names: list[str]) -> dict[str, Json]:
    views = _views(shape, names)
    aside = ["NotificationPanel"] if "NotificationPanel" in names else []
    used = [
        name
        for name in names
        if name in {part for view in views for part in view["components"]} or name in (*aside, "AuthPanel")
    ]
    settings: dict[str, Json] = {"views": views, "aside": aside, "tagline": _tagline(shape), "colour": "#2563eb"}
    if shape.accounts:
        settings |= {"auth": "AuthPanel", "public": _public(shape)}
    states = [
        state_of("default", "the views", "app"),
        *(
            [state_of("signed_out", "the form to sign up or log in, and what anyone may read", "signed-out")]
            if shape.accounts
            else []
        ),
    ]
    shell = component_task(
        shape,
        "AppShell",
        shape.title,
        "shell",
        [],
        needs=used,
        states=states,
        uses=used,
        listens=[
            *(["signed-in"] if shape.accounts else []),
            *(["notified"] if aside else []),
            *(["profile-saved"] if "ProfileForm" in names else []),
        ],
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
