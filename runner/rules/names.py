"""ORC223 unknown_name, ORC224 unknown_field, ORC206 undeclared_need, ORC208 missing_output_read, ORC215
missing_pipeline_output: what expressions read.

Bad: `inputs.requst`, `steps.plan.output.componets`, reading a step that is not needed, reading the output of a step
that may have none without `default`. Good: every path leads to something that exists by then.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.load import Loaded
from runner.needs import reachable
from runner.records import Pipeline, Problem, Step
from runner.rules.scan import Use, parsed
from runner.rules.shapes import STATUS, UNKNOWN, Missing, Shape, input_shape, output_of
from runner.schema.messages import listed, meant

_OF_A_STEP = ("output", "status", "checks", "failures")


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every path that leads nowhere, or too early."""
    if loaded.pipeline is None:
        return
    for use, expression in parsed(loaded):
        for path, defaulted in expression.reads():
            yield from _judge_path(loaded, loaded.pipeline, use, path, defaulted)


def _judge_path(
    loaded: Loaded, pipeline: Pipeline, use: Use, path: tuple[str, ...], defaulted: bool
) -> Iterator[Problem]:
    roots = roots_of(pipeline, use)
    if not path or path[0] not in roots:
        name = path[0] if path else use.text
        hint = f"names here: {listed(roots)}"
        yield use.problem("ORC223", f'"{name}" is not a name{meant(name, roots)}', hint)
    elif path[0] == "inputs":
        yield from _judge_input(pipeline, use, path)
    elif path[0] == "steps":
        yield from _judge_step(loaded, pipeline, use, path, defaulted)
    elif path[0] != "secrets":
        yield from _judge_item(loaded, pipeline.steps[use.step], use, path)


def roots_of(pipeline: Pipeline, use: Use) -> list[str]:
    """The names that an expression may start with at its place."""
    step = pipeline.steps.get(use.step)
    inside = step is not None and step.foreach is not None and use.place in {"key", "value"}
    return ["inputs", "steps", "secrets", *([step.foreach.name] if inside and step and step.foreach else [])]


def _judge_input(pipeline: Pipeline, use: Use, path: tuple[str, ...]) -> Iterator[Problem]:
    if len(path) > 1 and path[1] not in pipeline.inputs:
        hint = f"inputs: {listed(pipeline.inputs) or 'none'}"
        yield use.problem("ORC223", f'no input is called "{path[1]}"{meant(path[1], pipeline.inputs)}', hint)
    elif len(path) > 2:
        message = f'input "{path[1]}" is {pipeline.inputs[path[1]].type} and has no field "{path[2]}"'
        yield use.problem("ORC224", message, f"write inputs.{path[1]}")


def _judge_step(
    loaded: Loaded, pipeline: Pipeline, use: Use, path: tuple[str, ...], defaulted: bool
) -> Iterator[Problem]:
    name = path[1] if len(path) > 1 else ""
    if name not in pipeline.steps:
        hint = f"steps of this pipeline: {listed(pipeline.steps)}"
        yield use.problem("ORC223", f'no step is called "{name}"{meant(name, pipeline.steps)}', hint)
        return
    if len(path) > 2 and path[2] not in _OF_A_STEP:
        message = f'a step has no "{path[2]}"{meant(path[2], _OF_A_STEP)}'
        yield use.problem("ORC224", message, f"write steps.{name}.output, or one of {listed(_OF_A_STEP)}")
        return
    yield from _judge_order(pipeline, use, name, path, defaulted)
    found = shape_of(loaded, pipeline, use, path)
    if isinstance(found, Missing):
        yield _unknown_field(use, f'the output of "{name}"', found)


def _judge_order(pipeline: Pipeline, use: Use, name: str, path: tuple[str, ...], defaulted: bool) -> Iterator[Problem]:
    if use.place == "output":
        if len(path) > 2 and path[2] == "output" and not defaulted and _may_be_skipped(pipeline, name):
            message = f'"{name}" may be skipped or fail, and then this output has no value'
            yield use.problem("ORC215", message, "add | default(...)")
        return
    edges = {step: list(entry.needs) for step, entry in pipeline.steps.items()}
    own_result = use.place == "until" and name == use.step
    if not own_result and name not in reachable(use.step, edges):
        message = f'step "{use.step}" reads "steps.{name}" but does not need it'
        yield use.problem("ORC206", message, f'add {name} to "needs" of "{use.step}"')
    elif len(path) > 2 and path[2] == "output" and not defaulted and _may_lack_output(pipeline, use.step, name):
        message = f'"{name}" may have failed or been skipped by then, and has no output'
        yield use.problem("ORC208", message, f"write {'.'.join(path)} | default(...)")


def _may_be_skipped(pipeline: Pipeline, name: str) -> bool:
    return bool(pipeline.steps[name].condition) or pipeline.steps[name].may_fail


def _may_lack_output(pipeline: Pipeline, reader: str, name: str) -> bool:
    """Whether `reader` may run without an ok `name`: no chain of `ok` needs leads to it."""
    edges = {step: [n for n, how in entry.needs.items() if how == "ok"] for step, entry in pipeline.steps.items()}
    return reader != name and name not in reachable(reader, edges)


def _judge_item(loaded: Loaded, step: Step, use: Use, path: tuple[str, ...]) -> Iterator[Problem]:
    found = item_shape(loaded, step).follow(path[1:])
    if isinstance(found, Missing):
        yield _unknown_field(use, f'"{path[0]}"', found)


def _unknown_field(use: Use, what: str, missing: Missing) -> Problem:
    hint = f"fields: {listed(missing.known)}" if missing.known else "it is not a mapping"
    return use.problem("ORC224", f'{what} has no field "{missing.field}"{meant(missing.field, missing.known)}', hint)


def shape_of(loaded: Loaded, pipeline: Pipeline, use: Use, path: tuple[str, ...]) -> Shape | Missing:
    """What is known about the value of a path, UNKNOWN for a path that is judged elsewhere."""
    if len(path) > 1 and path[0] == "inputs" and path[1] in pipeline.inputs:
        return input_shape(pipeline.inputs[path[1]].type).follow(path[2:])
    if len(path) > 2 and path[0] == "steps" and path[1] in pipeline.steps:
        if path[2] == "status":
            return Shape(STATUS, STATUS)
        return output_of(loaded, path[1]).follow(path[3:]) if path[2] == "output" else UNKNOWN
    step = pipeline.steps.get(use.step)
    if step is not None and step.foreach is not None and path[0] == step.foreach.name:
        return item_shape(loaded, step).follow(path[1:])
    return UNKNOWN


def item_shape(loaded: Loaded, step: Step) -> Shape:
    """What is known about one item of a step's `foreach`."""
    from_list = source_shape(loaded, step)
    found = from_list.follow(("*",)) if from_list is not None else UNKNOWN
    return found if isinstance(found, Shape) else UNKNOWN


def source_shape(loaded: Loaded, step: Step) -> Shape | None:
    """What is known about the list that a step's `foreach` goes through; None where it cannot be told."""
    assert step.foreach is not None and loaded.pipeline is not None  # noqa: S101, PT018 - the caller looked
    for use, expression in parsed(loaded):
        if use.step == step.name and use.place == "source":
            reads = expression.reads()
            if len(reads) == 1 and reads[0][0] and _is_path(expression.text):
                found = shape_of(loaded, loaded.pipeline, use, reads[0][0])
                return found if isinstance(found, Shape) else None
    return None


def _is_path(text: str) -> bool:
    return all(letter.isalnum() or letter in "._" for letter in text.strip())
