"""Sign-up, login and the tokens that protected endpoints want."""

# ruff: noqa: E501, S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.calls import Call, endpoint_task
from runner.blueprint.decomposing.shape import Shape, Thing, ids
from runner.blueprint.decomposing.tasks import task
from runner.records import Json, JsonObject

_OUTSIDE = {"status": 422, "when": "a parameter or a field of the body is outside its bounds"}
_SESSION: JsonObject = {
    "name": "session",
    "sql": "SELECT users.id AS user_id, users.username AS username, tokens.expires_at AS expires_at FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.token_hash = :token_hash",
    "rows": "one",
}
_SESSION_FIELDS: list[JsonObject] = [
    {"name": "token", "type": "string"},
    {"name": "expires_at", "type": "datetime"},
    {"name": "user_id", "type": "uuid"},
    {"name": "username", "type": "string"},
]
_TOKEN_COLUMNS = ["token_hash", "user_id", "created_at", "expires_at"]


def calls(shape: Shape) -> list[Call]:
    """Register and login; none where the request excludes accounts."""
    return [_register(shape, shape.users), _login(shape, shape.users)] if shape.users is not None else []


def tasks(shape: Shape) -> list[dict[str, Json]]:
    """The module of tokens, then the two endpoints."""
    if shape.users is None:
        return []
    return [_module(shape), *(endpoint_task(shape, call) for call in calls(shape))]


def _module(shape: Shape) -> dict[str, Json]:
    account = shape.stack["account"]
    spec: dict[str, Json] = {
        "kind": "module",
        "file": "app/auth.py",
        "purpose": "Hashes passwords with scrypt, issues random bearer tokens that are stored hashed with an expiry, and finds the caller by the Authorization header.",
        "role": "auth",
        "exports": [
            {
                "name": "hash_password",
                "signature": "hash_password(password: str) -> str",
                "returns": "scrypt$n$r$p$salt$hash",
            },
            {
                "name": "verify_password",
                "signature": "verify_password(password: str, stored: str) -> bool",
                "returns": "whether the password belongs to the hash",
            },
            {"name": "new_token", "signature": "new_token() -> str", "returns": "a random URL-safe token of 32 bytes"},
            {
                "name": "hash_token",
                "signature": "hash_token(token: str) -> str",
                "returns": "its SHA-256 in hexadecimal, 64 characters",
            },
            {"name": "expiry", "signature": "expiry() -> str", "returns": "the time 30 days from now"},
            {
                "name": "require_caller",
                "signature": "require_caller(...) -> Caller",
                "returns": "the caller",
                "errors": ["401 without a valid token"],
            },
            {
                "name": "find_caller",
                "signature": "find_caller(...) -> Caller | None",
                "returns": "the caller, or None without a token",
                "errors": ["401 for a token that is unknown or expired"],
            },
        ],
        "uses": ["app/database.py"],
        "reads": ["users", "tokens"],
        "settings": {
            "scrypt": {"n": 16384, "r": 8, "p": 1},
            "token_bytes": 32,
            "token_days": 30,
            "caller_sql": "SELECT users.id AS id, users.username AS name FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.token_hash = :token_hash AND tokens.expires_at > :now",
        },
    }
    inputs = ["app/database.py", database.migration(shape, "users"), database.migration(shape, "tokens")]
    served = ids(account["ids"], account["login_for"], account["hashed"])
    return task(
        "authentication_tokens",
        "Password hashes, bearer tokens, the caller of a request",
        "authentication",
        spec,
        served,
        complexity="medium",
        inputs=inputs,
    )


def body(users: Thing, *names: str) -> list[JsonObject]:
    """The named fields of a user as a body (all of them where no name is given)."""
    found: list[JsonObject] = []
    for one in users.fields:
        if names and one["name"] not in names:
            continue
        entry: dict[str, Json] = {"name": one["name"], "type": "string", "required": bool(one["required"])}
        entry |= {key: one[key] for key in ("min", "max", "pattern", "format") if key in one}
        if one["name"] != "password":
            entry["trim"] = True
        found.append(entry)
    return found


def _register(shape: Shape, users: Thing) -> Call:
    account = shape.stack["account"]
    stored = [str(one["name"]) for one in users.fields if one["name"] != "password"]
    columns = ["id", *stored, "password_hash", "created_at"]
    optional = {str(one["name"]) for one in users.fields if not one["required"]}
    values = [
        ":new_id",
        *(f"coalesce(:{name}, '')" if name in optional else f":{name}" for name in stored),
        ":password_hash",
        ":now",
    ]
    unique = " or ".join(str(one["name"]) for one in users.fields if one.get("unique"))
    return Call(
        "register",
        "POST",
        "/api/auth/register",
        "sign up and receive a token",
        "authentication",
        "none",
        ids(account["ids"], account["hashed"], *(one["ids"] for one in users.fields)),
        [
            {"status": 201, "when": "the user exists now and is logged in", "fields": _SESSION_FIELDS},
            {"status": 409, "when": f"the {unique} is taken"},
            _OUTSIDE,
        ],
        [
            {
                "name": "user",
                "sql": f"INSERT INTO users ({', '.join(columns)}) VALUES ({', '.join(values)})",
                "rows": "none",
                "conflict": 409,
            },
            {
                "name": "token",
                "sql": "INSERT INTO tokens (token_hash, user_id, created_at, expires_at) VALUES (:token_hash, :new_id, :now, :expires_at)",
                "rows": "none",
            },
            _SESSION,
        ],
        "session",
        [],
        body(users),
        ["users", "tokens"],
        [
            {"table": "users", "action": "insert", "columns": columns},
            {"table": "tokens", "action": "insert", "columns": _TOKEN_COLUMNS},
        ],
        {"issues": "token", "role": "register"},
        component="authentication",
    )


def _login(shape: Shape, users: Thing) -> Call:
    account = shape.stack["account"]
    by = str(account["login_by"])
    fields: list[JsonObject] = []
    for one in body(users, by, "password"):
        entry = {
            key: value
            for key, value in one.items()
            if key != "pattern" and (key != "format" or one["name"] == "password")
        }
        fields.append({**entry, "min": 1, "required": True})
    return Call(
        "login",
        "POST",
        "/api/auth/login",
        "log in and receive a token",
        "authentication",
        "none",
        list(account["ids"]),
        [
            {"status": 200, "when": "the password belongs to the user", "fields": _SESSION_FIELDS},
            {"status": 401, "when": "the user is unknown or the password is wrong"},
            _OUTSIDE,
        ],
        [
            {
                "name": "account",
                "sql": f"SELECT id, username, password_hash FROM users WHERE {by} = :{by}",
                "rows": "one",
                "missing": 401,
            },
            {
                "name": "token",
                "sql": "INSERT INTO tokens (token_hash, user_id, created_at, expires_at) VALUES (:token_hash, :account_id, :now, :expires_at)",
                "rows": "none",
            },
            _SESSION,
        ],
        "session",
        [],
        fields,
        ["users", "tokens"],
        [{"table": "tokens", "action": "insert", "columns": _TOKEN_COLUMNS}],
        {"issues": "token", "role": "login"},
        component="authentication",
    )
