"""Tests of signing up, logging in, hashes, and what needs a token."""

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing.calls import DATE, Call
from runner.blueprint.decomposing.samples import user, value
from runner.blueprint.decomposing.shape import LOGIN, REGISTER, Shape, ids
from runner.blueprint.decomposing.testing_cases import Steps, case_of, other_email, route_files, tests_task, text_of
from runner.records import Json, JsonObject


def password_tests(shape: Shape) -> dict[str, Json]:
    hashing: Steps = [{"run": "app.auth:hash_password", "args": ["correct horse"], "save": "stored"}]
    cases = [
        case_of(
            "password_round_trip",
            "a password",
            "it is hashed and verified",
            "the hash starts with scrypt$ and verifies",
            [
                hashing[0] | {"starts": "scrypt$"},
                {"run": "app.auth:verify_password", "args": ["correct horse", "{stored}"], "equals": True},
            ],
        ),
        case_of(
            "wrong_password_is_refused",
            "the hash of a password",
            "another password is verified",
            "the answer is False",
            [*hashing, {"run": "app.auth:verify_password", "args": ["wrong horse", "{stored}"], "equals": False}],
        ),
        case_of(
            "hashes_are_salted",
            "a password",
            "it is hashed twice",
            "the hashes differ",
            [hashing[0] | {"save": "first"}, hashing[0] | {"save": "second", "differs": "{first}"}],
        ),
        case_of(
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
    return tests_task(
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


def _health() -> dict[str, Json]:
    called: dict[str, Json] = {"call": "GET /api/health", "expect": 200, "fields": {"status": "ok"}}
    return case_of("health_answers", "a started server", "GET /api/health", "200 with status ok", [called])


def account_tests(shape: Shape, calls: Sequence[Call]) -> dict[str, Json]:
    by = str(shape.stack["account"]["login_by"])
    signed = _signing(shape)
    log_in = {by: signed[by], "password": signed["password"]}
    up: dict[str, Json] = {"call": REGISTER, "expect": 201, "body": signed}
    probe = bool(shape.asked("health"))
    cases = [
        *([_health()] if probe else []),
        case_of(
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
        case_of(
            "username_is_taken",
            "ada has signed up",
            "another ada signs up",
            "409",
            [up, up | {"expect": 409, "body": signed | {"password": "another horse 1"} | other_email(shape)}],
        ),
        case_of(
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
            case_of(
                "what_needs_a_token",
                "nobody is logged in",
                "protected endpoints are called without a token, and with a wrong one",
                "401",
                [_bare_call(call, token) for call in protected for token in ("", "wrong")],
            )
        )
    targets = [REGISTER, LOGIN, *(["GET /api/health"] if probe else [])]
    names = ["register", "login", *(["health"] if probe else []), *(call.name for call in protected)]
    inputs = route_files(calls, names)
    served = ids(
        shape.stack["account"]["ids"],
        shape.login_ids(),
        *(one["ids"] for one in (shape.users.fields if shape.users else ())),
    )
    return tests_task(
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
    kind = "date" if one.get("pattern") == DATE else one["type"]
    return value({**{key: entry for key, entry in one.items() if key != "pattern" or kind != "date"}, "kind": kind})


def _account_bounds(shape: Shape, name: str, low: int, high: int) -> dict[str, Json]:
    tried = [(low - 1, 422), (low, 201), (high, 201), (high + 1, 422)]
    if name == "password":
        tried = tried[:3] + tried[3:]
    steps: Steps = []
    for number, (length, expect) in enumerate(tried):
        signed = _signing(shape, f"user{number}") | {name: text_of(length)}
        steps.append({"call": REGISTER, "expect": expect, "body": signed})
    return case_of(
        f"{name}_bounds",
        "nobody",
        f"{name}s of {', '.join(str(length) for length, _ in tried)} characters",
        ", ".join(str(expect) for _, expect in tried),
        steps,
    )
