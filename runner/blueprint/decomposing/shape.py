"""The plan's entities as decomposition sees them: things with columns, links, parents, and the SQL that reads them."""

# ruff: noqa: E501, S608 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from runner.blueprint.english import plural, singular
from runner.records import Json, JsonObject

LOGIN = "POST /api/auth/login"
REGISTER = "POST /api/auth/register"
NOW = "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"
_PAST: Mapping[str, str] = {"star": "starred", "subscribe_to": "subscribed", "follow": "followed"}
_NOUNS: Mapping[str, str] = {
    "subscribe_to": "subscription",
    "join": "membership",
    "attend": "attendance",
    "endorse": "endorsement",
    "recommend": "recommendation",
    "applaud": "applause",
}


def ids(*sources: Iterable[str]) -> list[str]:
    """The ids of all sources, each once, in their own order (R, C, S, A)."""
    return sorted({id_ for source in sources for id_ in source}, key=lambda id_: ("RCSA".index(id_[0]), int(id_[2:])))


def camel(name: str) -> str:
    """loan_request -> LoanRequest."""
    return "".join(part.capitalize() for part in name.split("_"))


def words(name: str) -> str:
    """loan_request -> loan request."""
    return name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Link:
    """A verb between a user and a thing, at most once a pair."""

    verb: str
    target: str
    target_name: str
    table: str
    not_self: bool
    ids: tuple[str, ...]
    undo_ids: tuple[str, ...]

    @property
    def noun(self) -> str:
        return _NOUNS.get(self.verb, self.verb)

    @property
    def past(self) -> str:
        """The adjective of a row that the caller has linked: liked, followed."""
        return _PAST.get(self.verb) or (self.verb + "d" if self.verb.endswith("e") else self.verb + "ed")

    @property
    def of_users(self) -> bool:
        return self.target == "users"

    @property
    def source_column(self) -> str:
        return ("follower_id" if self.verb == "follow" else f"{self.verb}_by_id") if self.of_users else "user_id"

    @property
    def target_column(self) -> str:
        return f"{self.past}_id" if self.of_users else f"{self.target_name}_id"

    @property
    def count(self) -> str:
        return "follower_count" if self.of_users and self.verb == "follow" else f"{self.noun}_count"

    @property
    def path(self) -> str:
        return f"/api/{self.target}/{{{self.target_column}}}/{self.verb.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class Operation:
    who: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing with its table."""

    name: str
    table: str
    fields: tuple[JsonObject, ...]
    owned: bool
    parent: str
    operations: Mapping[str, Operation]
    links: tuple[Link, ...]
    listing: JsonObject
    feed: JsonObject | None
    ddl: JsonObject | None
    ids: tuple[str, ...]

    @property
    def id_param(self) -> str:
        return f"{self.name}_id"

    @property
    def parent_name(self) -> str:
        return singular(self.parent) if self.parent else ""

    @property
    def stamped(self) -> bool:
        """Whether its rows know when they were made."""
        return self.ddl is None or any(column["name"] == "created_at" for column in self.ddl["columns"])

    @property
    def main(self) -> str:
        """The field that stands for the thing on the page and in search."""
        names = [str(field["name"]) for field in self.fields]
        preferred = [name for name in ("title", "name", "content", "text") if name in names]
        texts = [str(field["name"]) for field in self.fields if field["kind"] == "string" and "choices" not in field]
        return (preferred or texts or names or ["id"])[0]

    @property
    def collection(self) -> str:
        """The path of its list."""
        return f"/api/{self.parent}/{{{self.parent_name}_id}}/{self.table}" if self.parent else f"/api/{self.table}"

    @property
    def one(self) -> str:
        return f"/api/{self.table}/{{{self.id_param}}}"


@dataclass(frozen=True)
class Shape:
    """The whole application: what every file of a decomposition looks things up in."""

    title: str
    things: tuple[Thing, ...]
    users: Thing | None
    stack: JsonObject
    summary: str = ""

    @property
    def accounts(self) -> bool:
        return self.users is not None

    @property
    def notify(self) -> JsonObject:
        return self.stack.get("notify") or {}

    @cached_property
    def links(self) -> tuple[Link, ...]:
        everything = (*self.things, *((self.users,) if self.users else ()))
        return tuple(link for thing in everything for link in thing.links)

    def thing(self, table: str) -> Thing | None:
        return next((thing for thing in self.things if thing.table == table), None)

    def children(self, thing: Thing) -> tuple[Thing, ...]:
        return tuple(child for child in self.things if child.parent == thing.table)

    def asked(self, key: str) -> list[str]:
        """The ids behind what holds for all: storage, operations, tests, documents, health, page."""
        return list(self.stack["ids"].get(key, ()))

    def artefact(self, *names: str) -> list[str]:
        return ids(*(self.stack["artefacts"].get(name, ()) for name in names))

    @property
    def page_ids(self) -> list[str]:
        return self.asked("page")

    @property
    def paging_ids(self) -> list[str]:
        return list(self.stack["paging"]["ids"])

    def login_ids(self) -> list[str]:
        return list(self.stack["account"]["login_for"]) if self.accounts else []

    def columns(self, thing: Thing, caller: bool) -> list[tuple[str, str, str, bool]]:
        """What a row of the thing answers: (SQL, name, type, null). `caller`: the request may have one."""
        table = thing.table
        found = [(f"{table}.id", "id", "uuid", False)]
        if thing.name == "user":
            found += [
                (
                    f"users.{f['name']}",
                    str(f["name"]),
                    "string",
                    not f["required"] and f["name"] not in ("bio", "display_name"),
                )
                for f in public_fields(thing)
            ]
        else:
            if thing.owned:
                found += [
                    (f"{table}.user_id", "user_id", "uuid", False),
                    ("users.username", "username", "string", False),
                ]
            if thing.parent:
                found.append((f"{table}.{thing.parent_name}_id", f"{thing.parent_name}_id", "uuid", False))
            found += [(f"{table}.{f['name']}", str(f["name"]), answer_type(f), _nullable(f)) for f in thing.fields]
        if thing.stamped:
            found.append((f"{table}.created_at", "created_at", "datetime", False))
        for link in thing.links:
            on = f"{link.table}.{link.target_column} = {table}.id"
            found.append((f"(SELECT count(*) FROM {link.table} WHERE {on})", link.count, "integer", False))
        for child in self.children(thing):
            on = f"{child.table}.{thing.name}_id = {table}.id"
            found.append((f"(SELECT count(*) FROM {child.table} WHERE {on})", f"{child.name}_count", "integer", False))
        for link in thing.links if caller else ():
            on = f"{link.table}.{link.target_column} = {table}.id AND {link.table}.{link.source_column} = :user_id"
            found.append((f"EXISTS (SELECT 1 FROM {link.table} WHERE {on})", link.past, "boolean", False))
        return found

    def select(self, thing: Thing, caller: bool) -> str:
        """SELECT ... FROM ... of the thing's rows, up to where WHERE would stand."""
        listed = ", ".join(f"{sql} AS {name}" for sql, name, _, _ in self.columns(thing, caller))
        join = f" JOIN users ON users.id = {thing.table}.user_id" if thing.owned else ""
        return f"SELECT {listed} FROM {thing.table}{join}"

    def answer(self, thing: Thing, caller: bool) -> list[dict[str, Json]]:
        return [
            {"name": name, "type": kind, **({"null": True} if null else {})}
            for _, name, kind, null in self.columns(thing, caller)
        ]

    def reads(self, thing: Thing) -> list[str]:
        tables = [thing.table, *(["users"] if thing.owned else []), *(link.table for link in thing.links)]
        return list(dict.fromkeys([*tables, *(child.table for child in self.children(thing))]))

    def receiver(self, event: str, target: str) -> bool:
        """Whether the event on a thing of this table is told to the thing's owner."""
        owner = self.thing(target)
        return event in self.notify.get("events", {}) and (target == "users" or (owner is not None and owner.owned))


def public_fields(users: Thing) -> list[JsonObject]:
    """The fields of a user that others may see."""
    return [field for field in users.fields if field["name"] not in ("password", "email")]


def answer_type(field: JsonObject) -> str:
    """The type of the field in an answer."""
    return {"date": "string"}.get(str(field["kind"]), str(field["kind"]))


def _nullable(field: JsonObject) -> bool:
    return not field["required"] and "default" not in field


def shape_of(plan: JsonObject) -> Shape:
    """The plan's entities, as the blueprint's own planning writes them. Raises KeyError where a plan lacks what it needs."""
    things = [_thing(entity) for entity in plan.get("entities") or ()]
    things = _unshared(things)
    return Shape(
        title=str(plan["title"]),
        things=tuple(thing for thing in things if thing.name != "user"),
        users=next((thing for thing in things if thing.name == "user"), None),
        stack=plan["stack"],
        summary=str(plan.get("summary", "")),
    )


def _thing(entity: JsonObject) -> Thing:
    table = str(entity["table"])
    name = singular(table)
    relations = entity["relations"]
    of = {
        kind: [relation for relation in relations if relation["kind"] == kind]
        for kind in ("belongs_to", "operation", "link", "feed", "list", "ddl")
    }
    parent = next((relation for relation in of["belongs_to"] if relation["role"] == "parent"), None)
    return Thing(
        name=name,
        table=table,
        fields=tuple(entity["fields"]),
        owned=any(relation["role"] == "owner" for relation in of["belongs_to"]),
        parent=str(parent["to"]) if parent else "",
        operations={str(o["action"]): Operation(who=str(o["who"]), ids=tuple(o["ids"])) for o in of["operation"]},
        links=tuple(_link(relation, table, name) for relation in of["link"]),
        listing=next(
            iter(of["list"]), {"order": "created_at", "descending": True, "size": 0, "max": 0, "narrow": [], "ids": []}
        ),
        feed=next(iter(of["feed"]), None),
        ddl=of["ddl"][0]["spec"] if of["ddl"] else None,
        ids=tuple(ids(*(relation["ids"] for relation in [*of["belongs_to"], *of["ddl"]]))),
    )


def _link(relation: JsonObject, table: str, name: str) -> Link:
    verb = str(relation["verb"])
    return Link(
        verb=verb,
        target=table,
        target_name=name,
        table=plural(_NOUNS.get(verb, verb)),
        not_self=bool(relation["not_self"]),
        ids=tuple(relation["ids"]),
        undo_ids=tuple(relation["undo_ids"]),
    )


def _unshared(things: list[Thing]) -> list[Thing]:
    """Two things with the same verb (or a table of its name) have tables of their own: post_likes, comment_likes."""
    tables = [link.table for thing in things for link in thing.links] + [thing.table for thing in things]
    twice = {table for table in tables if tables.count(table) > 1}
    return [_renamed(thing, twice) for thing in things]


def _renamed(thing: Thing, twice: set[str]) -> Thing:
    return replace(
        thing,
        links=tuple(
            replace(link, table=f"{thing.name}_{link.table}") if link.table in twice else link for link in thing.links
        ),
    )
