"""Facts about lists, counts, feeds and notifications, folded into what they are about."""

from __future__ import annotations

from runner.blueprint.things import Thing, World, add_id
from runner.blueprint.understanding.facts import Fact
from runner.records import JsonObject


def fold_list(world: World, fact: Fact, id_: str) -> bool:
    if fact.entity == "notification":
        return _inbox_list(world, fact, id_)
    target = world.lists if fact.entity == "*" else None
    if target is None:
        thing = world.thing(fact.entity)
        if thing is None:
            return False
        target = thing.listing
        if "order" in fact.data and not _orders(thing, fact.data):
            return False
    for key, value in fact.data.items():
        if key in ("size", "max", "order", "descending") and target.get(key, value) != value:
            return False
    target.update({key: value for key, value in fact.data.items() if key != "ids"})
    add_id(target, id_)
    return "order" not in fact.data if fact.entity == "*" else True


def _inbox_list(world: World, fact: Fact, id_: str) -> bool:
    if fact.data.get("order", "created_at") != "created_at":
        return False
    world.inbox_listing.update(fact.data)
    add_id(world.inbox_listing, id_)
    return True


def _orders(thing: Thing, data: JsonObject) -> bool:
    order = str(data["order"])
    if order == "":
        return any(name in thing.fields for name in ("title", "name"))
    return order in ("created_at", "username") or order in _columns(thing)


def _columns(thing: Thing) -> set[str]:
    if thing.table is not None:
        return {str(column["name"]) for column in thing.table["columns"]}
    return set(thing.fields) or {"content"}


def fold_narrow(world: World, fact: Fact, id_: str) -> bool:
    thing = world.thing(fact.entity)
    if thing is None or thing.table is not None:
        return False
    for by in fact.data["by"]:
        entry = _narrowing(thing, str(by), str(fact.data["how"]))
        if entry is None:
            return False
        entries = thing.listing.setdefault("narrow", {})
        entries.setdefault(entry, set()).add(id_)
    return True


def _narrowing(thing: Thing, by: str, how: str) -> tuple[str, str] | None:
    owned = thing.name != "user"
    people = ("author", "owner", "creator", "writer", "user")
    if by in people and by not in thing.fields and owned and how != "sort":
        return ("author", by)
    if by in ("word", "words") and how == "search":
        return ("words", "")
    if by == "name" and thing.name == "user":
        return ("text", "username")
    if by in thing.fields and how == "sort":
        return ("sort", by)
    if by in thing.fields:
        return (how if how == "filter" else "text", by)
    return ("text", "content") if by in ("text", "content") and not thing.fields and how == "search" else None


def fold_show(world: World, fact: Fact, id_: str) -> bool:
    thing = world.thing(fact.entity)
    if thing is None:
        return False
    if "count" in fact.data:
        noun = str(fact.data["count"])
        noun = {"follower": "follow", "liked": "like"}.get(noun, noun)
        child = world.thing(noun)
        good = noun in thing.links or (child is not None and thing.name in child.parents)
    else:
        good = "field" not in fact.data or str(fact.data["field"]) in thing.fields
    if fact.data.get("author"):
        good = thing.operations.get("create", {"who": "any"})["who"] != "any"
    thing.shows.add(id_)
    return good and thing.table is None


def fold_feed(world: World, fact: Fact, id_: str) -> bool:
    thing, user = world.thing(fact.entity), world.thing("user")
    if (
        thing is None
        or user is None
        or "follow" not in user.links
        or fact.data.get("order", "created_at") != "created_at"
    ):
        return False
    thing.feed = {**(thing.feed or {}), **fact.data, "own": bool(fact.data["own"] or (thing.feed or {}).get("own"))}
    add_id(thing.feed, id_)
    return True


def fold_notify(world: World, fact: Fact, id_: str) -> bool:
    if world.thing("user") is None:
        return False
    for event in fact.data["events"]:
        if event == "*":
            world.every_event.add(id_)
        elif _event_known(world, *str(event).split()):
            world.notify.setdefault(str(event).split()[0], set()).add(id_)
        else:
            return False
    if fact.data["live"]:
        world.live.add(id_)
    return bool(fact.data["events"] or world.notify or world.every_event)


def _event_known(world: World, event: str, on: str = "") -> bool:
    """Whether the event happens in this world, to the thing `on` where one was named."""
    child = world.thing(event)
    linked = [thing.name for thing in world.things.values() if event in thing.links]
    found = [*linked, *(child.parents if child is not None else ())]
    return on in found if on else bool(found)


def fold_mark_read(world: World, fact: Fact, id_: str) -> bool:
    if not world.notify and not world.every_event:
        return False
    world.inbox.setdefault("read_all" if fact.data["all"] else "read", set()).add(id_)
    return True


def guard(world: World, parent: Thing, child: Thing) -> None:
    """What hangs on a thing that not everybody may see is not shown to more people than the thing itself; lists of
    owners alone cannot be had for parts of others, so that then the sentence is not claimed."""
    read = parent.operations.get("read", {"who": "any", "ids": set()})
    if read["who"] == "owner":
        world.refused |= set(read["ids"])
    if read["who"] == "user":
        entry = child.operations.setdefault("read", {"who": "user", "ids": set()})
        if entry["who"] == "any":
            world.refused |= set(read["ids"])
        entry["ids"] = set(entry["ids"]) | set(read["ids"])
