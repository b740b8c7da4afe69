"""Tests of one thing over HTTP: bounds, pages, filters, owners, feed."""

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing.calls import Call
from runner.blueprint.decomposing.samples import body, chain, user, value
from runner.blueprint.decomposing.shape import Shape, Thing, ids, words
from runner.blueprint.decomposing.testing_cases import (
    Steps,
    case_of,
    creating,
    edge_values,
    is_bounded,
    listing_call,
    route_files,
    rows_above,
    shown_values,
    tests_task,
)
from runner.records import Json, JsonObject


def thing_tests(shape: Shape, thing: Thing, calls: Sequence[Call]) -> dict[str, Json]:
    cases = [bounds(shape, thing, one) for one in thing.fields if is_bounded(one) and "default" not in one]
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
    return tests_task(
        shape,
        thing.table,
        f"{words(thing.table).capitalize()}: bounds, pages, owners",
        "integration",
        served,
        targets,
        route_files(calls, [*names, *above, *follow]),
        cases,
    )


def bounds(shape: Shape, thing: Thing, one: JsonObject) -> dict[str, Json]:
    name = str(one["name"])
    accepted, refused = edge_values(one)
    steps = rows_above(shape, thing)
    for number, (sent, expect) in enumerate([*((v, 201) for v in accepted), *((v, 422) for v in refused)]):
        steps.append(creating(shape, thing, "ada", number + 3, expect=expect, **{name: sent}))
    return case_of(
        f"{name}_is_bounded",
        "ada",
        f"{name} is {shown_values(accepted)}, then {shown_values(refused)}",
        "201 within the bounds, 422 outside",
        steps,
    )


def _taken(shape: Shape, thing: Thing, one: JsonObject) -> dict[str, Json]:
    name = str(one["name"])
    again = creating(shape, thing, "ada", 1, expect=409, **{name: value(one)})
    return case_of(
        f"{name}_is_taken",
        f"a {words(thing.name)}",
        f"another with the same {words(name)} is created",
        "409",
        [*rows_above(shape, thing), creating(shape, thing, "ada"), again],
    )


def _pages(shape: Shape, thing: Thing) -> dict[str, Json]:
    most = max(int(thing.listing["max"] or shape.stack["paging"]["max"]), int(thing.listing["size"] or 0))
    steps = [*rows_above(shape, thing), *(creating(shape, thing, "ada", number) for number in range(3))]
    steps += [
        listing_call(thing, shape, query={"limit": 2}, **_first_two(thing)),
        listing_call(thing, shape, query={"limit": 2, "offset": 2}, count=1),
        listing_call(thing, shape) | {"query": {"limit": 0}, "expect": 422},
        listing_call(thing, shape) | {"query": {"limit": most + 1}, "expect": 422},
    ]
    return case_of(
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
        start = rows_above(shape, thing)
        if how == "author":
            steps: Steps = [
                creating(shape, thing, "ada"),
                creating(shape, thing, "bob", 1),
                listing_call(thing, shape, query={"author": user(shape)["username"]}, count=1),
            ]
        elif how in ("words", "text"):
            name = by or next(
                str(one["name"]) for one in thing.fields if one["kind"] == "string" and "choices" not in one
            )
            red: dict[str, Json] = {name: "a red apple"}
            green: dict[str, Json] = {name: "a green apple"}
            steps = [
                creating(shape, thing, "ada", 0, "", 201, **red),
                creating(shape, thing, "ada", 1, "", 201, **green),
                listing_call(thing, shape, query={"q": "GREEN"}, column={name: ["a green apple"]}),
                listing_call(thing, shape, query={"q": "apple"}, count=2),
            ]
        elif how == "filter":
            one = next(one for one in thing.fields if one["name"] == by)
            if value(one) == value(one, 1):
                continue
            steps = [
                creating(shape, thing, "ada", **{by: value(one)}),
                creating(shape, thing, "ada", 1, **{by: value(one, 1)}),
                listing_call(thing, shape, query={by: value(one, 1)}, column={by: [value(one, 1)]}),
            ]
        else:
            one = next(one for one in thing.fields if one["name"] == by)
            ordered = sorted((value(one), value(one, 1)))
            steps = [
                creating(shape, thing, "ada", **{by: value(one)}),
                creating(shape, thing, "ada", 1, **{by: value(one, 1)}),
                listing_call(thing, shape, query={"sort": by}, column={by: ordered}),
            ]
        cases.append(
            case_of(
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
    start = [*rows_above(shape, thing), creating(shape, thing, "ada", save=thing.name)]
    after: Steps = [call | ada | {"expect": 404}] if action == "delete" else []
    own = call | ada | {"expect": good} | ({"fields": call["body"]} if action == "update" else {})
    cases = [
        case_of(f"{action}_own", f"a {words(thing.name)} of ada", f"ada {action}s it", str(good), [*start, own, *after])
    ]
    if operation.who == "owner" and thing.owned:
        cases.append(
            case_of(
                f"{action}_of_another",
                f"a {words(thing.name)} of ada",
                f"bob tries to {action} it",
                "403, and it stays",
                [*start, call | {"as": "bob", "expect": 403}, listing_call(thing, shape, count=1)],
            )
        )
    if shape.accounts and operation.who != "any":
        cases.append(
            case_of(
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
        creating(shape, thing, "ada", 0),
        creating(shape, thing, "bob", 1, save="bobs"),
        creating(shape, thing, "cleo", 2),
    ]
    steps.append(
        {"call": f"POST {follow.path}", "as": "ada", "expect": 201, "path": {follow.target_column: "{bobs.user_id}"}}
    )
    own = bool(thing.feed and thing.feed["own"])
    expected = [body(thing, 1)[thing.main], *([body(thing, 0)[thing.main]] if own else [])]
    steps.append({"call": "GET /api/feed", "as": "ada", "expect": 200, "column": {thing.main: expected}})
    return case_of(
        "feed_holds_followed" + ("_and_own" if own else ""),
        f"{words(thing.table)} of ada, bob and cleo; ada follows bob",
        "ada reads the feed",
        "bob's" + (" and ada's" if own else "") + ", newest first",
        steps,
    )
