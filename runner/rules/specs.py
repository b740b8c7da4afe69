"""ORC412 duplicate_kind, ORC415 reference_path, ORC416 reference_kind, ORC417 identity_path, ORC418 expect_path: what a
manager says about its kinds fits their schemas.

Bad: `at: foreign_key.*.table` where the schema says foreign_keys; `identity: [tabel]`; a kind that two managers define;
a schema with another `kind: {const: ...}` than the kind's own name, which no task could fit.
Good: every path leads to something that the schema names; identity fields are required.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.load import Loaded
from runner.records import Kind, Position, Problem
from runner.records.catalogue import finding
from runner.rules.handles import known
from runner.rules.shapes import Missing, Shape
from runner.schema.messages import listed, meant


def judge(loaded: Loaded) -> Iterator[Problem]:
    """What is wrong with each kind of each manager."""
    for name, manager in loaded.managers.items():
        for kind in manager.specs.values():
            yield from _paths(loaded, name, kind)
            yield from _const(loaded, name, kind)
            yield from _reference_kinds(loaded, name, kind)
    yield from _duplicates(loaded)


def _paths(loaded: Loaded, name: str, kind: Kind) -> Iterator[Problem]:
    shape = Shape(kind.schema, kind.schema)
    base = ("specs", kind.name)
    for index, reference in enumerate(kind.references):
        where = loaded.in_manager(name, *base, "references", index, "at")
        yield from _path("ORC415", shape, kind.name, reference.at, where)
    for index, path in enumerate(kind.expect):
        yield from _path("ORC418", shape, kind.name, path, loaded.in_manager(name, *base, "expect", index))
    for index, path in enumerate(kind.identity):
        where = loaded.in_manager(name, *base, "identity", index)
        yield from _path("ORC417", shape, kind.name, path, where)
        required = shape.resolved().schema.get("required", ())
        if isinstance(shape.follow(tuple(path.split("."))), Shape) and path.split(".")[0] not in required:
            message = f'identity "{path}" is not required by the schema of "{kind.name}"'
            hint = f"required fields: {listed(required) or 'none'}"
            yield finding("ORC417", message, where, hint=hint)


def _const(loaded: Loaded, name: str, kind: Kind) -> Iterator[Problem]:
    """A schema that wants another kind takes no task of this one."""
    said = kind.schema.get("properties", {}).get("kind", {})
    wanted = [said["const"]] if "const" in said else said.get("enum", [kind.name])
    if kind.name not in wanted:
        where = loaded.in_manager(name, "specs", kind.name, "schema")
        message = f'the schema of "{kind.name}" wants kind {listed(wanted)}: no task can fit it'
        yield finding("ORC417", message, where, hint=f"write kind: {{const: {kind.name}}}")


def _path(rule: str, shape: Shape, kind: str, path: str, where: Position) -> Iterator[Problem]:
    found = shape.follow(tuple(path.split(".")))
    if isinstance(found, Missing):
        message = f'the schema of "{kind}" has no path "{path}"{meant(found.field, found.known)}'
        yield finding(rule, message, where, hint=f'fields instead of "{found.field}": {listed(found.known) or "none"}')


def _reference_kinds(loaded: Loaded, name: str, kind: Kind) -> Iterator[Problem]:
    for index, reference in enumerate(kind.references):
        for target in reference.kinds:
            there = known(loaded, "kind", target)
            if target not in there:
                where = loaded.in_manager(name, "specs", kind.name, "references", index, "kind")
                message = f'no manager defines kind "{target}"{meant(target, there)}'
                yield finding("ORC416", message, where, hint=f"kinds: {listed(there)}")


def _duplicates(loaded: Loaded) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, manager in loaded.managers.items():
        for kind in manager.specs:
            if kind in owners:
                first = loaded.in_manager(owners[kind], "specs", kind, key=True)
                where = loaded.in_manager(name, "specs", kind, key=True)
                message = f'kind "{kind}" is defined also in {first.path}:{first.line}'
                related = ((first, "first defined here"),)
                yield finding("ORC412", message, where, hint="rename or remove one of them", related=related)
            owners.setdefault(kind, name)
