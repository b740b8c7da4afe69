"""Tests of the generated software: constraints in the database, accounts, each thing, links, notifications, the page."""

# ruff: noqa: E501, S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.endpoints import Call
from runner.blueprint.decomposing.samples import OTHER, USER, body, chain, insert, row, user, value
from runner.blueprint.decomposing.shape import LOGIN, REGISTER, Link, Shape, Thing, ids, words
from runner.blueprint.decomposing.tasks import task
from runner.records import Json, JsonObject

_NOWHERE = "00000000-0000-4000-8000-000000000003"
_ROW = "00000000-0000-4000-8000-00000000001"

Steps = list[dict[str, Json]]


def tasks(shape: Shape, calls: Sequence[Call]) -> list[dict[str, Json]]:
    """The fixtures, then one file of tests a matter."""
    found = [_support(shape), _constraints(shape)]
    if shape.accounts:
        found += [_passwords(shape), _accounts(shape, calls)]
    found += [_things(shape, thing, calls) for thing in shape.things]
    found += [_links(shape, calls)] if shape.links else []
    found += [_notifications(shape, calls)] if shape.notify else []
    return [*found, _page(shape)]


def _case(name: str, given: str, when: str, then: str, steps: Steps) -> dict[str, Json]:
    return {"name": name[:60], "given": given, "when": when, "then": then, "steps": steps}


def _tests(
    shape: Shape,
    name: str,
    title: str,
    level: str,
    served: Sequence[str],
    targets: list[str],
    inputs: list[str],
    cases: list[dict[str, Json]],
) -> dict[str, Json]:
    file = f"tests/{'unit' if level == 'unit' else 'integration'}/test_{name}.py"
    spec: dict[str, Json] = {
        "kind": "tests",
        "level": level,
        "framework": "pytest",
        "file": file,
        "command": f"python -m pytest {file} -q",
        "targets": targets,
        "cases": cases,
    }
    wanted = ids(served) or shape.asked("tests")
    return task(
        f"testing_{name}", title, "testing", spec, wanted, complexity="medium", needs=["testing_support"], inputs=inputs
    )


def _files(calls: Sequence[Call], names: Sequence[str]) -> list[str]:
    return [call.file for call in calls if call.name in names or call.name == "register"]


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


def _setting(shape: Shape, thing: Thing) -> Steps:
    """The rows that a row of the thing needs."""
    steps: Steps = [insert("users", user(shape))] if shape.accounts else []
    for above in chain(shape, thing):
        fake = f"00000000-0000-4000-8000-0000000001{[other.table for other in shape.things].index(above.table):02d}"
        steps.append(insert(above.table, row(shape, above, fake)))
    return steps


def _constraints(shape: Shape) -> dict[str, Json]:
    cases: list[dict[str, Json]] = []
    for thing in shape.things:
        cases += [_bounded_row(shape, thing, one) for one in thing.fields if _testable(one)]
        cases += [_unique_row(shape, thing, one) for one in thing.fields if one.get("unique")]
        if thing.owned:
            bare = row(shape, thing, f"{_ROW}1")
            setting = (
                [step for step in _setting(shape, thing) if not str(step["sql"]).startswith("INSERT INTO users")]
                if not thing.parent
                else []
            )
            cases.append(
                _case(
                    f"{thing.name}_needs_its_user",
                    "no user",
                    f"a {words(thing.name)} of an unknown user is inserted",
                    "it is refused",
                    [*setting, insert(thing.table, bare, True)],
                )
            )
    if shape.accounts:
        cases += [
            _case(
                "username_is_unique",
                "a user ada",
                "another ada is inserted",
                "it is refused",
                [insert("users", user(shape)), insert("users", user(shape, OTHER) | _other_email(shape), True)],
            ),
            _case(
                "password_text_is_refused",
                "no user",
                "a user whose password_hash is no scrypt hash is inserted",
                "it is refused",
                [insert("users", user(shape, password_hash="secret"), True)],
            ),
        ]
    cases += [_unique_link(shape, link) for link in shape.links]
    cases += [_not_self(shape, link) for link in shape.links if link.of_users and link.not_self]
    cases.append(_once(shape))
    tables = [one["spec"] for one in database.tasks(shape) if one["spec"]["kind"] == "table"]
    served = ids(
        *(thing.ids for thing in shape.things),
        *(one["ids"] for thing in shape.things for one in thing.fields),
        *(link.ids for link in shape.links),
    )
    if shape.accounts:
        served = ids(
            served,
            shape.stack["account"]["hashed"],
            *(one["ids"] for one in (shape.users.fields if shape.users else ())),
        )
    targets = [str(table["table"]) for table in tables if table["table"] != "tokens"]
    return _tests(
        shape,
        "constraints",
        "Constraints hold in the database itself",
        "unit",
        served,
        [*targets, "app/database.py"],
        [str(table["file"]) for table in tables],
        cases,
    )


def _other_email(shape: Shape) -> dict[str, Json]:
    return (
        {"email": "other@example.org"}
        if any(one["name"] == "email" for one in (shape.users.fields if shape.users else ()))
        else {}
    )


def _testable(one: JsonObject) -> bool:
    plain = "choices" not in one and "pattern" not in one and "format" not in one
    return ("choices" in one) or (
        plain
        and one["kind"] in ("string", "integer")
        and one.get("max") is not None
        and bool(one.get("given") is None or "min" in one)
    )


def _edges(one: JsonObject) -> tuple[list[Json], list[Json]]:
    """(accepted, refused) values at the bounds of a field."""
    if "choices" in one:
        return [one["choices"][0]], ["nothing_of_this"[: max(3, len(max(one["choices"], key=len)) - 1)] + "_"]
    low, high = int(one.get("min", 0)), int(one["max"])
    accepted: list[int] = sorted({max(low, 1) if one["kind"] == "string" else low, high})
    if "min" not in one and one["kind"] != "string":
        accepted = [high]
    refused = ([low - 1] if "min" in one and (low > 0 or one["kind"] != "string") else []) + [high + 1]
    return (
        ([_text(n) for n in accepted], [_text(n) for n in refused])
        if one["kind"] == "string"
        else (list(accepted), list(refused))
    )


def _text(length: int) -> Json:
    return {"text": length}


def _shown(values: list[Json]) -> str:
    return ", ".join(str(v["text"] if isinstance(v, dict) else v) for v in values)


def _bounded_row(shape: Shape, thing: Thing, one: JsonObject) -> dict[str, Json]:
    accepted, refused = _edges(one)
    name = str(one["name"])
    steps = _setting(shape, thing)
    for number, (sent, bad) in enumerate([*((v, False) for v in accepted), *((v, True) for v in refused)]):
        steps.append(insert(thing.table, row(shape, thing, f"{_ROW}{number}", number, **{name: sent}), bad))
    return _case(
        f"{thing.name}_{name}_is_bounded",
        "what it belongs to",
        f"{name} is {_shown(accepted)}, then {_shown(refused)}",
        f"{_shown(accepted)} accepted, {_shown(refused)} refused",
        steps,
    )


def _unique_row(shape: Shape, thing: Thing, one: JsonObject) -> dict[str, Json]:
    name = str(one["name"])
    first, second = row(shape, thing, f"{_ROW}1"), row(shape, thing, f"{_ROW}2", 1, **{name: value(one)})
    return _case(
        f"{thing.name}_{name}_is_unique",
        f"a {words(thing.name)}",
        f"another with the same {words(name)} is inserted",
        "it is refused",
        [*_setting(shape, thing), insert(thing.table, first), insert(thing.table, second, True)],
    )


def _target_row(shape: Shape, link: Link) -> tuple[Steps, str]:
    """What must be there before a link, and the id of its target."""
    if link.of_users:
        return [insert("users", user(shape)), insert("users", user(shape, OTHER, "bob"))], OTHER
    thing = shape.thing(link.target)
    assert thing is not None  # noqa: S101 - links are made of things of the plan
    return [*_setting(shape, thing), insert(thing.table, row(shape, thing, _NOWHERE))], _NOWHERE


def _unique_link(shape: Shape, link: Link) -> dict[str, Json]:
    steps, target = _target_row(shape, link)
    linked: dict[str, Json] = {link.source_column: USER, link.target_column: target}
    return _case(
        f"{link.verb}_of_{link.target_name}_is_unique",
        f"a {words(link.noun)}",
        f"the same {words(link.noun)} is inserted again",
        "it is refused",
        [*steps, insert(link.table, linked), insert(link.table, linked, True)],
    )


def _not_self(shape: Shape, link: Link) -> dict[str, Json]:
    linked: dict[str, Json] = {link.source_column: USER, link.target_column: USER}
    return _case(
        f"nobody_{link.verb}s_themselves",
        "a user",
        f"a {words(link.noun)} of the user by the user is inserted",
        "it is refused",
        [insert("users", user(shape)), insert(link.table, linked, True)],
    )


def _once(shape: Shape) -> dict[str, Json]:
    table, columns = (
        ("users", user(shape)) if shape.accounts else (shape.things[0].table, row(shape, shape.things[0], f"{_ROW}1"))
    )
    steps: Steps = [
        insert(table, columns),
        {"migrate": True, "applied": 0},
        {"rows": f"SELECT count(*) FROM {table}", "equals": 1},
    ]
    return _case(
        "migrations_apply_once",
        "a migrated database",
        "the migrations are applied again",
        "nothing is applied and the data stay",
        steps,
    )


def _passwords(shape: Shape) -> dict[str, Json]:
    hashing: Steps = [{"run": "app.auth:hash_password", "args": ["correct horse"], "save": "stored"}]
    cases = [
        _case(
            "password_round_trip",
            "a password",
            "it is hashed and verified",
            "the hash starts with scrypt$ and verifies",
            [
                hashing[0] | {"starts": "scrypt$"},
                {"run": "app.auth:verify_password", "args": ["correct horse", "{stored}"], "equals": True},
            ],
        ),
        _case(
            "wrong_password_is_refused",
            "the hash of a password",
            "another password is verified",
            "the answer is False",
            [*hashing, {"run": "app.auth:verify_password", "args": ["wrong horse", "{stored}"], "equals": False}],
        ),
        _case(
            "hashes_are_salted",
            "a password",
            "it is hashed twice",
            "the hashes differ",
            [hashing[0] | {"save": "first"}, hashing[0] | {"save": "second", "differs": "{first}"}],
        ),
        _case(
            "token_hash_has_64_characters",
            "a new token",
            "it is hashed",
            "the hash has 64 characters",
            [
                {"run": "app.auth:new_token", "args": [], "save": "token"},
                {"run": "app.auth:hash_token", "args": ["{token}"], "save": "hashed", "length": 64},
            ],
        ),
    ]
    account = shape.stack["account"]
    return _tests(
        shape,
        "passwords",
        "Passwords and tokens are hashed",
        "unit",
        ids(account["ids"], account["hashed"]),
        ["app/auth.py"],
        [],
        cases,
    )


def _signing(shape: Shape, name: str = "ada", **given: Json) -> dict[str, Json]:
    """A body for registering."""
    found: dict[str, Json] = {
        key: value for key, value in user(shape, name=name).items() if key not in ("id", "password_hash")
    }
    return found | {"password": "correct horse 1"} | given


def _accounts(shape: Shape, calls: Sequence[Call]) -> dict[str, Json]:
    by = str(shape.stack["account"]["login_by"])
    signed = _signing(shape)
    log_in = {by: signed[by], "password": signed["password"]}
    up: dict[str, Json] = {"call": REGISTER, "expect": 201, "body": signed}
    cases = [
        _case(
            "health_answers",
            "a started server",
            "GET /api/health",
            "200 with status ok",
            [{"call": "GET /api/health", "expect": 200, "fields": {"status": "ok"}}],
        ),
        _case(
            "sign_up_then_log_in",
            "nobody",
            "ada signs up and logs in",
            "201, then 200 with a token",
            [
                up | {"fields": {"username": signed["username"]}},
                {
                    "call": LOGIN,
                    "expect": 200,
                    "body": log_in,
                    "fields": {"username": signed["username"]},
                    "has": ["token", "expires_at"],
                },
            ],
        ),
        _case(
            "username_is_taken",
            "ada has signed up",
            "another ada signs up",
            "409",
            [up, up | {"expect": 409, "body": signed | {"password": "another horse 1"} | _other_email(shape)}],
        ),
        _case(
            "wrong_password",
            "ada has signed up",
            "ada logs in with another password",
            "401",
            [up, {"call": LOGIN, "expect": 401, "body": log_in | {"password": "wrong horse 1"}}],
        ),
    ]
    for name in ("username", "password"):
        one = next(one for one in (shape.users.fields if shape.users else ()) if one["name"] == name)
        cases.append(_account_bounds(shape, name, int(one["min"]), int(one["max"])))
    protected = [
        call for call in calls if call.auth == "required" and "{" not in call.path and "stream" not in call.extra
    ]
    if protected:
        cases.append(
            _case(
                "what_needs_a_token",
                "nobody is logged in",
                "protected endpoints are called without a token, and with a wrong one",
                "401",
                [_bare_call(call, token) for call in protected for token in ("", "wrong")],
            )
        )
    targets = [REGISTER, LOGIN, "GET /api/health"]
    inputs = _files(calls, ["register", "login", "health", *(call.name for call in protected)])
    served = ids(
        shape.stack["account"]["ids"],
        shape.login_ids(),
        *(one["ids"] for one in (shape.users.fields if shape.users else ())),
    )
    return _tests(
        shape, "accounts", "Sign up, log in, and what needs a token", "integration", served, targets, inputs, cases
    )


def _bare_call(call: Call, token: str) -> dict[str, Json]:
    sent: dict[str, Json] = {str(one["name"]): _any(one) for one in call.body if one["required"]}
    return {
        "call": call.identity,
        "expect": 401,
        **({"body": sent} if call.body else {}),
        **({"token": token} if token else {}),
    }


def _any(one: JsonObject) -> Json:
    kind = "date" if str(one.get("pattern", "")).startswith("^[0-9]{4}-") else one["type"]
    return value({**{key: entry for key, entry in one.items() if key != "pattern" or kind != "date"}, "kind": kind})


def _account_bounds(shape: Shape, name: str, low: int, high: int) -> dict[str, Json]:
    tried = [(low - 1, 422), (low, 201), (high, 201), (high + 1, 422)]
    if name == "password":
        tried = tried[:3] + tried[3:]
    steps: Steps = []
    for number, (length, expect) in enumerate(tried):
        signed = _signing(shape, f"user{number}") | {name: _text(length)}
        steps.append({"call": REGISTER, "expect": expect, "body": signed})
    return _case(
        f"{name}_bounds",
        "nobody",
        f"{name}s of {', '.join(str(length) for length, _ in tried)} characters",
        ", ".join(str(expect) for _, expect in tried),
        steps,
    )


def _creating(
    shape: Shape, thing: Thing, who: str, variant: int = 0, save: str = "", expect: int = 201, **given: Json
) -> dict[str, Json]:
    """The call that creates a row of a thing whose parent was saved under its name."""
    step: dict[str, Json] = {
        "call": f"POST {thing.collection}",
        "expect": expect,
        "body": body(thing, variant, **given),
    }
    if shape.accounts and who:
        step["as"] = who
    if thing.parent:
        step["path"] = {f"{thing.parent_name}_id": f"{{{thing.parent_name}.id}}"}
    return step | ({"save": save} if save else {})


def _before(shape: Shape, thing: Thing) -> Steps:
    return [_creating(shape, above, "ada", save=above.name) for above in chain(shape, thing)]


def _listing(thing: Thing, shape: Shape, who: str = "", **more: Json) -> dict[str, Json]:
    needs = thing.operations.get("read")
    step: dict[str, Json] = {"call": f"GET {thing.collection}", "expect": 200, **more}
    if shape.accounts and (who or (needs and needs.who in ("user", "owner"))):
        step["as"] = who or "ada"
    if thing.parent:
        step["path"] = {f"{thing.parent_name}_id": f"{{{thing.parent_name}.id}}"}
    return step


def _things(shape: Shape, thing: Thing, calls: Sequence[Call]) -> dict[str, Json]:
    cases = [_bounds(shape, thing, one) for one in thing.fields if _testable(one) and "default" not in one]
    cases += [_taken(shape, thing, one) for one in thing.fields if one.get("unique")]
    cases.append(_pages(shape, thing))
    cases += _narrowed(shape, thing)
    for action in ("delete", "update"):
        if action in thing.operations:
            cases += _owned(shape, thing, action)
    if thing.feed is not None:
        cases.append(_feed(shape, thing))
    names = [call.name for call in calls if call.tag == thing.table and call.name not in ("health",)]
    targets = [call.identity for call in calls if call.name in names]
    above = [f"create_{other.name}" for other in chain(shape, thing)]
    follow = ["follow_user"] if thing.feed is not None else []
    served = ids(
        thing.ids,
        *(o.ids for o in thing.operations.values()),
        *(one["ids"] for one in thing.fields),
        thing.listing["ids"],
        *(entry["ids"] for entry in thing.listing["narrow"]),
        (thing.feed or {}).get("ids", ()),
        shape.paging_ids,
    )
    return _tests(
        shape,
        thing.table,
        f"{words(thing.table).capitalize()}: bounds, pages, owners",
        "integration",
        served,
        targets,
        _files(calls, [*names, *above, *follow]),
        cases,
    )


def _bounds(shape: Shape, thing: Thing, one: JsonObject) -> dict[str, Json]:
    name = str(one["name"])
    accepted, refused = _edges(one)
    steps = _before(shape, thing)
    for number, (sent, expect) in enumerate([*((v, 201) for v in accepted), *((v, 422) for v in refused)]):
        steps.append(_creating(shape, thing, "ada", number + 3, expect=expect, **{name: sent}))
    return _case(
        f"{name}_is_bounded",
        "ada",
        f"{name} is {_shown(accepted)}, then {_shown(refused)}",
        "201 within the bounds, 422 outside",
        steps,
    )


def _taken(shape: Shape, thing: Thing, one: JsonObject) -> dict[str, Json]:
    name = str(one["name"])
    again = _creating(shape, thing, "ada", 1, expect=409, **{name: value(one)})
    return _case(
        f"{name}_is_taken",
        f"a {words(thing.name)}",
        f"another with the same {words(name)} is created",
        "409",
        [*_before(shape, thing), _creating(shape, thing, "ada"), again],
    )


def _pages(shape: Shape, thing: Thing) -> dict[str, Json]:
    most = max(int(thing.listing["max"] or shape.stack["paging"]["max"]), int(thing.listing["size"] or 0))
    steps = [*_before(shape, thing), *(_creating(shape, thing, "ada", number) for number in range(3))]
    steps += [
        _listing(thing, shape, query={"limit": 2}, **_first_two(thing)),
        _listing(thing, shape, query={"limit": 2, "offset": 2}, count=1),
        _listing(thing, shape) | {"query": {"limit": 0}, "expect": 422},
        _listing(thing, shape) | {"query": {"limit": most + 1}, "expect": 422},
    ]
    return _case(
        "pages",
        f"three {words(thing.table)}",
        f"pages of 2 are read at 0 and 2, then limits 0 and {most + 1}",
        "2, 1, 422, 422",
        steps,
    )


def _first_two(thing: Thing) -> dict[str, Json]:
    """What the first page of two holds of three rows, in the order of the list where values tell it."""
    made = [str(body(thing, number).get(thing.main)) for number in range(3)]
    order, down = str(thing.listing["order"]), bool(thing.listing["descending"])
    if thing.main not in body(thing) or not isinstance(body(thing)[thing.main], str):
        return {"count": 2}
    if order not in ("created_at", thing.main) or len(set(made)) < 3 or not thing.stamped:
        return {"count": 2}
    ordered = made if order == "created_at" else sorted(made)
    return {"column": {thing.main: (ordered[::-1] if down else ordered)[:2]}}


def _narrowed(shape: Shape, thing: Thing) -> list[dict[str, Json]]:
    cases = []
    for entry in thing.listing["narrow"]:
        how, by = str(entry["how"]), str(entry["by"])
        start = _before(shape, thing)
        if how == "author":
            steps: Steps = [
                _creating(shape, thing, "ada"),
                _creating(shape, thing, "bob", 1),
                _listing(thing, shape, query={"author": user(shape)["username"]}, count=1),
            ]
        elif how in ("words", "text"):
            name = by or next(
                str(one["name"]) for one in thing.fields if one["kind"] == "string" and "choices" not in one
            )
            red: dict[str, Json] = {name: "a red apple"}
            green: dict[str, Json] = {name: "a green apple"}
            steps = [
                _creating(shape, thing, "ada", 0, "", 201, **red),
                _creating(shape, thing, "ada", 1, "", 201, **green),
                _listing(thing, shape, query={"q": "GREEN"}, column={name: ["a green apple"]}),
                _listing(thing, shape, query={"q": "apple"}, count=2),
            ]
        elif how == "filter":
            one = next(one for one in thing.fields if one["name"] == by)
            if value(one) == value(one, 1):
                continue
            steps = [
                _creating(shape, thing, "ada", **{by: value(one)}),
                _creating(shape, thing, "ada", 1, **{by: value(one, 1)}),
                _listing(thing, shape, query={by: value(one, 1)}, column={by: [value(one, 1)]}),
            ]
        else:
            one = next(one for one in thing.fields if one["name"] == by)
            ordered = sorted((value(one), value(one, 1)))
            steps = [
                _creating(shape, thing, "ada", **{by: value(one)}),
                _creating(shape, thing, "ada", 1, **{by: value(one, 1)}),
                _listing(thing, shape, query={"sort": by}, column={by: ordered}),
            ]
        cases.append(
            _case(
                f"{how}_{by or 'words'}",
                f"two {words(thing.table)}",
                f"the list is narrowed by {by or how}",
                "only what matches",
                [*start, *steps],
            )
        )
    return cases


def _owned(shape: Shape, thing: Thing, action: str) -> list[dict[str, Json]]:
    operation = thing.operations[action]
    method, good = ("DELETE", 204) if action == "delete" else ("PATCH", 200)
    call: dict[str, Json] = {"call": f"{method} {thing.one}", "path": {thing.id_param: f"{{{thing.name}.id}}"}}
    if action == "update":
        one = thing.fields[0]
        call["body"] = {str(one["name"]): value(one, 1)}
    ada: dict[str, Json] = {"as": "ada"} if shape.accounts else {}
    start = [*_before(shape, thing), _creating(shape, thing, "ada", save=thing.name)]
    after: Steps = [call | ada | {"expect": 404}] if action == "delete" else []
    own = call | ada | {"expect": good} | ({"fields": call["body"]} if action == "update" else {})
    cases = [
        _case(f"{action}_own", f"a {words(thing.name)} of ada", f"ada {action}s it", str(good), [*start, own, *after])
    ]
    if operation.who == "owner" and thing.owned:
        cases.append(
            _case(
                f"{action}_of_another",
                f"a {words(thing.name)} of ada",
                f"bob tries to {action} it",
                "403, and it stays",
                [*start, call | {"as": "bob", "expect": 403}, _listing(thing, shape, count=1)],
            )
        )
    if shape.accounts and operation.who != "any":
        cases.append(
            _case(
                f"{action}_needs_a_token",
                f"a {words(thing.name)} of ada",
                f"nobody in particular tries to {action} it",
                "401",
                [*start, call | {"expect": 401}],
            )
        )
    return cases


def _feed(shape: Shape, thing: Thing) -> dict[str, Json]:
    follow = next(link for link in shape.links if link.of_users and link.verb == "follow")
    steps: Steps = [
        _creating(shape, thing, "ada", 0),
        _creating(shape, thing, "bob", 1, save="bobs"),
        _creating(shape, thing, "cleo", 2),
    ]
    steps.append(
        {"call": f"POST {follow.path}", "as": "ada", "expect": 201, "path": {follow.target_column: "{bobs.user_id}"}}
    )
    own = bool(thing.feed and thing.feed["own"])
    expected = [body(thing, 1)[thing.main], *([body(thing, 0)[thing.main]] if own else [])]
    steps.append({"call": "GET /api/feed", "as": "ada", "expect": 200, "column": {thing.main: expected}})
    return _case(
        "feed_holds_followed" + ("_and_own" if own else ""),
        f"{words(thing.table)} of ada, bob and cleo; ada follows bob",
        "ada reads the feed",
        "bob's" + (" and ada's" if own else "") + ", newest first",
        steps,
    )


def _linking(shape: Shape, link: Link) -> tuple[Steps, dict[str, Json]]:
    """What must be there before, and the call that bob makes."""
    thing = shape.things[0] if link.of_users else shape.thing(link.target)
    assert thing is not None  # noqa: S101 - links are made of things of the plan
    steps = [*_before(shape, thing), _creating(shape, thing, "ada", save=thing.name)]
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
            _case(
                f"{name}_once",
                f"a {words(link.target_name)}",
                f"bob does {words(link.verb)} it twice, and takes it back twice",
                "201, 409, 204, 404",
                [*steps, counted, call | {"expect": 409}, back, back | {"expect": 404}],
            )
        )
        nowhere = {"path": {link.target_column: _NOWHERE}, "expect": 404}
        cases.append(
            _case(
                f"{name}_of_nothing", "nothing with this id", f"bob does {words(link.verb)} it", "404", [call | nowhere]
            )
        )
        cases.append(
            _case(
                f"{name}_needs_a_token",
                f"a {words(link.target_name)}",
                f"somebody does {words(link.verb)} it without a token",
                "401",
                [*steps, {key: part for key, part in call.items() if key != "as"} | {"expect": 401}],
            )
        )
        if link.of_users and link.not_self:
            cases.append(
                _case(
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
            before = _before(shape, first)
            cases.append(
                _case(
                    "users_are_found_by_name",
                    "ada and bob",
                    "users are filtered by ad",
                    "only ada",
                    [
                        *before,
                        _creating(shape, first, "ada"),
                        _creating(shape, first, "bob", 1),
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
    return _tests(
        shape,
        "links",
        "What users do with things and with each other",
        "integration",
        served,
        targets,
        _files(calls, [*names, "list_users", *(f"create_{thing.name}" for thing in shape.things)]),
        cases or [_once(shape)],
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
            _case(
                f"{event}_arrives_live",
                "ada's stream is open",
                f"bob causes a {words(event)}",
                f"the event {event} arrives within 5 seconds",
                [*steps, *listen, call, *arrives],
            )
        )
        cases.append(
            _case(
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
        _case(
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
    return _tests(
        shape,
        "notifications",
        "Notifications arrive live and are listed",
        "integration",
        served,
        targets,
        _files(calls, [*names, *(f"create_{thing.name}" for thing in shape.things)]),
        cases,
    )


def _noticed(shape: Shape, event: str) -> tuple[Steps, dict[str, Json]] | None:
    link = next((link for link in shape.links if link.verb == event and _usable(shape, link)), None)
    if link is not None:
        return _linking(shape, link)
    thing = next((thing for thing in shape.things if thing.name == event), None)
    return (_before(shape, thing), _creating(shape, thing, "bob")) if thing is not None else None


def _page(shape: Shape) -> dict[str, Json]:
    components = ["app-shell", *(["auth-panel"] if shape.accounts else [])]
    for thing in shape.things:
        name = thing.name.replace("_", "-")
        components += [f"{name}-thread"] if thing.parent else [f"{name}-composer", f"{name}-card", f"{name}-explorer"]
    served: Steps = [
        {"get": f"/static/components/{tag}.js", "expect": 200, "contains": [f'"{tag}"']} for tag in components
    ]
    cases = [
        _case(
            "page_is_served",
            "a started server",
            "GET / is read",
            "200 with app-shell",
            [{"get": "/", "expect": 200, "contains": ["<app-shell", "components/app-shell.js"]}],
        ),
        _case(
            "components_are_served",
            "a started server",
            "the file of each component is read",
            "200 with its tag",
            served,
        ),
        _case(
            "openapi_file_is_current",
            "the application",
            "its OpenAPI document is made",
            "it equals openapi.json",
            [{"run": "app.openapi:document", "args": [], "equals_file": "openapi.json"}],
        ),
    ]
    inputs = ["app/openapi.py", "app/static/client.js", *(f"app/static/components/{tag}.js" for tag in components)]
    return _tests(
        shape,
        "page",
        "The page is served with its parts",
        "integration",
        ids(shape.page_ids, shape.artefact("openapi")),
        ["AppShell", "app/openapi.py"],
        inputs,
        cases,
    )
