"""REST endpoints: the exact input bounds, SQL, answers and owners of everything that can be done with the things."""

# ruff: noqa: S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from runner.blueprint.decomposing.calls import (
    OWN,
    Call,
    answers_of,
    auth_of,
    body_of,
    endpoint_task,
    live_ids,
    login_ids,
    must_exist,
    not_there,
    notifying,
    path_id,
    tables_read,
)
from runner.blueprint.decomposing.endpoints_links import link_call, unlink_call
from runner.blueprint.decomposing.endpoints_lists import feed_call, list_call, users_call
from runner.blueprint.decomposing.shape import Operation, Shape, Thing, ids, words
from runner.blueprint.english import article
from runner.records import Json, JsonObject


def calls(shape: Shape) -> list[Call]:
    """Every endpoint of the things and of the links between them and users."""
    found: list[Call] = []
    for thing in shape.things:
        found.append(_create(shape, thing))
        found.append(list_call(shape, thing))
        if thing.feed is not None:
            found.append(feed_call(shape, thing))
        if "update" in thing.operations:
            found.append(_update(shape, thing))
        if "delete" in thing.operations:
            found.append(_delete(shape, thing))
        for link in thing.links:
            found += [link_call(shape, link), unlink_call(shape, link)]
    if shape.users is not None and (shape.users.links or "read" in shape.users.operations):
        found.append(users_call(shape, shape.users))
    if shape.users is not None and "update" in shape.users.operations:
        found.append(_profile(shape, shape.users))
    for link in shape.users.links if shape.users else ():
        found += [link_call(shape, link), unlink_call(shape, link)]
    return found


def tasks(shape: Shape) -> list[dict[str, Json]]:
    """One task an endpoint."""
    return [endpoint_task(shape, call) for call in calls(shape)]


def _create(shape: Shape, thing: Thing) -> Call:
    operation = thing.operations["create"]
    auth = auth_of(shape, operation.who)
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
    served = ids(operation.ids, *(f["ids"] for f in thing.fields), thing.ids, login_ids(shape, auth))
    writes: list[JsonObject] = [{"table": thing.table, "action": "insert", "columns": names}]
    params: list[JsonObject] = []
    if thing.parent:
        queries.insert(0, must_exist(thing.parent, f"{thing.parent_name}_id", thing.parent_name))
        params.append(path_id(f"{thing.parent_name}_id", thing.parent))
        responses.append(not_there(thing.parent_name))
        if auth == "required" and shape.receiver(thing.name, thing.parent):
            notice = notifying(shape, thing.name, thing.parent, f"{thing.parent_name}_id")
            queries += notice[0]
            extra["emits"], served = notice[1], ids(served, shape.notify["events"][thing.name], live_ids(shape))
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
        answers_of(auth, *responses),
        queries,
        thing.name,
        params,
        body_of(thing.fields),
        tables_read(shape, thing),
        writes,
        extra,
    )


def _value(thing: Thing, one: JsonObject) -> str:
    name = str(one["name"])
    if "default" in one:
        return f"coalesce(:{name}, '{one['default']}')"
    columns: list[JsonObject] = list(thing.ddl["columns"]) if thing.ddl else []
    given: JsonObject = next((column for column in columns if column["name"] == name), {})
    return f"coalesce(:{name}, {given['default']})" if "default" in given else f":{name}"


def _owner(thing: Thing, operation: Operation, auth: str) -> dict[str, Json]:
    if operation.who == "owner" and thing.owned and auth == "required":
        return {"owner": {"table": thing.table, "column": "user_id", "param": thing.id_param, "status": 403}}
    return {}


def _delete(shape: Shape, thing: Thing) -> Call:
    operation = thing.operations["delete"]
    auth = auth_of(shape, operation.who)
    owner = _owner(thing, operation, auth)
    gone = [link.table for link in thing.links] + [child.table for child in shape.children(thing)]
    responses: list[JsonObject] = [
        {
            "status": 204,
            "when": f"the {words(thing.name)} is gone"
            + (f", with its {' and '.join(words(name) for name in gone)}" if gone else ""),
        },
        not_there(thing.name),
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
    summary = f"delete {OWN if owner else 'a'} {words(thing.name)}"
    return Call(
        f"delete_{thing.name}",
        "DELETE",
        thing.one,
        summary,
        thing.table,
        auth,
        ids(operation.ids, login_ids(shape, auth)),
        answers_of(auth, *responses),
        queries,
        "",
        [path_id(thing.id_param, thing.table)],
        [],
        [thing.table],
        writes,
        owner,
        "low",
    )


def _update(shape: Shape, thing: Thing) -> Call:
    operation = thing.operations["update"]
    auth = auth_of(shape, operation.who)
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
        not_there(thing.name),
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
    summary = f"change {OWN if owner else 'a'} {words(thing.name)}; what is left out stays"
    served = ids(operation.ids, login_ids(shape, auth))
    return Call(
        f"update_{thing.name}",
        "PATCH",
        thing.one,
        summary,
        thing.table,
        auth,
        served,
        answers_of(auth, *responses),
        queries,
        thing.name,
        [path_id(thing.id_param, thing.table)],
        body_of(thing.fields, partial=True),
        shape.reads(thing),
        writes,
        owner,
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
        answers_of("required", *responses),
        queries,
        "user",
        [],
        body_of(fields, partial=True),
        shape.reads(users),
        [{"table": "users", "action": "update", "columns": names}],
    )
