"""Values that fit a field's bounds, and values that do not: what the generated tests send."""

# ruff: noqa: S608 - names of the generated SQL come from checked identifiers.

from __future__ import annotations

from runner.blueprint.decomposing.shape import Shape, Thing
from runner.records import Json, JsonObject

USER = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"


def value(one: JsonObject, variant: int = 0) -> Json:
    """A value within the bounds; variants differ where the field allows it."""
    kind = str(one["kind"])
    if "choices" in one:
        return one["choices"][variant % len(one["choices"])]
    if one.get("format") == "email":
        return f"someone{variant}@example.org"
    if kind == "boolean":
        return bool(variant % 2)
    if kind in ("integer", "number"):
        low = int(one.get("min", 0 if one.get("max", 1) < 1 else 1))
        high = int(one.get("max", low + 1000))
        return low + variant % (high - low + 1)
    if kind == "date":
        return f"2026-01-{10 + variant % 20}"
    if kind == "datetime":
        return f"2026-01-{10 + variant % 20}T12:00:00Z"
    return _text(one, variant)


def _text(one: JsonObject, variant: int) -> str:
    low, high = int(one.get("min", 1)), int(one.get("max", 200))
    if str(one.get("pattern", "")).startswith("^https?"):
        return f"https://example.org/{variant}"
    text = f"{['hello', 'again', 'other'][variant % 3]}{variant if variant > 2 else ''}"
    return (text * (low // len(text) + 1))[: max(low, min(len(text), high))]


def body(thing: Thing, variant: int = 0, **given: Json) -> dict[str, Json]:
    """A body that creates a row of the thing; `given` replaces single fields."""
    found = {
        str(one["name"]): value(one, variant)
        for one in thing.fields
        if one["required"] or one["name"] in given or one.get("unique")
    }
    return found | given


def row(shape: Shape, thing: Thing, id_: str, variant: int = 0, **given: Json) -> dict[str, Json]:
    """The columns of an INSERT that the table accepts, once its user and its parent are there."""
    found: dict[str, Json] = {"id": id_}
    if thing.parent:
        found[f"{thing.parent_name}_id"] = parent_id(shape, thing)
    if thing.owned:
        found["user_id"] = USER
    for one in thing.fields:
        if one["required"] or one.get("unique") or one["name"] in given:
            found[str(one["name"])] = value(one, variant)
    return found | given


def parent_id(shape: Shape, thing: Thing) -> str:
    """The id of the row that a row of the thing hangs on."""
    return f"00000000-0000-4000-8000-0000000001{[other.table for other in shape.things].index(thing.parent):02d}"


def insert(table: str, columns: dict[str, Json], refused: bool = False) -> dict[str, Json]:
    """One step of a test that inserts a row."""
    names = list(columns)
    return {
        "sql": f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})",
        "params": columns,
        "refused": refused,
    }


def user(shape: Shape, id_: str = USER, name: str = "ada", **given: Json) -> dict[str, Json]:
    """A user as a row."""
    found: dict[str, Json] = {"id": id_, "username": name, "password_hash": "scrypt$x"}
    for one in shape.users.fields if shape.users else ():
        if one["name"] == "email" and one["required"]:
            found["email"] = f"{name}@example.org"
        elif one["required"] and one["name"] not in found and one["name"] != "password":
            found[str(one["name"])] = value(one)
    found["username"] = _username(shape, name)
    return found | given


def _username(shape: Shape, name: str) -> str:
    low = next((int(one["min"]) for one in (shape.users.fields if shape.users else ()) if one["name"] == "username"), 3)
    return name if len(name) >= low else name + "x" * (low - len(name))


def chain(shape: Shape, thing: Thing) -> list[Thing]:
    """The things above, outermost first."""
    above: list[Thing] = []
    current: Thing | None = shape.thing(thing.parent) if thing.parent else None
    while current is not None and current not in above:
        above.insert(0, current)
        current = shape.thing(current.parent) if current.parent else None
    return above
