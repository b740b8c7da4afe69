"""The request and the plan made from it (`schemas/plan.schema.json`)."""

from __future__ import annotations

from dataclasses import dataclass

from runner.records.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is wanted: `text` is the Markdown without its front matter, `stack` what the front matter insists on."""

    text: str
    title: str = ""
    stack: str = ""
    requirements: tuple[str, ...] = ()
    name: str = "request"
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`quote` is a substring of the request, white space folded."""

    id: str
    text: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    id: str
    text: str
    quote: str = ""
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    id: str
    text: str
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A part to build; `why` are the requirements (or assumptions) that need it."""

    name: str
    why: tuple[str, ...]
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A thing that is stored; `fields` and `relations` are free JSON that decomposition reads."""

    name: str
    table: str = ""
    fields: tuple[JsonObject, ...] = ()
    relations: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """Something nobody asked for that the plan adds, with its reason: it can be struck."""

    id: str
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    text: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the request (from 1) that was not understood."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    title: str
    requirements: tuple[Requirement, ...]
    components: tuple[Component, ...]
    summary: str = ""
    constraints: tuple[Constraint, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    entities: tuple[Entity, ...] = ()
    interfaces: tuple[JsonObject, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    questions: tuple[str, ...] = ()
    contradictions: tuple[JsonObject, ...] = ()
    not_understood: tuple[Line, ...] = ()
    stack: JsonObject | None = None
