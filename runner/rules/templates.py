"""TMPL001 template_syntax, TMPL002 undefined_variable, TMPL003 undefined_field, TMPL006 unknown_filter, TMPL011
include_not_found, TMPL012 costly_constant, TMPL013 private_attribute: prompts that can be rendered.

Bad: `{{ rquest }}`, `{{ plan.titel }}`, `{{ x | uper }}`, an `if` that is never closed. Good: names given under `vars`
or known to every template (`runner.render.variables`), filters that exist, fields that the schema has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as having

from runner.expressions import ExpressionError, braces, parse
from runner.load import Loaded
from runner.records import Position, Problem, Step
from runner.records.catalogue import finding
from runner.render import Inspection, Renderer, TemplateProblem
from runner.render.inspection import Read, column_of, column_of_path
from runner.render.variables import ORDER, ROUND, STEP
from runner.rules.names import shape_of
from runner.rules.orders import order_shapes
from runner.rules.scan import Use
from runner.rules.shapes import UNKNOWN, Missing, Shape
from runner.schema import shipped
from runner.schema.messages import listed, meant

_METHODS = frozenset(
    ("get", "items", "keys", "values", "lower", "upper", "strip", "lstrip", "rstrip", "split", "splitlines", "title",
     "startswith", "endswith", "capitalize", "removeprefix", "removesuffix", "count", "index", "isdigit")
)  # fmt: skip


@dataclass(frozen=True)
class Prompt:
    """A template as it is used: its source or name, what it is given, and how messages call the place."""

    where: str
    known: tuple[str, ...]
    shapes: Mapping[str, Shape] = having(default_factory=dict)
    template: str = ""
    source: str = ""
    inline_at: Position | None = None


def judge(loaded: Loaded) -> Iterator[Problem]:
    """What is wrong with every template that is used, and with all that they include."""
    renderer = Renderer(loaded.resources.folders("templates"))
    for prompt in prompts(loaded):
        if prompt.source:
            yield from _judge_inline(loaded, prompt, renderer)
        elif renderer.file(prompt.template) is not None:
            yield from _judge_file(loaded, prompt, renderer)


def judge_alone(name: str, renderer: Renderer, path: str) -> Iterator[Problem]:
    """What is wrong with a template whatever it is given."""
    try:
        looked = renderer.inspect(name)
    except TemplateProblem as problem:
        yield _said(problem, path)
        return
    yield from (_said(problem, path) for problem in looked.problems)
    yield from _includes(looked, renderer, renderer.source(name), path)


def prompts(loaded: Loaded) -> Iterator[Prompt]:
    """Every template that what was loaded uses."""
    if loaded.pipeline is not None:
        for step in loaded.pipeline.steps.values():
            yield from _of_step(loaded, step)
    for name, manager in loaded.managers.items():
        where, shapes = f'an order of "{name}"', order_shapes(loaded, manager)
        if manager.prompt:
            at = loaded.in_manager(name, "prompt")
            yield Prompt(where, ORDER, shapes, source=manager.prompt, inline_at=at)
        elif manager.template:
            yield Prompt(where, ORDER, shapes, template=manager.template)
        for group in manager.groups:
            if group.template:
                yield Prompt(where, ORDER, shapes, template=group.template)


def _of_step(loaded: Loaded, step: Step) -> Iterator[Prompt]:
    template, source = step.options.get("template"), step.options.get("prompt")
    given = step.options.get("vars", {})
    known = ROUND if step.uses == "validate" else (*given, *(name for name in STEP if name not in given))
    plan = shipped("plan.schema.json")
    shapes = {"plan": Shape(plan, plan), **{name: _given(loaded, step, name, value) for name, value in given.items()}}
    where = f'step "{step.name}"'
    if isinstance(source, str):
        at = loaded.at("steps", step.name, "with", "prompt")
        yield Prompt(where, known, shapes, source=source, inline_at=at)
    elif isinstance(template, str):
        yield Prompt(where, known, shapes, template=template)


def _given(loaded: Loaded, step: Step, name: str, value: object) -> Shape:
    """What is known about one of the step's `vars`."""
    try:
        parts = braces(value) if isinstance(value, str) else ()
        if loaded.pipeline is None or len(parts) != 1 or value != str(value)[parts[0].start : parts[0].end]:
            return UNKNOWN
        reads = parse(parts[0].text).reads()
    except ExpressionError:
        return UNKNOWN
    if len(reads) != 1 or "|" in parts[0].text:
        return UNKNOWN
    use = Use(parts[0].text, (), "value", step.name, Position(""))
    found = shape_of(loaded, loaded.pipeline, use, reads[0][0])
    return found if isinstance(found, Shape) else UNKNOWN


def _judge_inline(loaded: Loaded, prompt: Prompt, renderer: Renderer) -> Iterator[Problem]:
    at = prompt.inline_at
    assert at is not None  # noqa: S101 - inline prompts have a place
    text = loaded.documents[at.path].text
    try:
        looked = renderer.inspect_text(prompt.source, at.path)
        found = [_said(problem, at.path) for problem in looked.problems]
        found += [*_names(prompt, looked, prompt.source, at.path), *_includes(looked, renderer, prompt.source, at.path)]
    except TemplateProblem as broken:
        found = [_said(broken, at.path)]
    for problem in found:
        yield _moved(problem, at, text, prompt.source)


def _moved(problem: Problem, at: Position, text: str, source: str) -> Problem:
    """The problem at its place in the YAML file, whose value starts at `at`."""
    assert problem.position is not None  # noqa: S101 - problems of templates have one
    lines = text.split("\n")
    block = lines[at.line - 1][at.column - 1 : at.column] in {"|", ">"}
    line = at.line + problem.position.line - (0 if block else 1)
    inside = source.split("\n")[problem.position.line - 1] if source else ""
    start = lines[line - 1].find(inside.strip()) if line <= len(lines) else -1
    lead = len(inside) - len(inside.lstrip())
    column = start + problem.position.column - lead if start >= 0 else at.column
    width = problem.position.end_column - problem.position.column
    where = Position(at.path, line, max(column, 1), line, max(column, 1) + width)
    return finding(problem.rule, problem.message, where, hint=problem.hint)


def _judge_file(loaded: Loaded, prompt: Prompt, renderer: Renderer) -> Iterator[Problem]:
    pending, seen = [prompt.template], set[str]()
    own: frozenset[str] = frozenset()
    while pending:
        name = pending.pop()
        file = renderer.file(name)
        if name in seen or file is None:
            continue
        seen.add(name)
        path = loaded.resources.relative(file)
        yield from judge_alone(name, renderer, path)
        try:
            looked = renderer.inspect(name)
        except TemplateProblem:
            continue
        yield from _names(prompt, looked, renderer.source(name), path, own)
        own |= looked.assigned
        pending += [included for included, _ in looked.includes]


def _names(
    prompt: Prompt, looked: Inspection, source: str, path: str, own: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    for read in looked.reads:
        name, written = read.path[0], read.written
        if name not in prompt.known and name not in own and (name,) not in looked.guarded:
            message = f'"{name}" is not available in {prompt.where}{meant(name, prompt.known)}'
            hint = f"available: {', '.join(prompt.known)}"
            yield finding("TMPL002", message, _place(path, read.line, source, written[0]), hint=hint)
        elif name in prompt.shapes and written not in looked.guarded and not {name, written[0]} & looked.sorted:
            yield from _field(prompt.shapes[name], read, source, path)


def _field(shape: Shape, read: Read, source: str, path: str) -> Iterator[Problem]:
    fields = read.path[1:-1] if read.path[-1] in _METHODS and len(read.written) > 1 else read.path[1:]
    found = shape.follow(fields)
    # A loop through something that is no list is for whoever gives the values: nothing is written there to point at.
    at = len(read.written) - (len(read.path) - 1) + found.depth if isinstance(found, Missing) else 0
    if isinstance(found, Missing) and at > 0 and found.field not in _METHODS:
        holder = ".".join(read.written[:at])
        message = f'"{holder}" has no field "{found.field}"{meant(found.field, found.known)}'
        column = column_of_path(source, read.line, read.written[: at + 1])
        where = Position(path, read.line, column, read.line, column + len(found.field))
        yield finding("TMPL003", message, where, hint=f"fields: {listed(found.known) or 'none'}")


def _includes(looked: Inspection, renderer: Renderer, source: str, path: str) -> Iterator[Problem]:
    for name, line in looked.includes:
        if renderer.file(name) is None:
            hint = "name a file inside templates/"
            yield finding(
                "TMPL011", f'included template "{name}" was not found', _place(path, line, source, name), hint=hint
            )


def _place(path: str, line: int, source: str, word: str) -> Position:
    column = column_of(source, line, word)
    return Position(path, line, column, line, column + len(word))


def _said(problem: TemplateProblem, path: str) -> Problem:
    where = Position(path, problem.line, problem.column, problem.line, problem.column + 1)
    return finding(problem.rule, problem.reason, where, hint=problem.hint or "see the documentation of templates")
