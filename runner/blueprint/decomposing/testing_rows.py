"""Tests of the database itself: for each constraint rows that must pass and rows that must fail."""

# ruff: noqa: S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from runner.blueprint.decomposing import database
from runner.blueprint.decomposing.samples import OTHER, USER, chain, insert, row, user, value
from runner.blueprint.decomposing.shape import Link, Shape, Thing, ids, words
from runner.blueprint.decomposing.testing_cases import (
    NOWHERE,
    ROW,
    Steps,
    case_of,
    edge_values,
    is_bounded,
    other_email,
    shown_values,
    tests_task,
)
from runner.records import Json, JsonObject


def _setting(shape: Shape, thing: Thing) -> Steps:
    """The rows that a row of the thing needs."""
    steps: Steps = [insert("users", user(shape))] if shape.accounts else []
    for above in chain(shape, thing):
        fake = f"00000000-0000-4000-8000-0000000001{[other.table for other in shape.things].index(above.table):02d}"
        steps.append(insert(above.table, row(shape, above, fake)))
    return steps


def constraint_tests(shape: Shape) -> dict[str, Json]:
    cases: list[dict[str, Json]] = []
    for thing in shape.things:
        cases += [_bounded_row(shape, thing, one) for one in thing.fields if is_bounded(one)]
        cases += [_unique_row(shape, thing, one) for one in thing.fields if one.get("unique")]
        if thing.owned:
            bare = row(shape, thing, f"{ROW}1")
            setting = (
                [step for step in _setting(shape, thing) if not str(step["sql"]).startswith("INSERT INTO users")]
                if not thing.parent
                else []
            )
            cases.append(
                case_of(
                    f"{thing.name}_needs_its_user",
                    "no user",
                    f"a {words(thing.name)} of an unknown user is inserted",
                    "it is refused",
                    [*setting, insert(thing.table, bare, True)],
                )
            )
    if shape.accounts:
        cases += [
            case_of(
                "username_is_unique",
                "a user ada",
                "another ada is inserted",
                "it is refused",
                [insert("users", user(shape)), insert("users", user(shape, OTHER) | other_email(shape), True)],
            ),
            case_of(
                "password_text_is_refused",
                "no user",
                "a user whose password_hash is no scrypt hash is inserted",
                "it is refused",
                [insert("users", {**user(shape), "password_hash": "secret"}, True)],
            ),
        ]
    cases += [_unique_link(shape, link) for link in shape.links]
    cases += [_not_self(shape, link) for link in shape.links if link.of_users and link.not_self]
    cases.append(migrations_once(shape))
    tables = [one["spec"] for one in database.tasks(shape) if one["spec"]["kind"] == "table"]
    served = ids(
        *(thing.ids for thing in shape.things),
        *(one["ids"] for thing in shape.things for one in thing.fields),
        *(link.ids for link in shape.links),
    )
    if shape.accounts:
        served = ids(
            served,
            shape.stack["account"]["hashed"],
            *(one["ids"] for one in (shape.users.fields if shape.users else ())),
        )
    targets = [str(table["table"]) for table in tables if table["table"] != "tokens"]
    return tests_task(
        shape,
        "constraints",
        "Constraints hold in the database itself",
        "unit",
        served,
        [*targets, "app/database.py"],
        [str(table["file"]) for table in tables],
        cases,
    )


def _bounded_row(shape: Shape, thing: Thing, one: JsonObject) -> dict[str, Json]:
    accepted, refused = edge_values(one)
    name = str(one["name"])
    steps = _setting(shape, thing)
    for number, (sent, bad) in enumerate([*((v, False) for v in accepted), *((v, True) for v in refused)]):
        steps.append(insert(thing.table, row(shape, thing, f"{ROW}{number}", number, **{name: sent}), bad))
    return case_of(
        f"{thing.name}_{name}_is_bounded",
        "what it belongs to",
        f"{name} is {shown_values(accepted)}, then {shown_values(refused)}",
        f"{shown_values(accepted)} accepted, {shown_values(refused)} refused",
        steps,
    )


def _unique_row(shape: Shape, thing: Thing, one: JsonObject) -> dict[str, Json]:
    name = str(one["name"])
    first, second = row(shape, thing, f"{ROW}1"), row(shape, thing, f"{ROW}2", 1, **{name: value(one)})
    return case_of(
        f"{thing.name}_{name}_is_unique",
        f"a {words(thing.name)}",
        f"another with the same {words(name)} is inserted",
        "it is refused",
        [*_setting(shape, thing), insert(thing.table, first), insert(thing.table, second, True)],
    )


def _target_row(shape: Shape, link: Link) -> tuple[Steps, str]:
    """What must be there before a link, and the id of its target."""
    if link.of_users:
        return [insert("users", user(shape)), insert("users", user(shape, OTHER, "bob"))], OTHER
    thing = shape.thing(link.target)
    assert thing is not None  # noqa: S101 - links are made of things of the plan
    return [*_setting(shape, thing), insert(thing.table, row(shape, thing, NOWHERE))], NOWHERE


def _unique_link(shape: Shape, link: Link) -> dict[str, Json]:
    steps, target = _target_row(shape, link)
    linked: dict[str, Json] = {link.source_column: USER, link.target_column: target}
    return case_of(
        f"{link.verb}_of_{link.target_name}_is_unique",
        f"a {words(link.noun)}",
        f"the same {words(link.noun)} is inserted again",
        "it is refused",
        [*steps, insert(link.table, linked), insert(link.table, linked, True)],
    )


def _not_self(shape: Shape, link: Link) -> dict[str, Json]:
    linked: dict[str, Json] = {link.source_column: USER, link.target_column: USER}
    return case_of(
        f"nobody_{link.verb}s_themselves",
        "a user",
        f"a {words(link.noun)} of the user by the user is inserted",
        "it is refused",
        [insert("users", user(shape)), insert(link.table, linked, True)],
    )


def migrations_once(shape: Shape) -> dict[str, Json]:
    table, columns = (
        ("users", user(shape)) if shape.accounts else (shape.things[0].table, row(shape, shape.things[0], f"{ROW}1"))
    )
    steps: Steps = [
        insert(table, columns),
        {"migrate": True, "applied": 0},
        {"rows": f"SELECT count(*) FROM {table}", "equals": 1},
    ]
    return case_of(
        "migrations_apply_once",
        "a migrated database",
        "the migrations are applied again",
        "nothing is applied and the data stay",
        steps,
    )
