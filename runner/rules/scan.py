"""Every expression of a pipeline with its place, for the rules that judge them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from runner.expressions import Expression, ExpressionError, braces, parse
from runner.load import Loaded
from runner.records import Json, Position, Problem, Step
from runner.records.catalogue import finding

Pointer = tuple[str | int, ...]
Place = Literal["condition", "until", "source", "key", "output", "value"]

STATIC = frozenset({"agent", "attempts", "model", "pipeline", "rules", "schema", "template", "tools"})
"""Options that name something before a run starts: a `{{ }}` in them is a mistake (ORC316)."""
VERBATIM = STATIC | {"checks", "prompt", "shell", "text"}
"""Options that are not filled by the engine: static ones, and those that are Jinja, shell or for a person."""


@dataclass(frozen=True)
class Use:
    """One expression: `text` as written, where it stands, and of which step ("" for `outputs`)."""

    text: str
    pointer: Pointer
    place: Place
    step: str
    position: Position

    def problem(self, rule: str, message: str, hint: str = "") -> Problem:
        """A finding about this expression."""
        return finding(rule, message, self.position, pointer="".join(f"/{p}" for p in self.pointer), hint=hint)


@dataclass(frozen=True)
class Broken:
    """Text that should have been an expression."""

    use: Use
    error: ExpressionError


def uses(loaded: Loaded) -> list[Use]:
    """Every text that stands where an expression is read."""
    return [found for found in _uses(loaded) if isinstance(found, Use)]


def unclosed(loaded: Loaded) -> list[Broken]:
    """Texts with braces that cannot be cut into expressions."""
    return [found for found in _uses(loaded) if isinstance(found, Broken)]


def parsed(loaded: Loaded) -> Iterator[tuple[Use, Expression]]:
    """Every expression that can be read; the others are for the rule over syntax to say."""
    for use in uses(loaded):
        try:
            yield use, parse(use.text)
        except ExpressionError:
            continue


def _uses(loaded: Loaded) -> Iterator[Use | Broken]:
    if loaded.pipeline is None:
        return
    for name, step in loaded.pipeline.steps.items():
        yield from _step_uses(loaded, name, step)
    for name, text in loaded.pipeline.outputs.items():
        yield _bare(loaded, text, ("outputs", name), "output", "")


def _step_uses(loaded: Loaded, name: str, step: Step) -> Iterator[Use | Broken]:
    base: Pointer = ("steps", name)
    if step.condition:
        yield _bare(loaded, step.condition, (*base, "if"), "condition", name)
    if step.foreach is not None:
        if isinstance(step.foreach.source, str):
            yield _bare(loaded, step.foreach.source, (*base, "foreach", "in"), "source", name)
        if step.foreach.key:
            yield _bare(loaded, step.foreach.key, (*base, "foreach", "key"), "key", name)
    if step.repeat is not None:
        yield _bare(loaded, step.repeat.until, (*base, "repeat", "until"), "until", name)
    for option, value in step.options.items():
        if option not in VERBATIM:
            yield from _values(loaded, value, (*base, "with", option), name)


def _bare(loaded: Loaded, text: str, pointer: Pointer, place: Place, step: str) -> Use:
    return Use(text, pointer, place, step, loaded.at(*pointer))


def _values(loaded: Loaded, value: Json, pointer: Pointer, step: str) -> Iterator[Use | Broken]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _values(loaded, item, (*pointer, key), step)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values(loaded, item, (*pointer, index), step)
    elif isinstance(value, str) and "{{" in value:
        yield from _in_text(loaded, value, pointer, step)


def _in_text(loaded: Loaded, text: str, pointer: Pointer, step: str) -> Iterator[Use | Broken]:
    where = loaded.at(*pointer)
    try:
        for part in braces(text):
            yield Use(part.text, pointer, "value", step, inside(where, loaded.document.text, text, part.start))
    except ExpressionError as error:
        yield Broken(Use(text, pointer, "value", step, where), error)


def inside(where: Position, source: str, text: str, offset: int) -> Position:
    """The place of an offset of a text that stands on one line of `source`; the whole text's place otherwise."""
    line = source.split("\n")[where.line - 1]
    found = line.find(text, where.column - 1)
    if where.line != where.end_line or found < 0:
        return where
    start = found + offset + 1
    return Position(where.path, where.line, start, where.line, where.end_column)
