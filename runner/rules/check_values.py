"""ORC221 expression_syntax, ORC222 expression_form, ORC223 unknown_name, ORC224 unknown_field, ORC225 braces: what the
checks of a manager are filled with.

Bad: `env: {MINUTES: "{{ task.spec.minuts }}"}`, `run: [test, "{{ tsk.id }}"]`, braces under `with`, which is not
filled. Good: fields of the task, and of the specs that the check judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runner.expressions import Expression, ExpressionError, braces, parse
from runner.load import Loaded
from runner.records import Json, Kind, Manager, Position, Problem
from runner.records.catalogue import finding
from runner.render.inspection import column_of_path
from runner.rules.orders import task_shape
from runner.rules.scan import Pointer, inside
from runner.rules.shapes import Missing, Shape
from runner.rules.uses import checks_of
from runner.schema.messages import listed, meant


@dataclass(frozen=True)
class _Text:
    """A text of a check: where it starts, what `task` is there, and whether secrets may be read."""

    text: str
    pointer: Pointer
    where: Position
    source: str
    task: Shape
    secrets: bool

    def problem(self, rule: str, message: str, hint: str, offset: int, width: int = 0) -> Problem:
        """A finding at an offset of the text."""
        at = inside(self.where, self.source, self.text, offset)
        if width and at != self.where:
            at = Position(at.path, at.line, at.column, at.line, at.column + width)
        return finding(rule, message, at, pointer="".join(f"/{part}" for part in self.pointer), hint=hint)


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every value of a check that cannot be filled."""
    for name, manager in loaded.managers.items():
        for pointer, check in checks_of(loaded.data[name]):
            task = task_shape(_judged(manager, pointer, check))
            for inner, text in _texts(check):
                where = loaded.in_manager(name, *pointer, *inner)
                source = loaded.documents[where.path].text
                found = _Text(text, (*pointer, *inner), where, source, task, inner[0] == "env")
                yield from _not_filled(found) if inner[0] == "with" else _judge_text(found)


def _judged(manager: Manager, pointer: Pointer, check: Mapping[str, Json]) -> list[Kind]:
    """The kinds of the tasks that a check judges, as far as it says so."""
    own = [str(pointer[1])] if pointer[0] == "specs" else check.get("match", {}).get("kinds", manager.specs)
    return [manager.specs[kind] for kind in own if kind in manager.specs] or list(manager.specs.values())


def _texts(check: Mapping[str, Json]) -> Iterator[tuple[Pointer, str]]:
    for key in ("run", "env", "with"):
        yield from _in(check.get(key), (key,))


def _in(value: Json, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _in(item, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in(item, (*pointer, index))
    elif isinstance(value, str) and "{{" in value:
        yield pointer, value


def _not_filled(found: _Text) -> Iterator[Problem]:
    hint = "write the value itself; what a check compares it takes from the task"
    yield found.problem("ORC225", '"with" of a check takes no {{ }}', hint, found.text.find("{{"))


def _judge_text(found: _Text) -> Iterator[Problem]:
    try:
        parts = braces(found.text)
    except ExpressionError as error:
        yield found.problem("ORC221", error.message, error.hint or 'close it with "}}"', error.offset)
        return
    for part in parts:
        start = part.start + 2
        try:
            expression = parse(part.text)
        except ExpressionError as error:
            rule, hint = "ORC222" if error.form else "ORC221", error.hint or "write a path such as task.spec.name"
            yield found.problem(rule, f'"{part.text[:60]}": {error.message}', hint, start)
        else:
            yield from _paths(found, expression, start)


def _paths(found: _Text, expression: Expression, start: int) -> Iterator[Problem]:
    names = ["task", "secrets"] if found.secrets else ["task"]
    for path, defaulted in expression.reads():
        if not path or path[0] not in ("task", "secrets"):
            name = path[0] if path else expression.text
            message = f'"{name}" is not a name that a check knows{meant(name, names)}'
            at = start + max(found.text[start:].find(name), 0)
            yield found.problem("ORC223", message, f"names here: {listed(names)}", at, len(name))
        elif path[0] == "task" and not defaulted:
            yield from _field(found, path, start)


def _field(found: _Text, path: tuple[str, ...], start: int) -> Iterator[Problem]:
    missing = found.task.follow(path[1:])
    if isinstance(missing, Missing):
        holder = ".".join(path[: missing.depth + 1])
        message = f'"{holder}" has no field "{missing.field}"{meant(missing.field, missing.known)}'
        hint = f"fields: {listed(missing.known) or 'none'}"
        at = start + column_of_path(found.text[start:], 1, path[: missing.depth + 2]) - 1
        yield found.problem("ORC224", message, hint, at, len(missing.field))
