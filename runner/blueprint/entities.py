"""Folded things as the plan's entities: every field with bounds, every relation with who asked for it.

Bounds that nobody said are assumptions: shown, with their reason, and easily struck.
"""

# ruff: noqa: E501 - sentences and SQL are easier to read and compare on one line.

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from runner.blueprint.doubting import ACCOUNTS, ORDER, Assume
from runner.blueprint.english import article, join, plural
from runner.blueprint.things import INTEGERS, LONG, NUMBERS, TEXTS, Thing, World
from runner.records import Json, JsonObject

NOW = "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"


def entities_of(world: World, assume: Assume, signed_in: bool) -> tuple[list[dict[str, Json]], dict[str, Json]]:
    """The entities, users first, parents before children; and the plan's stack with what holds for all of them."""
    accounts = signed_in and _wants_accounts(world)
    stack: dict[str, Json] = {
        "backend": "fastapi",
        "database": "sqlite",
        "frontend": "web-components",
        "language": "python",
        "accounts": accounts,
    }
    entities = [_users(world, assume, stack)] if accounts else []
    entities += [_entity(thing, world, assume, accounts) for thing in _ordered(world)]
    stack["paging"] = _paging(world, assume)
    notify = _notify(world, assume, accounts)
    if notify:
        stack["notify"] = notify
    return entities, stack


def _sorted(ids: Iterable[str]) -> list[str]:
    return sorted(set(ids), key=lambda id_: ("RCSA".index(id_[0]), int(id_[2:])))


def _wants_accounts(world: World) -> bool:
    if world.accounts or world.hashed or world.login_for:
        return True
    things = world.things.values()
    people = any(op["who"] in ("user", "owner") for thing in things for op in thing.operations.values())
    owned = any(thing.links or _owned_ddl(thing) for thing in things)
    return people or owned


def _owned_ddl(thing: Thing) -> bool:
    return thing.table is not None and any(column["name"] == "user_id" for column in thing.table["columns"])


def _ordered(world: World) -> list[Thing]:
    """Things but users, each after the thing it belongs to."""
    waiting = [thing for thing in world.things.values() if thing.name != "user"]
    done: list[Thing] = []
    while waiting:
        names = {thing.name for thing in waiting}
        free = [thing for thing in waiting if not (set(thing.parents) & names) - {thing.name}] or waiting[:1]
        done += free
        waiting = [thing for thing in waiting if thing not in free]
    return done


def _users(world: World, assume: Assume, stack: dict[str, Json]) -> dict[str, Json]:
    user = world.things["user"]
    asked = set(world.accounts) | {id_ for data in user.fields.values() for id_ in data.get("ids", ())}
    if not world.accounts:
        asked.add(
            assume(
                "People sign up with a username and a password, and log in.",
                "The request says what users do, not how they become users.",
                ACCOUNTS,
            )
        )
    told = user.fields
    names = ["username", *[name for name in told if name not in ("username", "password")], "password"]
    fields = [_account_field(name, told.get(name, {"name": name}), asked, assume) for name in names]
    stack["account"] = {
        "ids": _sorted(asked),
        "login_by": world.login_by or "username",
        "hashed": _sorted(world.hashed),
        "login_for": _sorted(world.login_for),
    }
    relations = [_link(link, user, assume) for link in user.links.values()]
    relations += _operations(user)
    if "update" in user.operations and not [name for name in names if name in ("bio", "display_name")]:
        fields.insert(1, _account_field("bio", {"name": "bio", "required": False}, asked, assume))
    return {"name": "users", "table": "users", "fields": fields, "relations": relations}


_ACCOUNT: Mapping[str, JsonObject] = {
    "username": {"min": 3, "max": 30, "pattern": "^[a-z0-9_]+$", "unique": True, "required": True},
    "password": {"min": 8, "max": 200, "format": "password", "required": True},
    "email": {"min": 3, "max": 254, "format": "email", "unique": True, "required": True},
    "bio": {"max": 160, "required": False},
    "display_name": {"max": 50, "required": False},
}


def _account_field(name: str, told: JsonObject, asked: set[str], assume: Assume) -> dict[str, Json]:
    default = _ACCOUNT[name]
    said = {key: value for key, value in told.items() if key not in ("ids", "name", "type")}
    missing = [key for key in ("min", "max", "pattern") if key in default and key not in said]
    ids = set(told.get("ids", ())) or set(asked)
    if missing and name in ("username", "password"):
        text = {
            "username": f"A username has {said.get('min', 3)} to {said.get('max', 30)} characters of its alphabet and is unique.",
            "password": f"A password has {said.get('min', 8)} to {said.get('max', 200)} characters.",
        }
        ids.add(assume(text[name], "The request does not bound it.", ACCOUNTS))
    merged = {**default, **said}
    if "min" in merged and "max" in merged and merged["max"] < merged["min"]:
        merged["min"] = merged["max"]
    sql = "TEXT" if name == "password" else f"VARCHAR({merged['max']})"
    return {"name": name, "kind": "string", "type": sql, **merged, "ids": _sorted(ids)}


def _entity(thing: Thing, world: World, assume: Assume, accounts: bool) -> dict[str, Json]:
    table = str(thing.table["table"]) if thing.table is not None else plural(thing.name)
    _creatable(thing, assume, accounts)
    owned = accounts and (_owned_ddl(thing) if thing.table is not None else thing.operations["create"]["who"] != "any")
    relations: list[dict[str, Json]] = []
    if thing.table is not None:
        relations.append({"kind": "ddl", "spec": dict(thing.table), "ids": _sorted(thing.ids)})
    if owned:
        relations.append(
            {"kind": "belongs_to", "to": "users", "by": "user_id", "role": "owner", "ids": _sorted(thing.ids)}
        )
    for parent, ids in thing.parents.items():
        relations.append(
            {"kind": "belongs_to", "to": plural(parent), "by": f"{parent}_id", "role": "parent", "ids": _sorted(ids)}
        )
    relations += _operations(thing)
    relations += [_link(link, thing, assume) for link in thing.links.values()]
    if thing.feed is not None:
        relations.append({"kind": "feed", "own": thing.feed["own"], "ids": _sorted(thing.feed["ids"])})
    relations.append(_list(thing, assume))
    return {"name": table, "table": table, "fields": _fields(thing, assume), "relations": relations}


def _creatable(thing: Thing, assume: Assume, accounts: bool) -> None:
    """Somebody must be able to make it: who, is assumed where the request does not say."""
    if "create" not in thing.operations:
        who = "user" if accounts else "any"
        named = article(thing.name.replace("_", " "))
        text = f"{'A signed-in user' if accounts else 'Anyone'} can add {named}."
        thing.operations["create"] = {
            "who": who,
            "ids": {assume(text, "The request says what it is, not who makes it.", *thing.name.split("_"))},
        }
    if not accounts:
        for operation in thing.operations.values():
            operation["who"] = "any"


def _operations(thing: Thing) -> list[dict[str, Json]]:
    return [
        {
            "kind": "operation",
            "action": action,
            "who": data["who"],
            "ids": _sorted([*data["ids"], *(thing.ids if action == "create" else ())]),
        }
        for action, data in thing.operations.items()
    ]


def _link(link: JsonObject, target: Thing, assume: Assume) -> dict[str, Json]:
    verb = str(link["verb"])
    undo = list(link.get("undo_ids", ()))
    if not undo:
        undo = [
            assume(
                f"{article(verb).capitalize()} can be taken back.",
                "Whoever does it by mistake needs a way back.",
                verb.split("_")[0],
            )
        ]
    ids = [*link["ids"], *(target.shows if target.name != "user" else ())]
    return {
        "kind": "link",
        "verb": verb,
        "not_self": link["not_self"] or target.name == "user",
        "ids": _sorted(ids),
        "undo_ids": _sorted(undo),
    }


def _list(thing: Thing, assume: Assume) -> dict[str, Json]:
    listing = thing.listing
    narrow = [{"how": how, "by": by, "ids": _sorted(ids)} for (how, by), ids in listing.get("narrow", {}).items()]
    asked = [*listing.get("ids", ()), *thing.operations.get("read", {"ids": ()})["ids"], *thing.shows]
    order = listing.get("order", "oldest" if thing.parents else "newest")
    if order == "":
        order = next((name for name in ("title", "name") if name in thing.fields), "created_at")
    descending = bool(listing.get("descending", order == "newest"))
    if "order" not in listing:
        named = plural(thing.name).replace("_", " ").capitalize()
        text = f"{named} are listed {'newest' if descending else 'oldest'} first."
        asked.append(assume(text, "The request does not say in what order.", *thing.name.split("_"), ORDER))
    order = "created_at" if order in ("oldest", "newest") else order
    return {
        "kind": "list",
        "order": order,
        "descending": descending,
        "size": listing.get("size", 0),
        "max": listing.get("max", 0),
        "narrow": narrow,
        "ids": _sorted(asked),
    }


def _fields(thing: Thing, assume: Assume) -> list[dict[str, Json]]:
    if thing.table is not None:
        return [
            _ddl_field(column, thing)
            for column in thing.table["columns"]
            if column["name"] not in ("id", "user_id", "created_at")
        ]
    assumed: list[str] = []
    if not thing.fields:
        return [_main_field(thing, assume)]
    fields = [_field(data, assumed) for data in thing.fields.values()]
    if assumed:
        id_ = assume(
            f"{thing.name.replace('_', ' ').capitalize()}: {join(assumed)}.",
            "The request names the field and does not bound it.",
            *thing.name.split("_"),
            "|".join(str(data["name"]).split("_")[-1] for data in fields if data.get("assumed")),
        )
        for data in fields:
            data["ids"] = _sorted([*data["ids"], id_]) if data.pop("assumed", False) else data["ids"]
    return fields


def _main_field(thing: Thing, assume: Assume) -> dict[str, Json]:
    """The text of a thing of which only is said that it is written; its name, if it is rather a thing than a text."""
    name = "content" if thing.name.split("_")[-1] in TEXTS or thing.content else "name"
    ids = [*thing.content.get("ids", ()), *thing.ids, *thing.operations["create"]["ids"]]
    least, most = thing.content.get("min", 1), thing.content.get("max")
    if most is None:
        most = 280 if name == "content" else 120
        named = article(thing.name.replace("_", " "))
        ids.append(
            assume(
                f"{named.capitalize()} has a {'text' if name == 'content' else 'name'} of {least} to {most} characters.",
                "The request does not say what it holds, or how much.",
                *thing.name.split("_"),
            )
        )
    return {
        "name": name,
        "kind": "string",
        "type": f"VARCHAR({most})",
        "min": least,
        "max": most,
        "required": True,
        "ids": _sorted(ids),
    }


def _field(data: JsonObject, assumed: list[str]) -> dict[str, Json]:
    name = str(data["name"])
    last = name.split("_")[-1]
    kind = str(data.get("type") or _guessed(name, last, data))
    found: dict[str, Json] = {
        "name": name,
        "kind": kind,
        "required": bool(data.get("required", True)) and "default" not in data,
    }
    for key in ("min", "max", "unique", "choices", "pattern", "format", "default"):
        if key in data:
            found[key] = data[key]
    if kind == "string" and "choices" not in found:
        if "max" not in found:
            found["max"] = max(2000 if last in LONG or data.get("long") else 120, int(found.get("min", 0)))
            found["assumed"] = True
            assumed.append(f"{name.replace('_', ' ')} has up to {found['max']} characters")
        if found["required"]:
            found.setdefault("min", 1)
    found["type"] = _sql_type(found)
    found["ids"] = _sorted(data["ids"])
    return found


def _guessed(name: str, last: str, data: JsonObject) -> str:
    if "choices" in data or "pattern" in data or "format" in data:
        return "string"
    if last == "number" and name != "number" and "numeric" not in data:
        return "string"
    if last == "date" or name in ("deadline", "birthday", "due"):
        return "date"
    if data.get("numeric"):
        return "number" if last in NUMBERS else "integer"
    if last in INTEGERS or name.startswith("number_of"):
        return "integer"
    return "number" if last in NUMBERS else "string"


def _sql_type(data: JsonObject) -> str:
    if data["kind"] == "string":
        most = data.get("max") or max((len(choice) for choice in data.get("choices", ())), default=20)
        return f"VARCHAR({max(int(most), 1)})"
    return {"integer": "INTEGER", "number": "NUMERIC", "boolean": "BOOLEAN", "date": "DATE", "datetime": "TIMESTAMP"}[
        str(data["kind"])
    ]


def _ddl_field(column: JsonObject, thing: Thing) -> dict[str, Json]:
    """A column of a given table as a field of the API, with the bounds that its type and check state."""
    sql = str(column["type"]).upper()
    kind = (
        "integer"
        if "INT" in sql
        else "boolean"
        if "BOOL" in sql
        else "number"
        if sql.startswith(("NUM", "REAL", "DEC", "FLOAT"))
        else "string"
    )
    kind = "datetime" if sql.startswith("TIMESTAMP") else "date" if sql == "DATE" else kind
    found: dict[str, Json] = {
        "name": column["name"],
        "kind": kind,
        "type": sql,
        "required": not column["null"] and "default" not in column,
        "given": True,
    }
    found |= _ddl_bounds(str(column["name"]), sql, str(column.get("check", "")), kind)
    return {**found, "unique": bool(column.get("unique")), "ids": _sorted(thing.ids)}


def _ddl_bounds(name: str, sql: str, check: str, kind: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if sized := re.search(r"CHAR\w*\s*\((\d+)\)", sql):
        found["max"] = int(sized.group(1))
    subject = rf"length\({name}\)" if kind == "string" else name
    for sign, number in re.findall(rf"{subject}\s*(>=|<=|>|<)\s*(\d+)", check):
        key, value = ("min" if ">" in sign else "max"), int(number) + {">": 1, "<": -1}.get(sign, 0)
        found[key] = min(value, int(found["max"])) if key == "max" and "max" in found else value
    if between := re.search(rf"{subject}\s+between\s+(\d+)\s+and\s+(\d+)", check, re.I):
        found |= {"min": int(between.group(1)), "max": int(between.group(2))}
    if chosen := re.search(rf"{name}\s+in\s*\(([^)]*)\)", check, re.I):
        found["choices"] = [value.strip(" '") for value in chosen.group(1).split(",")]
    return found


def _paging(world: World, assume: Assume) -> dict[str, Json]:
    size, most = world.lists.get("size"), world.lists.get("max")
    ids = list(world.lists.get("ids", ()))
    if size is None or most is None:
        size = size or min(20, most or 20)
        most = most or max(100, size)
        ids.append(
            assume(
                f"A list gives {size} entries at a time, and at most {most} when asked for more.",
                "The request does not bound every list.",
                "entries|pagination|paging|paginated|per",
            )
        )
    return {"size": size, "max": max(size, most), "ids": _sorted(ids)}


def _notify(world: World, assume: Assume, accounts: bool) -> dict[str, Json] | None:
    events = {event: set(ids) for event, ids in world.notify.items()}
    if world.every_event and accounts:
        for event in _possible(world):
            events.setdefault(event, set()).update(world.every_event)
    if not events or not accounts:
        return None
    ids = {id_ for found in events.values() for id_ in found} | world.live | world.every_event
    return {
        "events": {event: _sorted(found) for event, found in sorted(events.items())},
        "live": True,
        "ids": _sorted(ids),
        "listing": {
            "size": world.inbox_listing.get("size", 0),
            "max": world.inbox_listing.get("max", 0),
            "descending": bool(world.inbox_listing.get("descending", True)),
            "ids": _sorted(world.inbox_listing.get("ids", ())),
        },
        "read": _sorted(world.inbox.get("read", ())),
        "read_all": _sorted(world.inbox.get("read_all", ())),
    }


def _possible(world: World) -> list[str]:
    """Everything that happens to what belongs to somebody."""
    links = [verb for thing in world.things.values() for verb in thing.links]
    children = [thing.name for thing in world.things.values() if thing.parents]
    return sorted({*links, *children})
