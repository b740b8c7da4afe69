"""Tests of the generated software: constraints in the database, accounts, each thing, links, notifications, the page."""

# ruff: noqa: E501 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.calls import Call
from runner.blueprint.decomposing.samples import user
from runner.blueprint.decomposing.shape import REGISTER, Link, Shape, ids, words
from runner.blueprint.decomposing.tasks import task
from runner.blueprint.decomposing.testing_accounts import account_tests, password_tests
from runner.blueprint.decomposing.testing_cases import (
    NOWHERE,
    Steps,
    case_of,
    creating,
    route_files,
    rows_above,
    tests_task,
)
from runner.blueprint.decomposing.testing_rows import constraint_tests, migrations_once
from runner.blueprint.decomposing.testing_things import thing_tests
from runner.records import Json


def tasks(shape: Shape, calls: Sequence[Call]) -> list[dict[str, Json]]:
    """The fixtures, then one file of tests a matter."""
    found = [_support(shape), constraint_tests(shape)]
    if shape.accounts:
        found += [password_tests(shape), account_tests(shape, calls)]
    found += [thing_tests(shape, thing, calls) for thing in shape.things]
    found += [_links(shape, calls)] if shape.links else []
    found += [_notifications(shape, calls)] if shape.notify else []
    return [*found, _page(shape)]


def _support(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "module",
        "file": "tests/conftest.py",
        "purpose": "Starts the application on a free port with an empty database, registers users, sends requests, reads event streams.",
        "role": "test_support",
        "exports": [
            {
                "name": "server",
                "signature": "server(tmp_path_factory) -> Iterator[Server]",
                "returns": "a started server: base_url and database path",
            },
            {
                "name": "api",
                "signature": "api(server) -> Iterator[Api]",
                "returns": "calls with or without a user's token",
            },
            {
                "name": "database",
                "signature": "database(tmp_path) -> Iterator[sqlite3.Connection]",
                "returns": "an empty migrated database",
            },
        ],
        "settings": {"register": REGISTER, "password": "correct horse 1"} if shape.accounts else {},
    }
    inputs = ["app/main.py", "app/database.py", *(["app/auth.py", "app/routes/register.py"] if shape.accounts else [])]
    return task(
        "testing_support",
        "Fixtures: a really started server, users with tokens, event streams",
        "testing",
        spec,
        shape.asked("tests"),
        inputs=inputs,
    )


def _linking(shape: Shape, link: Link) -> tuple[Steps, dict[str, Json]]:
    """What must be there before, and the call that bob makes."""
    thing = shape.things[0] if link.of_users else shape.thing(link.target)
    assert thing is not None  # noqa: S101 - links are made of things of the plan
    steps = [*rows_above(shape, thing), creating(shape, thing, "ada", save=thing.name)]
    source = f"{{{thing.name}.user_id}}" if link.of_users else f"{{{thing.name}.id}}"
    return steps, {"call": f"POST {link.path}", "as": "bob", "expect": 201, "path": {link.target_column: source}}


def _usable(shape: Shape, link: Link) -> bool:
    return not link.of_users or shape.things[0].owned


def _links(shape: Shape, calls: Sequence[Call]) -> dict[str, Json]:
    cases = []
    for link in shape.links:
        if not _usable(shape, link):
            continue
        steps, call = _linking(shape, link)
        back = call | {"call": f"DELETE {link.path}", "expect": 204}
        name = f"{link.verb}_{link.target_name}"
        counted = call | {"fields": {link.count: 1, link.past: True}}
        cases.append(
            case_of(
                f"{name}_once",
                f"a {words(link.target_name)}",
                f"bob does {words(link.verb)} it twice, and takes it back twice",
                "201, 409, 204, 404",
                [*steps, counted, call | {"expect": 409}, back, back | {"expect": 404}],
            )
        )
        nowhere = {"path": {link.target_column: NOWHERE}, "expect": 404}
        cases.append(
            case_of(
                f"{name}_of_nothing", "nothing with this id", f"bob does {words(link.verb)} it", "404", [call | nowhere]
            )
        )
        cases.append(
            case_of(
                f"{name}_needs_a_token",
                f"a {words(link.target_name)}",
                f"somebody does {words(link.verb)} it without a token",
                "401",
                [*steps, {key: part for key, part in call.items() if key != "as"} | {"expect": 401}],
            )
        )
        if link.of_users and link.not_self:
            cases.append(
                case_of(
                    f"nobody_{link.verb}s_themselves",
                    "ada",
                    f"ada does {words(link.verb)} ada",
                    "400",
                    [*steps, call | {"as": "ada", "expect": 400}],
                )
            )
    if any(call.name == "list_users" for call in calls):
        first = shape.things[0]
        if first.owned:
            before = rows_above(shape, first)
            cases.append(
                case_of(
                    "users_are_found_by_name",
                    "ada and bob",
                    "users are filtered by ad",
                    "only ada",
                    [
                        *before,
                        creating(shape, first, "ada"),
                        creating(shape, first, "bob", 1),
                        {
                            "call": "GET /api/users",
                            "expect": 200,
                            "query": {"q": "ad"},
                            "column": {"username": [user(shape)["username"]]},
                        },
                    ],
                )
            )
    names = [f"{prefix}{link.verb}_{link.target_name}" for link in shape.links for prefix in ("", "un")]
    targets = [call.identity for call in calls if call.name in (*names, "list_users")]
    served = ids(*(link.ids for link in shape.links), *(link.undo_ids for link in shape.links), shape.login_ids())
    return tests_task(
        shape,
        "links",
        "What users do with things and with each other",
        "integration",
        served,
        targets,
        route_files(calls, [*names, "list_users", *(f"create_{thing.name}" for thing in shape.things)]),
        cases or [migrations_once(shape)],
    )


def _notifications(shape: Shape, calls: Sequence[Call]) -> dict[str, Json]:
    cases = []
    for event in database.events(shape):
        made = _noticed(shape, event)
        if made is None:
            continue
        steps, call = made
        listen: Steps = [{"listen": "GET /api/notifications/stream", "as": "ada", "save": "live"}]
        arrives: Steps = [
            {
                "event": event,
                "in": "live",
                "within_seconds": 5,
                "fields": {"actor": user(shape, name="bob")["username"], "kind": event},
            }
        ]
        cases.append(
            case_of(
                f"{event}_arrives_live",
                "ada's stream is open",
                f"bob causes a {words(event)}",
                f"the event {event} arrives within 5 seconds",
                [*steps, *listen, call, *arrives],
            )
        )
        cases.append(
            case_of(
                f"{event}_is_listed",
                "something of ada's",
                f"bob causes a {words(event)}",
                "one notification for ada, none for bob",
                [
                    *steps,
                    call,
                    {"call": "GET /api/notifications", "as": "ada", "expect": 200, "column": {"kind": [event]}},
                    {"call": "GET /api/notifications", "as": "bob", "expect": 200, "count": 0},
                ],
            )
        )
    cases.append(
        case_of(
            "stream_needs_a_token",
            "nobody is logged in",
            "the stream is opened",
            "401",
            [{"call": "GET /api/notifications/stream", "expect": 401}],
        )
    )
    names = [call.name for call in calls if "emits" in call.extra or call.component == "realtime"]
    targets = [call.identity for call in calls if call.component == "realtime"]
    served = ids(shape.notify["ids"], shape.notify["listing"]["ids"])
    return tests_task(
        shape,
        "notifications",
        "Notifications arrive live and are listed",
        "integration",
        served,
        targets,
        route_files(calls, [*names, *(f"create_{thing.name}" for thing in shape.things)]),
        cases,
    )


def _noticed(shape: Shape, event: str) -> tuple[Steps, dict[str, Json]] | None:
    link = next((link for link in shape.links if link.verb == event and _usable(shape, link)), None)
    if link is not None:
        return _linking(shape, link)
    thing = next((thing for thing in shape.things if thing.name == event), None)
    return (rows_above(shape, thing), creating(shape, thing, "bob")) if thing is not None else None


def _page(shape: Shape) -> dict[str, Json]:
    components = ["app-shell", *(["auth-panel"] if shape.accounts else [])]
    for thing in shape.things:
        name = thing.name.replace("_", "-")
        components += [f"{name}-thread"] if thing.parent else [f"{name}-composer", f"{name}-card", f"{name}-explorer"]
    served: Steps = [
        {"get": f"/static/components/{tag}.js", "expect": 200, "contains": [f'"{tag}"']} for tag in components
    ]
    cases = [
        case_of(
            "page_is_served",
            "a started server",
            "GET / is read",
            "200 with app-shell",
            [{"get": "/", "expect": 200, "contains": ["<app-shell", "components/app-shell.js"]}],
        ),
        case_of(
            "components_are_served",
            "a started server",
            "the file of each component is read",
            "200 with its tag",
            served,
        ),
    ]
    described = bool(shape.asked("documents") or shape.artefact("openapi", "api"))
    if described:
        cases.append(
            case_of(
                "openapi_file_is_current",
                "the application",
                "its OpenAPI document is made",
                "it equals openapi.json",
                [{"run": "app.openapi:document", "args": [], "equals_file": "openapi.json"}],
            )
        )
    described_by = ["app/openapi.py"] if described else []
    inputs = [*described_by, "app/static/client.js", *(f"app/static/components/{tag}.js" for tag in components)]
    return tests_task(
        shape,
        "page",
        "The page is served with its parts",
        "integration",
        ids(shape.page_ids, shape.artefact("openapi")),
        ["AppShell", *described_by],
        inputs,
        cases,
    )
