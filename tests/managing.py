"""What the tests of managing share: small managers and tasks as records, and a clock that is simulated."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.managing.schedule import Dispatcher
from runner.records import AgentPolicy, Group, Kind, Manager, Match, Reference, Task, WorkOrder

TABLE = Kind(
    name="table",
    schema={"required": ["kind", "table"]},
    identity=("table",),
    good="",
    bad="",
    references=(Reference(at="foreign_keys.*.table", kinds=("table",)),),
)
INDEX = Kind(
    name="index",
    schema={"required": ["kind", "name", "table"]},
    identity=("name",),
    good="",
    bad="",
    references=(Reference(at="table", kinds=("table",)),),
)
ENDPOINT = Kind(
    name="endpoint",
    schema={},
    identity=("method", "path"),
    good="",
    bad="",
    references=(
        Reference(at="reads.*", kinds=("table",)),
        Reference(at="writes.*.table", kinds=("table",)),
        Reference(at="needs_token_from", kinds=("endpoint",)),
    ),
)
PAGE = Kind(
    name="page",
    schema={},
    identity=("name",),
    good="",
    bad="",
    references=(
        Reference(at="calls.*", kinds=("endpoint",)),
        Reference(at="shows.*", kinds=("table", "endpoint"), soft=True),
    ),
)


def database(**agents: Any) -> Manager:
    """The seed's database manager: tables first, then indexes and constraints, then the rest."""
    policy = AgentPolicy(**agents)
    return Manager(
        name="database",
        description="Tables.",
        handles=(Match(kinds=("table",)), Match(components=("database",)), Match(keywords=("schema", "index"))),
        specs={"table": TABLE, "index": INDEX},
        agents=policy,
        groups=(
            Group(name="table_creation", match=Match(kinds=("table",), actions=("create",)), agents=policy),
            Group(name="indexes_and_constraints", match=Match(keywords=("index", "constraint")), agents=policy),
            Group(name="migrations_and_queries", agents=policy),
        ),
    )


def backend(**agents: Any) -> Manager:
    policy = AgentPolicy(**agents)
    return Manager(
        name="backend",
        description="Endpoints.",
        handles=(Match(kinds=("endpoint",)), Match(components=("backend", "api"))),
        specs={"endpoint": ENDPOINT},
        agents=policy,
        groups=(Group(name="api_endpoints", agents=policy),),
    )


def managers(*several: Manager) -> dict[str, Manager]:
    return {manager.name: manager for manager in several or (database(), backend())}


def table(name: str, *refers: str, complexity: Any = "medium", **fields: Any) -> Task:
    return Task(
        **{
            "id": f"database_{name}",
            "title": f"Create {name} table",
            "component": "database",
            "complexity": complexity,
            "spec": {"kind": "table", "table": name, "foreign_keys": [{"table": other} for other in refers]},
            "outputs": (f"migrations/{name}.sql",),
            **fields,
        }
    )


def index(name: str, of: str, **fields: Any) -> Task:
    return Task(
        id=f"database_{name}",
        title=f"Add index {name}",
        component="database",
        spec={"kind": "index", "name": name, "table": of},
        outputs=(f"migrations/{name}.sql",),
        **fields,
    )


def endpoint(method: str, path: str, name: str, complexity: Any = "low", outputs: Any = None, **spec: Any) -> Task:
    return Task(
        id=f"backend_{name}",
        title=f"Implement {method} {path}",
        component="backend",
        complexity=complexity,
        spec={"kind": "endpoint", "method": method, "path": path, **spec},
        outputs=outputs if outputs is not None else (f"app/{name}.py",),
    )


@dataclass(frozen=True)
class Worked:
    """One task of a simulated run."""

    task: str
    order: WorkOrder
    start: float
    end: float


def work(dispatcher: Dispatcher, durations: Mapping[str, float]) -> list[Worked]:
    """Everything is verified; the tasks of an order run one after the other."""
    clock, number, found = 0.0, 0, list[Worked]()
    running: list[tuple[float, int, WorkOrder, tuple[str, ...]]] = []
    while True:
        for order in dispatcher.take():
            number += 1
            heapq.heappush(running, (clock + durations[order.tasks[0]], number, order, order.tasks))
        if not running:
            return found
        clock, _, order, left = heapq.heappop(running)
        found.append(Worked(left[0], order, clock - durations[left[0]], clock))
        dispatcher.finished_task(order.id, left[0], "verified")
        number += 1
        if left[1:]:
            heapq.heappush(running, (clock + durations[left[1]], number, order, left[1:]))
        else:
            dispatcher.release(order.id)
