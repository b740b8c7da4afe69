"""The components about users: their card, their list, one's own profile."""

from __future__ import annotations

from runner.blueprint.decomposing.calls import Call
from runner.blueprint.decomposing.frontend_parts import component_task, form_field, list_component, state_of, toggle_of
from runner.blueprint.decomposing.shape import Shape, ids, public_fields
from runner.records import Json

PROFILE = "PATCH /api/profile"


def user_card(shape: Shape) -> dict[str, Json]:
    users = shape.users
    assert users is not None  # noqa: S101 - a list of users is only asked for where there are users
    actions = [toggle_of(link) for link in users.links]
    shown = [str(one["name"]) for one in public_fields(users)]
    text = [name for name in shown if name != "username"]
    return component_task(
        shape,
        "UserCard",
        "One user with what can be done",
        "item",
        ids(*(link.ids for link in users.links), *(link.undo_ids for link in users.links)),
        props=[{"name": "item", "type": "object", "required": True}],
        states=[
            state_of("default", "name and actions", "user"),
            state_of("loading", "the pressed action is disabled", "user"),
            state_of("error", "the message of the API in an alert", "user-error"),
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


def user_list(shape: Shape) -> dict[str, Json]:
    served = ids(shape.paging_ids, *(link.ids for link in (shape.users.links if shape.users else ())))
    return list_component(
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


def profile_form(shape: Shape, call: Call) -> dict[str, Json]:
    """The form by which users change what they say about themselves."""
    names = {str(one["name"]) for one in call.body}
    fields = [form_field({**one, "required": False}) for one in (shape.users.fields if shape.users else ())]
    return component_task(
        shape,
        "ProfileForm",
        "Change your profile",
        "form",
        list(call.served),
        states=[
            state_of("default", "a form with what can be changed", "profile-form"),
            state_of("loading", "the button is disabled", "profile-submit"),
            state_of("error", "the message of the API in an alert", "profile-form-error"),
        ],
        events=[{"name": "profile-saved", "detail": "the user"}],
        calls=[PROFILE],
        fields=[field for field in fields if field["name"] in names],
        accessibility=[
            {"selector": "form", "role": "form", "name": "Change your profile", "keys": ["Ctrl+Enter"]},
            {"selector": "[role=alert]", "role": "alert", "name": "the message", "keys": []},
        ],
        test_ids=["profile-form", "profile-submit", "profile-form-error", "profile-counter"],
        settings={"submit": "Save", "heading": "Your profile", "said": "Saved. What you left empty stays as it was."},
    )
