"""Facts to things: what the sentences say together about each thing that is stored.

A fact that names what no sentence defines cannot be folded; its statement then counts as not understood, and the rest
is folded again without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from runner.blueprint.english import singular
from runner.blueprint.folding_lists import (
    fold_feed,
    fold_list,
    fold_mark_read,
    fold_narrow,
    fold_notify,
    fold_show,
    guard,
)
from runner.blueprint.things import RESERVED, TEXTS, Thing, World, add_id, lacks_text
from runner.blueprint.understanding.facts import Fact
from runner.records import Json, JsonObject

_ORDER = [
    "register",
    "table",
    "belongs",
    "field",
    "known",
    "content",
    "said",
    "default",
    "link",
    "notify",
    "ability",
    "narrow",
]

"""What defines stands before what refines; the rest comes last."""


def fold(facts: Iterable[tuple[str, Fact]], signed_in: bool) -> World:
    """The things of all facts, each with the id of who asked; `signed_in` False where accounts are excluded."""
    world = World()
    ordered = sorted(facts, key=lambda pair: _rank(pair[1]))
    if signed_in:
        world.things["user"] = Thing(name="user")
    for _, fact in ordered:
        if fact.kind in ("ability", "table") or (fact.kind == "field" and fact.entity and not fact.data.get("known")):
            _define(world, fact, signed_in)
    world.unmade = _unmade([pair for pair in ordered if pair[1].data.get("action") == "create"])
    for id_, fact in ordered:
        if not _FOLD[fact.kind](world, fact, id_):
            world.refused.add(id_)
    _finish(world)
    return world


_PLAIN = frozenset(["write", "create", "add", "make", "post"])


def _unmade(made: list[tuple[str, Fact]]) -> frozenset[str]:
    """Who asked for what no new row is: sharing a post that was written, adding a book of its own to a list."""
    found: set[str] = set()
    for id_, fact in made:
        verb, under = fact.data.get("verb", "write"), fact.data.get("under")
        others = [other for other_id, other in made if other.entity == fact.entity and other_id != id_]
        plain = [other for other in others if other.data.get("verb", "write") in _PLAIN and not other.data.get("under")]
        collects = under and fact.entity.split("_")[-1] not in TEXTS
        if plain and (verb not in _PLAIN or collects):
            found.add(id_)
    return frozenset(found)


def _rank(fact: Fact) -> int:
    kind = "known" if fact.kind == "field" and fact.data.get("known") else fact.kind
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _define(world: World, fact: Fact, signed_in: bool) -> None:
    creates = fact.kind != "ability" or fact.data["action"] == "create"
    if fact.entity and creates and fact.entity not in world.things and fact.entity not in ("notification", "user"):
        world.things[fact.entity] = Thing(name=fact.entity)


def _register(world: World, fact: Fact, id_: str) -> bool:
    user = world.thing("user")
    if user is None:
        return False
    named = [data["name"] for data in fact.data["fields"]]
    if named and "username" not in named:
        return False
    world.accounts.add(id_)
    for data in fact.data["fields"]:
        _merge_field(user, {**data, "required": data.get("required", True)}, id_)
    return True


def _login(world: World, fact: Fact, id_: str) -> bool:
    user, by = world.thing("user"), str(fact.data["by"])
    if user is None or by not in ("", "username", "email") or (by and world.login_by not in ("", by)):
        return False
    if by == "email" and by not in user.fields:
        return False
    world.login_by = by or world.login_by
    world.accounts.add(id_)
    return True


def _ability(world: World, fact: Fact, id_: str) -> bool:
    thing, action, who = world.thing(fact.entity), str(fact.data["action"]), str(fact.data["who"])
    if id_ in world.unmade or thing is None or (who in ("user", "owner") and world.thing("user") is None):
        return False
    if fact.entity == "user" and action not in ("read", "update"):
        return False
    if action == "read" and who == "user" and not (fact.data.get("only") or fact.data.get("limited")):
        who = "any"
    known = thing.operations.get(action)
    if fact.data.get("field") or fact.data.get("value"):
        return _changes_field(thing, fact, id_, who)
    if known and known["who"] != who and {known["who"], who} != {"user", "owner"}:
        return False
    entry = thing.operations.setdefault(action, {"who": who})
    if who == "owner" or (who == "any" and action == "read"):
        entry["who"] = who
    if action == "read" and fact.data.get("limited"):
        entry["who"] = "owner"
    if action == "read" and fact.data.get("only") and who == "user":
        entry["who"] = "user"
    if action == "create":
        thing.ids.add(id_)
    add_id(entry, id_)
    return True


def _changes_field(thing: Thing, fact: Fact, id_: str, who: str) -> bool:
    wanted, value = fact.data.get("field"), fact.data.get("value")
    names = [
        name for name, data in thing.fields.items() if name == wanted or (value and value in data.get("choices", ()))
    ]
    known = thing.operations.get("update")
    if len(names) != 1 or (known and known["who"] != who):
        return False
    entry = thing.operations.setdefault("update", {"who": who})
    add_id(entry, id_)
    add_id(thing.fields[names[0]], id_)
    return True


def _belongs(world: World, fact: Fact, id_: str) -> bool:
    child, parent = world.thing(fact.entity), str(fact.data["to"])
    if child is None or parent not in world.things or parent == fact.entity or fact.entity == "user":
        return False
    if parent == "user":
        child.ids.add(id_)
        return True
    child.parents.setdefault(parent, set()).add(id_)
    return len(child.parents) == 1


def _field(world: World, fact: Fact, id_: str) -> bool:
    thing = _holder(world, fact)
    if thing is None or (fact.entity == "" and not thing):
        return False
    data = {key: value for key, value in fact.data.items() if key != "known"}
    if not fact.entity and data["name"] not in thing.fields and thing.name != "user":
        data["name"] = singular(str(data["name"]))
    if thing.table is not None or (data["name"] in RESERVED and thing.name != "user") or data["name"].endswith("_id"):
        return False
    if (
        data["name"].split("_")[-1] in world.things.keys() - {"user", thing.name, *TEXTS}
        or data["name"] == f"parent_{thing.name}"
    ):
        return False
    if thing.name == "user" and data["name"] == "username" and "format" in data:
        return False
    if thing.name == "user" and data["name"] not in ("username", "password", "email", "bio", "display_name"):
        return False
    return _merge_field(thing, data, id_)


def _holder(world: World, fact: Fact) -> Thing | None:
    if fact.entity:
        return world.thing(fact.entity)
    names = {str(fact.data["name"]), singular(str(fact.data["name"]))}
    holders = [thing for thing in world.things.values() if names & thing.fields.keys()]
    if not holders and fact.data["name"] in ("username", "password", "email"):
        return world.thing("user")
    return holders[0] if len(holders) == 1 else None


def _merge_field(thing: Thing, data: JsonObject, id_: str) -> bool:
    entry = thing.fields.setdefault(str(data["name"]), {"name": data["name"]})
    for key, value in data.items():
        if key in entry and entry[key] != value and key not in ("required", "type"):
            return False
        if key != "required" or not entry.get("required_said") or value:
            entry[key] = value
    add_id(entry, id_)
    return True


def _content(world: World, fact: Fact, id_: str) -> bool:
    thing = world.thing(fact.entity)
    if thing is None or thing.table is not None:
        return False
    if thing.fields:
        return _content_field(thing, fact, id_)
    for key, value in fact.data.items():
        if key in ("min", "max") and thing.content.get(key, value) != value:
            return False
        thing.content[key] = value
    add_id(thing.content, id_)
    return True


def _content_field(thing: Thing, fact: Fact, id_: str) -> bool:
    """The text of a thing that has other fields beside it, none of them a text: a review with a rating."""
    return lacks_text(thing) and _merge_field(thing, {"required": True, **fact.data, "name": "content"}, id_)


def _said(world: World, fact: Fact, id_: str) -> bool:
    """ "A username has at least 3 characters", "a post has up to 280 characters", "a ticket is open or done"."""
    named = Fact(kind="field", data={"name": fact.entity, **fact.data})
    if fact.entity not in world.things:
        return _field(world, named, id_)
    thing = world.things[fact.entity]
    if "choices" in fact.data:
        state = {"name": "status", **fact.data}
        return thing.name != "user" and not fact.data.get("done") and _merge_field(thing, state, id_)
    return (
        _content(world, fact, id_)
        if fact.data.keys() <= {"min", "max", "type", "required"} and not fact.data.get("numeric")
        else False
    )


def _table(world: World, fact: Fact, id_: str) -> bool:
    thing = world.things[fact.entity]
    if thing.table is not None or fact.entity in ("user", "token", "notification"):
        return False
    thing.table = fact.data
    thing.ids.add(id_)
    return _own_table(fact.data)


def _own_table(data: JsonObject) -> bool:
    """Whether the application can serve the table: a text id, its owner and its time where it has them."""
    columns = {str(column["name"]): column for column in data["columns"]}
    strange = [key for key in data["foreign_keys"] if key["table"] != "users" or key["columns"] != ["user_id"]]
    return data["primary_key"] == ["id"] and not strange and "INT" not in str(columns["id"]["type"])


def _link(world: World, fact: Fact, id_: str) -> bool:
    target = world.thing(fact.entity)
    if target is None or world.thing("user") is None:
        return False
    entry = target.links.setdefault(
        str(fact.data["verb"]), {"verb": fact.data["verb"], "not_self": False, "undo": False}
    )
    add_id(entry, id_)
    return True


def _linked(world: World, fact: Fact) -> dict[str, Json] | None:
    """The link that the fact speaks of: by its verb, its thing, or the only one there is."""
    verb = str(fact.data.get("verb", ""))
    found = [
        link
        for thing in world.things.values()
        for link in thing.links.values()
        if (not verb or link["verb"] == verb) and (not fact.entity or fact.entity == thing.name)
    ]
    return found[0] if len(found) == 1 else None


def _once(world: World, fact: Fact, id_: str) -> bool:
    link = _linked(world, fact)
    if link is None:
        return False
    add_id(link, id_)
    return True


def _unlink(world: World, fact: Fact, id_: str) -> bool:
    link = _linked(world, fact)
    if link is None:
        return False
    link["undo"] = True
    link.setdefault("undo_ids", set()).add(id_)
    return True


def _not_self(world: World, fact: Fact, id_: str) -> bool:
    link = _linked(world, Fact(kind="link", entity="user", data=fact.data))
    if link is None:
        return False
    link["not_self"] = True
    add_id(link, id_)
    return True


def _forbid(world: World, fact: Fact, id_: str) -> bool:
    thing = world.thing(fact.entity)
    return thing is not None and str(fact.data["action"]) not in thing.operations


def _cascade(world: World, fact: Fact, id_: str) -> bool:
    thing = world.thing(fact.entity)
    if thing is None:
        return False
    for part in fact.data["to"]:
        child = world.thing(str(part))
        if part in thing.links:
            add_id(thing.links[str(part)], id_)
        elif child is not None and thing.name in child.parents:
            child.ids.add(id_)
        else:
            return False
    return True


def _default(world: World, fact: Fact, id_: str) -> bool:
    thing = world.thing(fact.entity)
    value = fact.data["value"]
    found = [data for data in thing.fields.values() if value in data.get("choices", ())] if thing else []
    if len(found) != 1 or found[0].get("default", value) != value:
        return False
    found[0]["default"] = value
    add_id(found[0], id_)
    return True


def _hashed(world: World, fact: Fact, id_: str) -> bool:
    world.hashed.add(id_)
    return world.thing("user") is not None


def _login_for(world: World, fact: Fact, id_: str) -> bool:
    world.login_for.add(id_)
    deeds = fact.data["deeds"]
    open_ = [action for thing in world.things.values() for action, op in thing.operations.items() if op["who"] == "any"]
    return world.thing("user") is not None and not [deed for deed in deeds if deed in open_]


def _artefact(world: World, fact: Fact, id_: str) -> bool:
    world.artefacts.setdefault(str(fact.data["name"]), set()).add(id_)
    return True


def _nobody_else(world: World, fact: Fact, id_: str) -> bool:
    thing = world.thing(fact.entity)
    return thing is not None and any(operation["who"] == "owner" for operation in thing.operations.values())


def _no_effect(world: World, fact: Fact, id_: str) -> bool:
    return True


_FOLD: Mapping[str, Callable[[World, Fact, str], bool]] = {
    "register": _register,
    "login": _login,
    "ability": _ability,
    "belongs": _belongs,
    "field": _field,
    "content": _content,
    "said": _said,
    "table": _table,
    "link": _link,
    "once": _once,
    "unlink": _unlink,
    "not_self": _not_self,
    "list": fold_list,
    "narrow": fold_narrow,
    "show": fold_show,
    "feed": fold_feed,
    "notify": fold_notify,
    "mark_read": fold_mark_read,
    "forbid": _forbid,
    "cascade": _cascade,
    "default": _default,
    "hashed": _hashed,
    "login_for": _login_for,
    "artefact": _artefact,
    "open_reading": _no_effect,
    "nobody_else": _nobody_else,
}


def _finish(world: World) -> None:
    """What only the whole shows: defaults outside of their choices, notifications listed that nothing sends."""
    for thing in world.things.values():
        for data in thing.fields.values():
            if "default" in data and data["default"] not in data.get("choices", ()):
                world.refused |= data["ids"]
    if not world.notify and not world.every_event:
        world.refused |= set(world.inbox_listing.get("ids", ()))
    for child in world.things.values():
        for parent in child.parents:
            guard(world, world.things[parent], child)
