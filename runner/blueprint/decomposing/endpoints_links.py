"""Endpoints by which a user links to a thing or to another user, and takes it back."""

# ruff: noqa: E501, S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from runner.blueprint.decomposing.calls import Call, answers_of, live_ids, must_exist, not_there, notifying, path_id
from runner.blueprint.decomposing.shape import Link, Shape, ids, words
from runner.blueprint.english import article
from runner.records import Json, JsonObject


def link_call(shape: Shape, link: Link) -> Call:
    source, target = link.source_column, link.target_column
    queries: list[JsonObject] = []
    responses: list[JsonObject] = [
        not_there(link.target_name),
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
        must_exist(link.target, target, link.target_name),
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
        notice = notifying(shape, link.verb, link.target, target)
        queries += notice[0]
        extra["emits"], served = notice[1], ids(served, shape.notify["events"][link.verb], live_ids(shape))
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
        answers_of("required", *responses),
        queries,
        link.table,
        [path_id(target, link.target)],
        [],
        [link.target, link.table],
        writes,
        extra,
    )


def unlink_call(shape: Shape, link: Link) -> Call:
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
        answers_of("required", *responses),
        queries,
        "",
        [path_id(target, link.target)],
        [],
        [link.table],
        writes,
        {},
        "low",
    )
