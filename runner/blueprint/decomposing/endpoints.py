"""REST endpoints: the exact input bounds, SQL, answers and owners of everything that can be done with the things."""

# ruff: noqa: E501, S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.shape import LOGIN, Link, Operation, Shape, Thing, answer_type, ids, words
from runner.blueprint.decomposing.tasks import task
from runner.blueprint.english import article
from runner.records import Json, JsonObject

_MAIN, _DATABASE, _AUTH, _EVENTS = "app/main.py", "app/database.py", "app/auth.py", "app/events.py"
_OUTSIDE = {"status": 422, "when": "a parameter or a field of the body is outside its bounds"}
_OWN, _AND_OWN = "one's own", " and one's own"
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


def calls(shape: Shape) -> list[Call]:
    """Every endpoint of the things and of the links between them and users."""
    found: list[Call] = []
    for thing in shape.things:
        found.append(_create(shape, thing))
        found.append(_list(shape, thing))
        if thing.feed is not None:
            found.append(_feed(shape, thing))
        if "update" in thing.operations:
            found.append(_update(shape, thing))
        if "delete" in thing.operations:
            found.append(_delete(shape, thing))
        for link in thing.links:
            found += [_link(shape, link), _unlink(shape, link)]
    if shape.users is not None and (shape.users.links or "read" in shape.users.operations):
        found.append(_list_users(shape, shape.users))
    if shape.users is not None and "update" in shape.users.operations:
        found.append(_profile(shape, shape.users))
    for link in shape.users.links if shape.users else ():
        found += [_link(shape, link), _unlink(shape, link)]
    return found


def tasks(shape: Shape) -> list[dict[str, Json]]:
    """One task an endpoint."""
    return [endpoint_task(shape, call) for call in calls(shape)]


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


def _auth(shape: Shape, who: str) -> str:
    return "required" if shape.accounts and who != "any" else "none"


def _reading(shape: Shape, thing: Thing) -> str:
    """Who may read: everybody, unless the request says otherwise; callers are known where rows tell of them."""
    who = thing.operations.get("read", Operation("any", ())).who
    if shape.accounts and who in ("user", "owner"):
        return "required"
    return "optional" if shape.accounts and thing.links else "none"


def _answers(auth: str, *responses: JsonObject) -> list[JsonObject]:
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


def _fields_body(fields: Iterable[JsonObject], partial: bool = False) -> list[JsonObject]:
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
            entry["pattern"] = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
        if kind == "string" and "choices" not in one:
            entry["trim"] = True
        found.append(entry)
    return found


def _id_param(name: str, table: str) -> JsonObject:
    return {
        "name": name,
        "in": "path",
        "type": "uuid",
        "required": True,
        "references": {"table": table, "column": "id"},
    }


def _found(table: str, param: str, name: str) -> JsonObject:
    return {"name": name, "sql": f"SELECT id FROM {table} WHERE id = :{param}", "rows": "one", "missing": 404}


def _no(name: str) -> JsonObject:
    return {"status": 404, "when": f"no {words(name)} has this id"}


def _create(shape: Shape, thing: Thing) -> Call:
    operation = thing.operations["create"]
    auth = _auth(shape, operation.who)
    owned = thing.owned
    names = [
        "id",
        *([f"{thing.parent_name}_id"] if thing.parent else []),
        *(["user_id"] if owned else []),
        *(str(f["name"]) for f in thing.fields),
        *(["created_at"] if thing.stamped else []),
    ]
    values = [
        ":new_id",
        *([f":{thing.parent_name}_id"] if thing.parent else []),
        *([":user_id"] if owned else []),
        *(_value(thing, f) for f in thing.fields),
        *([":now"] if thing.stamped else []),
    ]
    insert: dict[str, Json] = {
        "name": "insert",
        "sql": f"INSERT INTO {thing.table} ({', '.join(names)}) VALUES ({', '.join(values)})",
        "rows": "none",
    }
    responses: list[JsonObject] = [
        {"status": 201, "when": f"the {words(thing.name)} is stored", "fields": shape.answer(thing, auth != "none")}
    ]
    if any(f.get("unique") for f in thing.fields):
        insert["conflict"] = 409
        unique = " or ".join(words(str(f["name"])) for f in thing.fields if f.get("unique"))
        responses.append({"status": 409, "when": f"another {words(thing.name)} has this {unique}"})
    queries: list[JsonObject] = [insert]
    extra: dict[str, Json] = {}
    served = ids(operation.ids, *(f["ids"] for f in thing.fields), thing.ids, _needs_login(shape, auth))
    writes: list[JsonObject] = [{"table": thing.table, "action": "insert", "columns": names}]
    params: list[JsonObject] = []
    if thing.parent:
        queries.insert(0, _found(thing.parent, f"{thing.parent_name}_id", thing.parent_name))
        params.append(_id_param(f"{thing.parent_name}_id", thing.parent))
        responses.append(_no(thing.parent_name))
        if auth == "required" and shape.receiver(thing.name, thing.parent):
            notice = _told(shape, thing.name, thing.parent, f"{thing.parent_name}_id")
            queries += notice[0]
            extra["emits"], served = notice[1], ids(served, shape.notify["events"][thing.name], _live(shape))
            writes.append(notice[2])
    queries.append(
        {
            "name": thing.name,
            "sql": f"{shape.select(thing, auth != 'none')} WHERE {thing.table}.id = :new_id",
            "rows": "one",
        }
    )
    what = (
        f"add {article(words(thing.name))}"
        if thing.name.split("_")[-1] not in ("post", "comment", "message")
        else f"write {article(words(thing.name))}"
    )
    summary = what + (f" to {article(words(thing.parent_name))}" if thing.parent else "")
    return Call(
        f"create_{thing.name}",
        "POST",
        thing.collection,
        summary,
        thing.table,
        auth,
        served,
        _answers(auth, *responses),
        queries,
        thing.name,
        params,
        _fields_body(thing.fields),
        _creation_reads(shape, thing),
        writes,
        extra,
    )


def _creation_reads(shape: Shape, thing: Thing) -> list[str]:
    return list(dict.fromkeys([*([thing.parent] if thing.parent else []), *shape.reads(thing)]))


def _value(thing: Thing, one: JsonObject) -> str:
    name = str(one["name"])
    if "default" in one:
        return f"coalesce(:{name}, '{one['default']}')"
    columns: list[JsonObject] = list(thing.ddl["columns"]) if thing.ddl else []
    given: JsonObject = next((column for column in columns if column["name"] == name), {})
    return f"coalesce(:{name}, {given['default']})" if "default" in given else f":{name}"


def _needs_login(shape: Shape, auth: str) -> list[str]:
    return shape.login_ids() if auth == "required" else []


def _live(shape: Shape) -> list[str]:
    return list(shape.notify["ids"])


def _told(shape: Shape, event: str, target: str, param: str) -> tuple[list[JsonObject], list[JsonObject], JsonObject]:
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


def _list(shape: Shape, thing: Thing) -> Call:
    auth = _reading(shape, thing)
    who = thing.operations.get("read", Operation("any", ())).who
    params, where, said = _narrowing(thing)
    queries: list[JsonObject] = []
    responses: list[JsonObject] = [
        {
            "status": 200,
            "when": f"the page of {words(thing.table)}",
            "list": True,
            "fields": shape.answer(thing, auth != "none"),
        }
    ]
    if thing.parent:
        queries.append(_found(thing.parent, f"{thing.parent_name}_id", thing.parent_name))
        params.insert(0, _id_param(f"{thing.parent_name}_id", thing.parent))
        where.insert(0, f"{thing.table}.{thing.parent_name}_id = :{thing.parent_name}_id")
        responses.append(_no(thing.parent_name))
    if who == "owner" and thing.owned:
        where.insert(0, f"{thing.table}.user_id = :user_id")
    order = _order(thing, params)
    sql = f"{shape.select(thing, auth != 'none')}{' WHERE ' + ' AND '.join(where) if where else ''} ORDER BY {order} LIMIT :limit OFFSET :offset"
    queries.append({"name": thing.table, "sql": sql, "rows": "many"})
    served = ids(thing.listing["ids"], shape.paging_ids, *(entry["ids"] for entry in thing.listing["narrow"]))
    summary = f"list {words(thing.table)}{f' of {article(words(thing.parent_name))}' if thing.parent else ''}, {_order_words(thing)}{said}"
    return Call(
        f"list_{thing.table}",
        "GET",
        thing.collection,
        summary,
        thing.table,
        auth,
        served,
        _answers(auth, *responses),
        queries,
        thing.table,
        [*params, *paging_params(shape, thing.listing)],
        [],
        _creation_reads(shape, thing),
    )


def _narrowing(thing: Thing) -> tuple[list[JsonObject], list[str], str]:
    """Query parameters, conditions and words for the filters and the search of a list."""
    params: list[JsonObject] = []
    where: list[str] = []
    said: list[str] = []
    texts: list[str] = []
    for entry in thing.listing["narrow"]:
        how, by = str(entry["how"]), str(entry["by"])
        if how == "author":
            params.append({"name": "author", "in": "query", "type": "string", "required": False, "min": 1, "max": 30})
            where.append("(:author IS NULL OR users.username = :author)")
            said.append("author")
        elif how == "words":
            texts += [str(f["name"]) for f in thing.fields if f["kind"] == "string" and "choices" not in f]
        elif how == "text":
            texts.append(by)
        elif how == "filter":
            params.append(_filter(next(f for f in thing.fields if f["name"] == by)))
            where.append(f"(:{by} IS NULL OR {thing.table}.{by} = :{by})")
            said.append(words(by))
    sorts = [str(entry["by"]) for entry in thing.listing["narrow"] if entry["how"] == "sort"]
    if texts:
        params.append({"name": "q", "in": "query", "type": "string", "required": False, "min": 1, "max": 100})
        found = " OR ".join(f"instr(lower({thing.table}.{name}), lower(:q)) > 0" for name in dict.fromkeys(texts))
        where.append(f"(:q IS NULL OR {found})")
        said.append("words")
    if sorts:
        params.append({"name": "sort", "in": "query", "type": "string", "required": False, "choices": sorts})
    return params, where, f", filtered by {' and '.join(said)}" if said else ""


def _filter(one: JsonObject) -> JsonObject:
    kind = answer_type(one)
    found: dict[str, Json] = {
        "name": one["name"],
        "in": "query",
        "type": kind if kind in ("integer", "number", "boolean") else "string",
        "required": False,
    }
    if "choices" in one:
        found["choices"] = one["choices"]
    elif kind in ("integer", "number"):
        found |= {key: one[key] for key in ("min", "max") if key in one}
    elif kind == "string":
        found |= {"min": 1, "max": one.get("max", 30)}
    return found


def _order(thing: Thing, params: list[JsonObject]) -> str:
    order, down = str(thing.listing["order"]), " DESC" if thing.listing["descending"] else ""
    order = order if thing.stamped or order != "created_at" else "id"
    usual = f"users.username{down}" if order == "username" else f"{thing.table}.{order}{down}"
    tail = f", {thing.table}.id{down}" if order != "id" else ""
    sorts = [str(choice) for param in params if param["name"] == "sort" for choice in param["choices"]]
    return "".join(f"CASE WHEN :sort = '{name}' THEN {thing.table}.{name} END, " for name in sorts) + usual + tail


def _order_words(thing: Thing) -> str:
    if thing.listing["order"] == "created_at":
        return "newest first" if thing.listing["descending"] else "oldest first"
    return f"by {words(str(thing.listing['order']))}"


def _feed(shape: Shape, thing: Thing) -> Call:
    follow = next(link for link in shape.links if link.of_users and link.verb == "follow")
    followed = f"{thing.table}.user_id IN (SELECT {follow.table}.{follow.target_column} FROM {follow.table} WHERE {follow.table}.{follow.source_column} = :user_id)"
    own = bool(thing.feed and thing.feed["own"])
    where = f"{thing.table}.user_id = :user_id OR {followed}" if own else followed
    listing = thing.feed or {}
    sql = f"{shape.select(thing, True)} WHERE {where} ORDER BY {thing.table}.created_at DESC, {thing.table}.id DESC LIMIT :limit OFFSET :offset"
    summary = f"list the {words(thing.table)} of followed users{_AND_OWN if own else ''}, newest first"
    responses = [{"status": 200, "when": "the page of the feed", "list": True, "fields": shape.answer(thing, True)}]
    served = ids(listing.get("ids", ()), shape.paging_ids)
    return Call(
        "feed",
        "GET",
        "/api/feed",
        summary,
        thing.table,
        "required",
        served,
        _answers("required", *responses),
        [{"name": thing.table, "sql": sql, "rows": "many"}],
        thing.table,
        paging_params(shape, {}),
        [],
        [*shape.reads(thing), follow.table],
    )


def _owner(thing: Thing, operation: Operation, auth: str) -> dict[str, Json]:
    if operation.who == "owner" and thing.owned and auth == "required":
        return {"owner": {"table": thing.table, "column": "user_id", "param": thing.id_param, "status": 403}}
    return {}


def _delete(shape: Shape, thing: Thing) -> Call:
    operation = thing.operations["delete"]
    auth = _auth(shape, operation.who)
    owner = _owner(thing, operation, auth)
    gone = [link.table for link in thing.links] + [child.table for child in shape.children(thing)]
    responses: list[JsonObject] = [
        {
            "status": 204,
            "when": f"the {words(thing.name)} is gone"
            + (f", with its {' and '.join(words(name) for name in gone)}" if gone else ""),
        },
        _no(thing.name),
    ]
    if owner:
        responses.append({"status": 403, "when": f"the {words(thing.name)} belongs to another user"})
    queries: list[JsonObject] = [
        {
            "name": "delete",
            "sql": f"DELETE FROM {thing.table} WHERE id = :{thing.id_param}",
            "rows": "count",
            "missing": 404,
        }
    ]
    writes: list[JsonObject] = [{"table": thing.table, "action": "delete", "columns": ["id"]}]
    summary = f"delete {_OWN if owner else 'a'} {words(thing.name)}"
    return Call(
        f"delete_{thing.name}",
        "DELETE",
        thing.one,
        summary,
        thing.table,
        auth,
        ids(operation.ids, _needs_login(shape, auth)),
        _answers(auth, *responses),
        queries,
        "",
        [_id_param(thing.id_param, thing.table)],
        [],
        [thing.table],
        writes,
        owner,
        "low",
    )


def _update(shape: Shape, thing: Thing) -> Call:
    operation = thing.operations["update"]
    auth = _auth(shape, operation.who)
    owner = _owner(thing, operation, auth)
    names = [str(one["name"]) for one in thing.fields]
    sets = ", ".join(f"{name} = coalesce(:{name}, {name})" for name in names)
    update: dict[str, Json] = {
        "name": "update",
        "sql": f"UPDATE {thing.table} SET {sets} WHERE id = :{thing.id_param}",
        "rows": "count",
        "missing": 404,
    }
    responses: list[JsonObject] = [
        {"status": 200, "when": f"the {words(thing.name)} is changed", "fields": shape.answer(thing, auth != "none")},
        _no(thing.name),
    ]
    if any(one.get("unique") for one in thing.fields):
        update["conflict"] = 409
        responses.append({"status": 409, "when": f"another {words(thing.name)} has this value"})
    if owner:
        responses.append({"status": 403, "when": f"the {words(thing.name)} belongs to another user"})
    queries: list[JsonObject] = [
        update,
        {
            "name": thing.name,
            "sql": f"{shape.select(thing, auth != 'none')} WHERE {thing.table}.id = :{thing.id_param}",
            "rows": "one",
        },
    ]
    writes: list[JsonObject] = [{"table": thing.table, "action": "update", "columns": names}]
    summary = f"change {_OWN if owner else 'a'} {words(thing.name)}; what is left out stays"
    served = ids(operation.ids, _needs_login(shape, auth))
    return Call(
        f"update_{thing.name}",
        "PATCH",
        thing.one,
        summary,
        thing.table,
        auth,
        served,
        _answers(auth, *responses),
        queries,
        thing.name,
        [_id_param(thing.id_param, thing.table)],
        _fields_body(thing.fields, partial=True),
        shape.reads(thing),
        writes,
        owner,
    )


def _link(shape: Shape, link: Link) -> Call:
    source, target = link.source_column, link.target_column
    queries: list[JsonObject] = []
    responses: list[JsonObject] = [
        _no(link.target_name),
        {"status": 409, "when": f"the caller has {link.past.replace('_', ' ')} this {words(link.target_name)} already"},
    ]
    if link.of_users and link.not_self:
        queries.append(
            {
                "name": "self",
                "sql": f"SELECT 1 AS same WHERE :{target} = :user_id",
                "rows": "one",
                "refuse_if_found": 400,
            }
        )
        responses.append({"status": 400, "when": "the user is the caller"})
    queries += [
        _found(link.target, target, link.target_name),
        {
            "name": "insert",
            "sql": f"INSERT INTO {link.table} ({source}, {target}, created_at) VALUES (:user_id, :{target}, :now)",
            "rows": "none",
            "conflict": 409,
        },
    ]
    writes: list[JsonObject] = [{"table": link.table, "action": "insert", "columns": [source, target, "created_at"]}]
    extra: dict[str, Json] = {}
    served = ids(link.ids, shape.login_ids())
    if shape.receiver(link.verb, link.target):
        notice = _told(shape, link.verb, link.target, target)
        queries += notice[0]
        extra["emits"], served = notice[1], ids(served, shape.notify["events"][link.verb], _live(shape))
        writes.append(notice[2])
    counted = f"SELECT :{target} AS {target}, count(*) AS {link.count}, 1 AS {link.past} FROM {link.table} WHERE {target} = :{target}"
    queries.append({"name": link.table, "sql": counted, "rows": "one"})
    fields = [
        {"name": target, "type": "uuid"},
        {"name": link.count, "type": "integer"},
        {"name": link.past, "type": "boolean"},
    ]
    responses.append({"status": 201, "when": f"the {words(link.noun)} is stored", "fields": fields})
    thing = "another user" if link.of_users else article(words(link.target_name))
    summary = f"{words(link.verb)} {thing}, once"
    return Call(
        f"{link.verb}_{link.target_name}",
        "POST",
        link.path,
        summary,
        link.table,
        "required",
        served,
        _answers("required", *responses),
        queries,
        link.table,
        [_id_param(target, link.target)],
        [],
        [link.target, link.table],
        writes,
        extra,
    )


def _unlink(shape: Shape, link: Link) -> Call:
    source, target = link.source_column, link.target_column
    queries: list[JsonObject] = [
        {
            "name": "delete",
            "sql": f"DELETE FROM {link.table} WHERE {source} = :user_id AND {target} = :{target}",
            "rows": "count",
            "missing": 404,
        }
    ]
    writes: list[JsonObject] = [{"table": link.table, "action": "delete", "columns": [source, target]}]
    responses: list[JsonObject] = [
        {"status": 204, "when": f"the {words(link.noun)} is gone"},
        {"status": 404, "when": f"the caller has not {link.past} this {words(link.target_name)}"},
    ]
    summary = f"take back the {words(link.noun)} of {article(words(link.target_name))}"
    return Call(
        f"un{link.verb}_{link.target_name}",
        "DELETE",
        link.path,
        summary,
        link.table,
        "required",
        ids(link.undo_ids, shape.login_ids()),
        _answers("required", *responses),
        queries,
        "",
        [_id_param(target, link.target)],
        [],
        [link.table],
        writes,
        {},
        "low",
    )


def _list_users(shape: Shape, users: Thing) -> Call:
    params: list[JsonObject] = [
        {"name": "q", "in": "query", "type": "string", "required": False, "min": 1, "max": 30},
        *paging_params(shape, users.listing),
    ]
    auth = "optional" if users.links else "none"
    sql = f"{shape.select(users, auth != 'none')} WHERE (:q IS NULL OR instr(lower(users.username), lower(:q)) > 0) ORDER BY users.username LIMIT :limit OFFSET :offset"
    responses: list[JsonObject] = [
        {"status": 200, "when": "the page of users", "list": True, "fields": shape.answer(users, auth != "none")}
    ]
    served = ids(
        shape.paging_ids,
        *(link.ids for link in users.links),
        users.operations["read"].ids if "read" in users.operations else (),
    )
    return Call(
        "list_users",
        "GET",
        "/api/users",
        "list users by name, filtered by a part of it",
        "users",
        auth,
        served,
        _answers(auth, *responses),
        [{"name": "users", "sql": sql, "rows": "many"}],
        "users",
        params,
        [],
        shape.reads(users),
    )


def _profile(shape: Shape, users: Thing) -> Call:
    fields = [one for one in users.fields if one["name"] in ("bio", "display_name")]
    names = [str(one["name"]) for one in fields]
    sets = ", ".join(f"{name} = coalesce(:{name}, {name})" for name in names)
    queries: list[JsonObject] = [
        {"name": "update", "sql": f"UPDATE users SET {sets} WHERE id = :user_id", "rows": "count", "missing": 404},
        {"name": "user", "sql": f"{shape.select(users, True)} WHERE users.id = :user_id", "rows": "one"},
    ]
    responses: list[JsonObject] = [
        {"status": 200, "when": "the profile is changed", "fields": shape.answer(users, True)},
        {"status": 404, "when": "the user is gone"},
    ]
    served = ids(users.operations["update"].ids, *(one["ids"] for one in fields), shape.login_ids())
    return Call(
        "update_profile",
        "PATCH",
        "/api/profile",
        "change one's own profile; what is left out stays",
        "users",
        "required",
        served,
        _answers("required", *responses),
        queries,
        "user",
        [],
        _fields_body(fields, partial=True),
        shape.reads(users),
        [{"table": "users", "action": "update", "columns": names}],
    )
