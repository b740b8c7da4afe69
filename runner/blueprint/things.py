"""Things while facts are folded into them, and the words that say what kind of field a name is."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.blueprint.english import plural, singular
from runner.records import Json, JsonObject

TEXTS = frozenset(
    ["post", "comment", "message", "reply", "note", "review", "answer", "question", "tweet", "entry", "memo"]
)

LONG = frozenset(
    [
        "description",
        "text",
        "content",
        "body",
        "notes",
        "note",
        "instructions",
        "ingredients",
        "steps",
        "bio",
        "summary",
        "message",
        "comment",
    ]
)

INTEGERS = frozenset(
    [
        "year",
        "pages",
        "age",
        "minutes",
        "servings",
        "copies",
        "quantity",
        "count",
        "amount",
        "number",
        "stars",
        "rating",
        "days",
        "hours",
        "points",
        "size",
        "floor",
    ]
)

NUMBERS = frozenset(["price", "cost", "weight", "height", "width", "distance"])

RESERVED = frozenset(
    [
        "id",
        "user_id",
        "created_at",
        "limit",
        "offset",
        "q",
        "user",
        "username",
        "token",
        "password",
        "owner",
        "new_id",
        "now",
        "select",
        "table",
        "order",
        "group",
        "index",
    ]
)


@dataclass(slots=True)
class Thing:
    """One thing while it is folded. Every entry keeps in `ids` who asked for it."""

    name: str
    fields: dict[str, dict[str, Json]] = field(default_factory=dict)
    parents: dict[str, set[str]] = field(default_factory=dict)
    operations: dict[str, dict[str, Json]] = field(default_factory=dict)
    links: dict[str, dict[str, Json]] = field(default_factory=dict)
    listing: dict[str, Json] = field(default_factory=dict)
    feed: dict[str, Json] | None = None
    table: JsonObject | None = None
    ids: set[str] = field(default_factory=set)
    content: dict[str, Json] = field(default_factory=dict)
    shows: set[str] = field(default_factory=set)


@dataclass(slots=True)
class World:
    """Everything folded. `assumed` are (text, why) pairs; `refused` the keys of facts that found no place."""

    things: dict[str, Thing] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    hashed: set[str] = field(default_factory=set)
    login_for: set[str] = field(default_factory=set)
    lists: dict[str, Json] = field(default_factory=dict)
    notify: dict[str, set[str]] = field(default_factory=dict)
    every_event: set[str] = field(default_factory=set)
    live: set[str] = field(default_factory=set)
    inbox: dict[str, set[str]] = field(default_factory=dict)
    inbox_listing: dict[str, Json] = field(default_factory=dict)
    artefacts: dict[str, set[str]] = field(default_factory=dict)
    login_by: str = ""
    unmade: frozenset[str] = frozenset()
    refused: set[str] = field(default_factory=set)

    def thing(self, name: str) -> Thing | None:
        return self.things.get(name)


def add_id(entry: dict[str, Json], id_: str) -> None:
    entry.setdefault("ids", set()).add(id_)


def lacks_text(thing: Thing) -> bool:
    """Whether the thing is a text by its name, and none of its fields (but `content`) is one."""
    others = (data for name, data in thing.fields.items() if name != "content")
    texts = [data for data in others if not (data.get("numeric") or "choices" in data or data.get("type") in _NO_TEXTS)]
    return thing.name.split("_")[-1] in TEXTS and not texts


_NO_TEXTS = frozenset(["integer", "number", "boolean", "date", "datetime"])


def table_name(thing: str) -> str:
    """The table of a thing: its plural."""
    return plural(thing)


def thing_name(table: str) -> str:
    """The thing of a table."""
    return singular(table)
