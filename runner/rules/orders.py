"""What is known about the variables of a manager's template, and about what its checks may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.load import Loaded
from runner.records import JsonObject, Kind, Manager
from runner.rules.shapes import ANY, Shape, any_of, list_of
from runner.schema import shipped

_TEXT, _NUMBER, _FLAG = ({"type": kind} for kind in ("string", "integer", "boolean"))
_TEXTS: JsonObject = {"type": "array", "items": _TEXT}
_PLAIN: Mapping[str, JsonObject] = {
    "group": _TEXT,
    "seat": _TEXT,
    "part": _TEXT,
    "number": _NUMBER,
    "count": _NUMBER,
    "first": _FLAG,
    "continued": _FLAG,
    "attempt": _NUMBER,
    "round": _NUMBER,
    "feedback": _TEXT,
    "owns": _TEXTS,
    "run": _TEXT,
}


def order_shapes(loaded: Loaded, manager: Manager) -> dict[str, Shape]:
    """The shape of each variable of a turn's template (`executors.prompts.variables` gives their values)."""
    plan, task = shipped("plan.schema.json"), task_shape(manager.specs.values())
    everyone = [kind for one in loaded.managers.values() for kind in one.specs.values()]
    related = task_shape(everyone) if loaded.pipeline is not None else task_shape(())
    mapping = {name: Shape(schema, ANY) for name, schema in _PLAIN.items()}
    return mapping | {
        "task": task,
        "tasks": list_of(task),
        "related": list_of(related),
        "plan": Shape(plan, plan),
        "order": Shape(_ORDER, ANY),
        "manager": Shape(_MANAGER, ANY),
        "checks": Shape({"type": "array", "items": _CHECK}, ANY),
    }


def task_shape(kinds: Iterable[Kind]) -> Shape:
    """A task whose spec is of one of these kinds; of any kind where there are none."""
    schema = shipped("tasks.schema.json")
    specs = any_of([Shape(kind.schema, kind.schema, {"kind": Shape(_TEXT, ANY)}) for kind in kinds])
    return Shape(schema["$defs"]["task"], schema, {"spec": specs})


def _object(**properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties}


_ORDER = _object(
    id=_TEXT,
    seat=_TEXT,
    manager=_TEXT,
    group=_TEXT,
    tasks=_TEXTS,
    attempts={"type": "array", "items": _NUMBER},
    feedback=_TEXTS,
    round=_NUMBER,
)
_KIND = _object(good=_TEXT, bad=_TEXT)
_MANAGER = _object(
    name=_TEXT,
    title=_TEXT,
    description=_TEXT,
    tools=_TEXTS,
    kinds={"type": "object", "additionalProperties": _KIND},
)
_CHECK = _object(name=_TEXT, command=_TEXT, at=_TEXTS)
