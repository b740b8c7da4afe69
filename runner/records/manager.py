"""What a manager file says, after loading: which tasks are its own, how it groups them, who works on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from runner.records.json import Json, JsonObject
from runner.records.pipeline import Limits, Requires

Action = Literal["create", "change", "remove", "fix"]
Moment = Literal["attempt", "merge", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Every key that is given must hold, one entry of it is enough. Keywords: at word starts, in the title."""

    kinds: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    keywords: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that judges work. Exactly one of `run` (argv), `shell` and `uses` is set.

    `exit` are the codes that count as passed; () means "any but 0". `timeout` in seconds.
    """

    name: str
    run: tuple[str, ...] = ()
    shell: str = ""
    uses: str = ""
    options: Mapping[str, Json] = field(default_factory=dict)
    exit: tuple[int, ...] = (0,)
    timeout: float = 300.0
    env: Mapping[str, str] = field(default_factory=dict)
    match: Match | None = None
    at: tuple[Moment, ...] = ("attempt", "merge")
    network: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A typed field of a spec (dotted path, `*` for each item) that names the identity of another task."""

    at: str
    kinds: tuple[str, ...]
    soft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Everything about one kind of task: its schema, what it is called by, what it refers to, what must be said."""

    name: str
    schema: JsonObject
    identity: tuple[str, ...]
    good: str
    bad: str
    references: tuple[Reference, ...] = ()
    expect: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentOffer:
    """A component that may be planned because this manager exists, and the words that hint at it."""

    name: str
    signals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPolicy:
    """At most `max` seats; the second one from `tasks` tasks and `points` points of the whole group."""

    max: int = 2
    tasks: int = 3
    points: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """When a seat's session is renewed; `idle` in seconds."""

    tasks: int = 3
    turns: int = 25
    idle: float = 270.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPolicy:
    """Who works and how many at once; `use` is an alias of the pipeline or a list of backends."""

    use: tuple[str, ...] = ("coder",)
    seats: SeatPolicy = SeatPolicy()
    parallel: int = 3
    order_points: int = 4
    attempts: int | None = None
    session: SessionPolicy = SessionPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tasks of one function; `match` None takes the rest. `agents` is the manager's policy with its own merged in."""

    name: str
    match: Match | None = None
    agents: AgentPolicy = AgentPolicy()
    checks: tuple[Check, ...] = ()
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Files that a command makes: exempt from the proof of a merge and made again after it."""

    files: tuple[str, ...]
    run: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    name: str
    description: str
    handles: tuple[Match, ...]
    title: str = ""
    components: tuple[ComponentOffer, ...] = ()
    specs: Mapping[str, Kind] = field(default_factory=dict)
    after: tuple[Match, ...] = ()
    groups: tuple[Group, ...] = ()
    agents: AgentPolicy = AgentPolicy()
    template: str = "order.md.j2"
    prompt: str = ""
    owns: tuple[str, ...] = ()
    tools: tuple[str, ...] = ("read", "write", "edit", "list", "search", "shell")
    checks: tuple[Check, ...] = ()
    limits: Limits = Limits()
    requires: Requires = Requires()
    generated: tuple[Generated, ...] = ()
