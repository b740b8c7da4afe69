"""Endpoints that list: pages, order, filters, search, the feed, the users."""

# ruff: noqa: E501, S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from runner.blueprint.decomposing.calls import (
    AND_OWN,
    Call,
    answers_of,
    must_exist,
    not_there,
    paging_params,
    path_id,
    reading_auth,
    tables_read,
)
from runner.blueprint.decomposing.shape import Operation, Shape, Thing, answer_type, ids, words
from runner.blueprint.english import article
from runner.records import Json, JsonObject


def list_call(shape: Shape, thing: Thing) -> Call:
    auth = reading_auth(shape, thing)
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
        queries.append(must_exist(thing.parent, f"{thing.parent_name}_id", thing.parent_name))
        params.insert(0, path_id(f"{thing.parent_name}_id", thing.parent))
        where.insert(0, f"{thing.table}.{thing.parent_name}_id = :{thing.parent_name}_id")
        responses.append(not_there(thing.parent_name))
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
        answers_of(auth, *responses),
        queries,
        thing.table,
        [*params, *paging_params(shape, thing.listing)],
        [],
        tables_read(shape, thing),
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


def feed_call(shape: Shape, thing: Thing) -> Call:
    follow = next(link for link in shape.links if link.of_users and link.verb == "follow")
    followed = f"{thing.table}.user_id IN (SELECT {follow.table}.{follow.target_column} FROM {follow.table} WHERE {follow.table}.{follow.source_column} = :user_id)"
    own = bool(thing.feed and thing.feed["own"])
    where = f"{thing.table}.user_id = :user_id OR {followed}" if own else followed
    listing = thing.feed or {}
    sql = f"{shape.select(thing, True)} WHERE {where} ORDER BY {thing.table}.created_at DESC, {thing.table}.id DESC LIMIT :limit OFFSET :offset"
    summary = f"list the {words(thing.table)} of followed users{AND_OWN if own else ''}, newest first"
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
        answers_of("required", *responses),
        [{"name": thing.table, "sql": sql, "rows": "many"}],
        thing.table,
        paging_params(shape, {}),
        [],
        [*shape.reads(thing), follow.table],
    )


def users_call(shape: Shape, users: Thing) -> Call:
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
        answers_of(auth, *responses),
        [{"name": "users", "sql": sql, "rows": "many"}],
        "users",
        params,
        [],
        shape.reads(users),
    )
