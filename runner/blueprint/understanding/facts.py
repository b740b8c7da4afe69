"""What a sentence says, once it is understood: facts about things, and the scene that it is read in."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.records import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`kind` says which keys `data` has; `entity` is the thing that it is about (a singular identifier)."""

    kind: str
    entity: str = ""
    data: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`subject` is the thing that the heading above names ("" for none); `actors` the request's own words for its
    users beside the usual ones ("cook"); `things` the nouns that somebody makes or that have fields; `attributes` maps
    a field's name to the thing that has it, where only one has."""

    subject: str = ""
    actors: frozenset[str] = frozenset()
    things: frozenset[str] = frozenset()
