"""Tables and indexes: one migration each, in an order in which every foreign key finds its table."""

from __future__ import annotations

import re

from runner.blueprint.decomposing.shape import NOW, Link, Shape, Thing, ids
from runner.blueprint.decomposing.tasks import task
from runner.records import Json, JsonObject

_ID: dict[str, Json] = {"name": "id", "type": "TEXT", "null": False, "check": "length(id) = 36"}
_CREATED: dict[str, Json] = {"name": "created_at", "type": "TIMESTAMP", "null": False, "default": NOW}


def tasks(shape: Shape) -> list[dict[str, Json]]:
    """The tables of the plan, then the index over notifications."""
    tables: list[tuple[dict[str, Json], list[str], str]] = []
    if shape.users is not None:
        tables += [_users(shape, shape.users), _tokens(shape)]
    for thing in shape.things:
        if not thing.parent:
            tables.append(_thing(shape, thing))
            tables += [_link(shape, link) for link in thing.links]
    for thing in shape.things:
        if thing.parent:
            tables.append(_thing(shape, thing))
            tables += [_link(shape, link) for link in thing.links]
    tables += [_link(shape, link) for link in (shape.users.links if shape.users else ())]
    if shape.notify:
        tables.append(_notifications(shape))
    found = [_table(number, *table, shape) for number, table in enumerate(tables, 1)]
    if shape.notify:
        found.append(_index(len(tables) + 1, shape))
    return found


def migration(shape: Shape, table: str) -> str:
    """The file that creates the table."""
    return next(
        str(t["spec"]["file"]) for t in tasks(shape) if t["spec"]["kind"] == "table" and t["spec"]["table"] == table
    )


def _files(number: int, name: str) -> tuple[str, str]:
    return f"migrations/sqlite/{number:04d}_{name}.sql", f"migrations/postgresql/{number:04d}_{name}.sql"


def _table(number: int, spec: dict[str, Json], served: list[str], complexity: str, shape: Shape) -> dict[str, Json]:
    name = str(spec["table"])
    file, twin = _files(number, name)
    spec = {
        "kind": "table",
        "dialect": "sqlite",
        **spec,
        "file": file,
        "twins": [{"dialect": "postgresql", "file": twin}],
    }
    title = f"Create table {name} with its keys, checks and indexes"
    return task(f"database_{name}", title, "database", spec, served, complexity=complexity, outputs=[file, twin])


def _spec(table: str, columns: list[Json], key: list[str], foreign: list[Json], **more: Json) -> dict[str, Json]:
    return {
        "table": table,
        "columns": columns,
        "primary_key": key,
        "foreign_keys": foreign,
        "uniques": more.get("uniques", []),
        "checks": more.get("checks", []),
        "indexes": more.get("indexes", []),
    }


def _to(column: str, table: str) -> dict[str, Json]:
    return {"columns": [column], "table": table, "references": ["id"], "on_delete": "cascade"}


def _reference(column: str, null: bool = False) -> dict[str, Json]:
    return {"name": column, "type": "TEXT", "null": null}


def _users(shape: Shape, users: Thing) -> tuple[dict[str, Json], list[str], str]:
    columns: list[Json] = [_ID]
    for field in users.fields:
        if field["name"] == "password":
            columns.append(
                {"name": "password_hash", "type": "TEXT", "null": False, "check": "password_hash LIKE 'scrypt$%'"}
            )
        elif not field["required"]:
            columns.append(
                {
                    "name": field["name"],
                    "type": field["type"],
                    "null": False,
                    "default": "''",
                    "check": f"length({field['name']}) <= {field['max']}",
                }
            )
        else:
            columns.append(_column(field))
    columns.append(_CREATED)
    account = shape.stack["account"]
    served = ids(account["ids"], account["hashed"], *(field["ids"] for field in users.fields))
    return _spec("users", columns, ["id"], []), served, "low"


def _tokens(shape: Shape) -> tuple[dict[str, Json], list[str], str]:
    columns: list[Json] = [
        {"name": "token_hash", "type": "CHAR(64)", "null": False, "check": "length(token_hash) = 64"},
        _reference("user_id"),
        _CREATED,
        {"name": "expires_at", "type": "TIMESTAMP", "null": False},
    ]
    checks = [{"name": "tokens_expire_later", "expression": "expires_at > created_at"}]
    spec = _spec(
        "tokens",
        columns,
        ["token_hash"],
        [_to("user_id", "users")],
        checks=checks,
        indexes=[{"name": "idx_tokens_user_id", "columns": ["user_id"]}],
    )
    account = shape.stack["account"]
    return spec, ids(account["ids"], account["hashed"], account["login_for"]), "low"


def _column(field: JsonObject) -> dict[str, Json]:
    """A field as a column whose check states every bound."""
    name = str(field["name"])
    column: dict[str, Json] = {
        "name": name,
        "type": field["type"],
        "null": not field["required"] and "default" not in field,
    }
    if "default" in field:
        column["default"] = f"'{field['default']}'"
    if field.get("unique"):
        column["unique"] = True
    check = check_of(field)
    if check:
        column["check"] = check
    return column


def check_of(field: JsonObject) -> str:
    """The SQL of the field's bounds, "" for none."""
    name, low, high = str(field["name"]), field.get("min"), field.get("max")
    if "choices" in field:
        return f"{name} IN ({', '.join(repr(str(choice)) for choice in field['choices'])})"
    if field["kind"] == "boolean":
        return f"{name} IN (0, 1)"
    if field["kind"] in ("date", "datetime"):
        return f"date({name}, '+0 days') IS {name}" if field["kind"] == "date" else ""
    subject = f"length({name})" if field["kind"] == "string" else name
    if low is not None and high is not None:
        return f"{subject} BETWEEN {low} AND {high}"
    if high is not None:
        return f"{subject} <= {high}"
    return f"{subject} >= {low}" if low is not None else ""


def _thing(shape: Shape, thing: Thing) -> tuple[dict[str, Json], list[str], str]:
    served = ids(thing.ids, thing.operations["create"].ids, *(field["ids"] for field in thing.fields))
    if thing.ddl is not None:
        return _given(thing), served, "low"
    columns: list[Json] = [_ID]
    foreign: list[Json] = []
    if thing.parent:
        columns.append(_reference(f"{thing.parent_name}_id"))
        foreign.append(_to(f"{thing.parent_name}_id", thing.parent))
    if thing.owned:
        columns.append(_reference("user_id"))
        foreign.append(_to("user_id", "users"))
    columns += [*(_column(field) for field in thing.fields), _CREATED]
    return (
        _spec(thing.table, columns, ["id"], foreign, indexes=_indexes(thing)),
        served,
        "low" if len(thing.fields) < 5 else "medium",
    )


def _given(thing: Thing) -> dict[str, Json]:
    """The table as the request states it. SQLite does not enforce VARCHAR(n), so that the check says it as well."""
    bounds = {str(field["name"]): field for field in thing.fields}
    columns: list[Json] = []
    for column in (thing.ddl or {})["columns"]:
        field = bounds.get(str(column["name"]), {})
        size = re.search(r"CHAR\w*\s*\((\d+)\)", str(column["type"]))
        limit = f"length({column['name']}) <= {size.group(1)}" if size and field.get("kind") == "string" else ""
        known = str(column.get("check", ""))
        if limit and not re.search(r"between|<", known, re.I):
            columns.append({**column, "check": f"({known}) AND {limit}" if known else limit})
        else:
            columns.append(column)
    return {**(thing.ddl or {}), "columns": columns}


def _indexes(thing: Thing) -> list[Json]:
    if thing.parent:
        return [
            {"name": f"idx_{thing.table}_{thing.parent_name}_id", "columns": [f"{thing.parent_name}_id", "created_at"]}
        ]
    found: list[Json] = [{"name": f"idx_{thing.table}_user_id", "columns": ["user_id"]}] if thing.owned else []
    order = str(thing.listing["order"])
    if order == "created_at":
        found.append({"name": f"idx_{thing.table}_created_at", "columns": ["created_at DESC"]})
    elif order != "username" and not any(field["name"] == order and field.get("unique") for field in thing.fields):
        found.append({"name": f"idx_{thing.table}_{order}", "columns": [order]})
    return found


def _link(shape: Shape, link: Link) -> tuple[dict[str, Json], list[str], str]:
    source, target = link.source_column, link.target_column
    columns: list[Json] = [_reference(source), _reference(target), _CREATED]
    checks: list[Json] = (
        [{"name": f"{link.table}_not_self", "expression": f"{source} <> {target}"}]
        if link.of_users and link.not_self
        else []
    )
    spec = _spec(
        link.table,
        columns,
        [source, target],
        [_to(source, "users"), _to(target, link.target)],
        checks=checks,
        indexes=[{"name": f"idx_{link.table}_{target}", "columns": [target]}],
    )
    return spec, list(link.ids), "low"


def notified_columns(shape: Shape) -> list[tuple[str, str, list[str]]]:
    """(column, table, events) for each thing that notifications point at."""
    found: dict[str, tuple[str, list[str]]] = {}
    for link in shape.links:
        if not link.of_users and shape.receiver(link.verb, link.target):
            found.setdefault(f"{link.target_name}_id", (link.target, []))[1].append(link.verb)
    for thing in shape.things:
        if thing.parent and shape.receiver(thing.name, thing.parent):
            found.setdefault(f"{thing.parent_name}_id", (thing.parent, []))[1].append(thing.name)
    return [(column, table, sorted(events)) for column, (table, events) in found.items()]


def events(shape: Shape) -> list[str]:
    """The kinds of notifications, sorted."""
    on_users = [link.verb for link in shape.links if link.of_users and shape.receiver(link.verb, "users")]
    return sorted({*on_users, *(event for _, _, names in notified_columns(shape) for event in names)})


def _notifications(shape: Shape) -> tuple[dict[str, Json], list[str], str]:
    known = events(shape)
    size = max(20, *(len(event) for event in known))
    kinds = ", ".join(f"'{event}'" for event in known)
    columns: list[Json] = [
        _ID,
        _reference("user_id"),
        _reference("actor_id"),
        {"name": "kind", "type": f"VARCHAR({size})", "null": False, "check": f"kind IN ({kinds})"},
    ]
    foreign = [_to("user_id", "users"), _to("actor_id", "users")]
    checks: list[Json] = [{"name": "notifications_not_self", "expression": "user_id <> actor_id"}]
    for column, table, names in notified_columns(shape):
        columns.append(_reference(column, null=True))
        foreign.append(_to(column, table))
        about = ", ".join(f"'{name}'" for name in names)
        checks.append(
            {
                "name": f"notifications_{column.removesuffix('_id')}",
                "expression": f"(kind IN ({about})) = ({column} IS NOT NULL)",
            }
        )
    if reads(shape):
        columns.append(
            {"name": "is_read", "type": "BOOLEAN", "null": False, "default": "0", "check": "is_read IN (0, 1)"}
        )
    columns.append(_CREATED)
    return _spec("notifications", columns, ["id"], foreign, checks=checks), list(shape.notify["ids"]), "medium"


def reads(shape: Shape) -> bool:
    """Whether notifications can be marked as read."""
    return bool(shape.notify and (shape.notify["read"] or shape.notify["read_all"]))


def _index(number: int, shape: Shape) -> dict[str, Json]:
    name = "idx_notifications_user_id"
    file, twin = _files(number, name)
    spec = {
        "kind": "index",
        "dialect": "sqlite",
        "table": "notifications",
        "name": name,
        "columns": ["user_id", "created_at DESC"],
        "unique": False,
        "file": file,
        "twins": [{"dialect": "postgresql", "file": twin}],
    }
    return task(
        "database_index_notifications",
        "Index notifications by user and time",
        "database",
        spec,
        shape.notify["ids"],
        outputs=[file, twin],
    )
