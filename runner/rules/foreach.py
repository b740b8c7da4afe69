"""ORC211 foreach_source, ORC217 foreach_key_missing, ORC218 foreach_key_value, ORC219 foreach_collect, ORC220
foreach_name: fan-out that can be keyed and joined.

Bad: `in` finds text; objects without `key`; a key that is the same for every item; `collect: task` where answers have
`tasks`; `as: steps`. Good: `{in: steps.plan.output.components, as: component, key: component.name, collect: tasks}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.expressions import ExpressionError, parse
from runner.load import Loaded
from runner.records import Foreach, Problem, Step
from runner.records.catalogue import finding
from runner.rules.names import item_shape, source_shape
from runner.rules.shapes import Missing, output_of
from runner.schema.messages import meant

_TAKEN = ("inputs", "steps", "secrets", "request", "plan", "managers", "run")


def judge(loaded: Loaded) -> Iterator[Problem]:
    """What is wrong with each `foreach`."""
    if loaded.pipeline is None:
        return
    for step in loaded.pipeline.steps.values():
        if step.foreach is not None:
            for rule, part, message, hint in _judge_one(loaded, step, step.foreach):
                pointer = ("steps", step.name, "foreach", part)
                yield finding(rule, message, loaded.at(*pointer), pointer="/" + "/".join(pointer), hint=hint)


_Found = Iterator[tuple[str, str, str, str]]


def _judge_one(loaded: Loaded, step: Step, foreach: Foreach) -> _Found:
    if foreach.name in _TAKEN:
        yield "ORC220", "as", f'"{foreach.name}" is taken', f"taken are {', '.join(_TAKEN)}; choose another name"
    source = source_shape(loaded, step)
    if source is not None and source.type not in {None, "array"}:
        yield "ORC211", "in", f'"foreach.in" must be a list, this is {source.type}', "name a list"
        return
    yield from _judge_key(loaded, step, foreach)
    if foreach.collect:
        yield from _judge_collect(loaded, step, foreach)


def _judge_key(loaded: Loaded, step: Step, foreach: Foreach) -> _Found:
    kind = item_shape(loaded, step).type
    of_objects = kind == "object" or (
        isinstance(foreach.source, list) and any(isinstance(i, dict) for i in foreach.source)
    )
    if not foreach.key:
        if of_objects:
            yield "ORC217", "key", 'items are mappings: "foreach.key" is required', f"for example {foreach.name}.name"
        elif isinstance(foreach.source, list) and len({str(item) for item in foreach.source}) < len(foreach.source):
            yield "ORC218", "in", "two items are the same, and each is its own key", "make the items differ"
        return
    try:
        reads = parse(foreach.key).reads()
    except ExpressionError:
        return
    if not any(path and path[0] == foreach.name for path, _ in reads):
        yield "ORC218", "key", f'the key does not depend on "{foreach.name}"', f"for example {foreach.name}.name"
        return
    found = item_shape(loaded, step).follow(reads[0][0][1:]) if len(reads) == 1 else None
    if found is not None and not isinstance(found, Missing) and found.type not in {None, "string", "integer"}:
        yield "ORC218", "key", f"the key must be text or an integer, this is {found.type}", "name a field that differs"


def _judge_collect(loaded: Loaded, step: Step, foreach: Foreach) -> _Found:
    found = output_of(loaded, step.name, item=True).follow((foreach.collect,))
    if isinstance(found, Missing):
        message = f'answers of "{step.name}" have no list "{foreach.collect}"{meant(foreach.collect, found.known)}'
        yield "ORC219", "collect", message, f"fields: {', '.join(found.known) or 'none'}"
    elif found.type not in {None, "array"}:
        yield "ORC219", "collect", f'"{foreach.collect}" of its answers is {found.type}, not a list', "name a list"
