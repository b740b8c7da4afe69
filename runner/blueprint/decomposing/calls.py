"""One endpoint before it is a task, and the parts that endpoints share: answers, bodies, paging, notifications."""

# ruff: noqa: E501, S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.shape import LOGIN, Operation, Shape, Thing, words
from runner.blueprint.decomposing.tasks import task
from runner.records import Json, JsonObject

_MAIN, _DATABASE, _AUTH, _EVENTS = "app/main.py", "app/database.py", "app/auth.py", "app/events.py"

_OUTSIDE = {"status": 422, "when": "a parameter or a field of the body is outside its bounds"}

OWN, AND_OWN = "one's own", " and one's own"

_BODY_KEYS = ("min", "max", "pattern", "choices", "format")


@dataclass(frozen=True)
class Call:
    """One endpoint before it is a task. `extra` are further keys of its spec."""

    name: str
    method: str
    path: str
    summary: str
    tag: str
    auth: str
    served: list[str]
    responses: list[JsonObject]
    queries: list[JsonObject]
    answer: str = ""
    params: list[JsonObject] = field(default_factory=list)
    body: list[JsonObject] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    writes: list[JsonObject] = field(default_factory=list)
    extra: dict[str, Json] = field(default_factory=dict)
    complexity: str = "medium"
    component: str = "api"

    @property
    def identity(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def file(self) -> str:
        return f"app/routes/{self.name}.py"


def endpoint_task(shape: Shape, call: Call) -> dict[str, Json]:
    """The endpoint as a task, with the files it stands on."""
    inputs = [_MAIN, _DATABASE]
    if call.auth != "none" or "issues" in call.extra:
        inputs.append(_AUTH)
    if "emits" in call.extra or "stream" in call.extra:
        inputs.append(_EVENTS)
    spec: dict[str, Json] = {
        "kind": "endpoint",
        "method": call.method,
        "path": call.path,
        "file": call.file,
        "name": call.name,
        "tag": call.tag,
        "summary": call.summary[:1].upper() + call.summary[1:],
        "auth": call.auth,
    }
    spec |= {key: value for key, value in call.extra.items() if key in ("issues", "role", "owner", "stream")}
    if call.params:
        spec["params"] = call.params
    if any(param["name"] == "limit" for param in call.params):
        limit = next(param for param in call.params if param["name"] == "limit")
        spec["paging"] = {"limit": "limit", "offset": "offset", "default": limit["default"], "max": limit["max"]}
    if call.body:
        spec["body"] = call.body
    spec |= {
        "queries": call.queries,
        **({"answer": call.answer} if call.answer else {}),
        "reads": call.reads,
        "writes": call.writes,
    }
    if "emits" in call.extra:
        spec["emits"] = call.extra["emits"]
    spec["responses"] = call.responses
    if call.auth != "none":
        spec["needs_token_from"] = LOGIN
    title = f"{call.identity}: {call.summary}"
    return task(
        f"{call.component}_{call.name}",
        title,
        call.component,
        spec,
        call.served,
        complexity=call.complexity,
        inputs=inputs,
    )


def auth_of(shape: Shape, who: str) -> str:
    return "required" if shape.accounts and who != "any" else "none"


def reading_auth(shape: Shape, thing: Thing) -> str:
    """Who may read: everybody, unless the request says otherwise; callers are known where rows tell of them."""
    who = thing.operations.get("read", Operation("any", ())).who
    if shape.accounts and who in ("user", "owner"):
        return "required"
    return "optional" if shape.accounts and thing.links else "none"


def answers_of(auth: str, *responses: JsonObject) -> list[JsonObject]:
    found = list(responses)
    if auth != "none":
        found.append(
            {
                "status": 401,
                "when": "the token is missing, unknown or expired"
                if auth == "required"
                else "a token is sent and is unknown or expired",
            }
        )
    return sorted([*found, _OUTSIDE], key=lambda response: int(response["status"]))


_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
_DAYS = (
    "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
DATE = f"^({_DAYS}|{_LEAP})$"
"""Every day of the Gregorian calendar and nothing else, in a form that all regular expressions understand."""


def body_of(fields: Iterable[JsonObject], partial: bool = False) -> list[JsonObject]:
    found: list[JsonObject] = []
    for one in fields:
        kind = str(one["kind"])
        entry: dict[str, Json] = {
            "name": one["name"],
            "type": "string" if kind == "date" else kind,
            "required": bool(one["required"]) and not partial,
        }
        entry |= {key: one[key] for key in _BODY_KEYS if key in one}
        if kind == "date":
            entry["pattern"] = DATE
        if kind == "string" and "choices" not in one:
            entry["trim"] = True
        found.append(entry)
    return found


def path_id(name: str, table: str) -> JsonObject:
    return {
        "name": name,
        "in": "path",
        "type": "uuid",
        "required": True,
        "references": {"table": table, "column": "id"},
    }


def must_exist(table: str, param: str, name: str) -> JsonObject:
    return {"name": name, "sql": f"SELECT id FROM {table} WHERE id = :{param}", "rows": "one", "missing": 404}


def not_there(name: str) -> JsonObject:
    return {"status": 404, "when": f"no {words(name)} has this id"}


def tables_read(shape: Shape, thing: Thing) -> list[str]:
    return list(dict.fromkeys([*([thing.parent] if thing.parent else []), *shape.reads(thing)]))


def login_ids(shape: Shape, auth: str) -> list[str]:
    return shape.login_ids() if auth == "required" else []


def live_ids(shape: Shape) -> list[str]:
    return list(shape.notify["ids"])


def notifying(
    shape: Shape, event: str, target: str, param: str
) -> tuple[list[JsonObject], list[JsonObject], JsonObject]:
    """The queries that store a notification, what is emitted, and what is written."""
    pointed = [column for column, _, _ in database.notified_columns(shape)]
    names = ["id", "user_id", "actor_id", "kind", *pointed, "created_at"]
    if target == "users":
        points = ", ".join("NULL" for _ in pointed)
        source = f"SELECT :new_id, :{param}, :user_id, '{event}', {points + ', ' if points else ''}:now"
    else:
        points = ", ".join(f":{param}" if _table_of(shape, column) == target else "NULL" for column in pointed)
        source = f"SELECT :new_id, {target}.user_id, :user_id, '{event}', {points}, :now FROM {target} WHERE {target}.id = :{param} AND {target}.user_id <> :user_id"
    notify: JsonObject = {
        "name": "notify",
        "sql": f"INSERT INTO notifications ({', '.join(names)}) {source}",
        "rows": "none",
    }
    read: JsonObject = {
        "name": "notification",
        "sql": f"{notification_select(shape)} WHERE notifications.id = :new_id",
        "rows": "one",
    }
    payload = [name for name, _, _ in notification_fields(shape)]
    emits: list[JsonObject] = [
        {
            "event": event,
            "table": "notifications",
            "to": "SELECT user_id FROM notifications WHERE id = :new_id",
            "from": "notification",
            "payload": payload,
        }
    ]
    return [notify, read], emits, {"table": "notifications", "action": "insert", "columns": names}


def _table_of(shape: Shape, column: str) -> str:
    return next(table for name, table, _ in database.notified_columns(shape) if name == column)


def notification_fields(shape: Shape) -> list[tuple[str, str, bool]]:
    """(name, type, null) of a notification as it is answered and sent."""
    pointed = [(column, "uuid", True) for column, _, _ in database.notified_columns(shape)]
    read = [("is_read", "boolean", False)] if database.reads(shape) else []
    return [
        ("id", "uuid", False),
        ("kind", "string", False),
        ("actor_id", "uuid", False),
        ("actor", "string", False),
        *pointed,
        *read,
        ("created_at", "datetime", False),
    ]


def notification_select(shape: Shape) -> str:
    """SELECT of notifications with the name of who caused them."""
    listed = ", ".join(
        "users.username AS actor" if name == "actor" else f"notifications.{name} AS {name}"
        for name, _, _ in notification_fields(shape)
    )
    return f"SELECT {listed} FROM notifications JOIN users ON users.id = notifications.actor_id"


def paging_params(shape: Shape, listing: JsonObject) -> list[JsonObject]:
    """limit and offset of a list, by its own numbers or those of all lists."""
    common = shape.stack["paging"]
    size = int(listing.get("size") or common["size"])
    most = max(int(listing.get("max") or common["max"]), size)
    return [
        {"name": "limit", "in": "query", "type": "integer", "required": False, "default": size, "min": 1, "max": most},
        {"name": "offset", "in": "query", "type": "integer", "required": False, "default": 0, "min": 0},
    ]
