"""Data against a schema, and schemas against their own rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing.exceptions import Unresolvable

from runner.positions import Document
from runner.records import Json, JsonObject, Problem
from runner.records.catalogue import finding
from runner.schema.keywords import KEYWORDS, schemas_in
from runner.schema.messages import Trouble, listed, meant, troubles, without_echoes
from runner.schema.patterns import why_slow
from runner.schema.registry import Schemas, is_file_name, registry, resource, shipped

Pointer = tuple[str | int, ...]
_MAX_PROBLEMS = 50


def problems(
    schema: JsonObject,
    data: Json,
    document: Document | None = None,
    pointer: Pointer = (),
    *,
    schemas: Schemas = shipped,
) -> list[Problem]:
    """What is wrong with `data`, which stands at `pointer` of `document`, in the order of the file."""
    validator = Draft202012Validator(_checked(schema), registry=registry(schemas))
    try:
        found = without_echoes([trouble for error in _errors(validator, data) for trouble in troubles(error)])
    except Unresolvable as error:
        return [finding("ORC306", f'a "$ref" of the schema leads nowhere: "{error.ref}"', hint=_REF_HINT)]
    except RecursionError:
        return [finding("ORC305", "the schema refers to itself without an end", hint="break the loop of $ref")]
    return _unique(_problem(trouble, document, pointer) for trouble in found)


def check(schema: Json, schemas: Schemas = shipped) -> list[Problem]:
    """What is wrong with a schema itself (ORC305 to ORC307); `pointer` says where in it."""
    if not isinstance(schema, dict):
        return [finding("ORC305", "a schema must be a mapping", hint="write at least {type: object}")]
    try:
        found = list(_own_problems(json.dumps(schema)))
    except RecursionError:
        return [finding("ORC305", "the schema is nested too deeply", hint="make it flatter")]
    return found or [*_reference_problems(schema, schemas), *_pattern_problems(schema)]


@lru_cache(maxsize=256)
def _own_problems(text: str) -> tuple[Problem, ...]:
    schema = json.loads(text)
    return (*_keyword_problems(schema), *_metaschema_problems(schema), *_required_problems(schema))


def _errors(validator: Any, data: Json) -> list[ValidationError]:
    found: list[ValidationError] = []
    for error in validator.iter_errors(data):
        found.append(error)
        if len(found) >= _MAX_PROBLEMS:
            break
    return found


def _checked(schema: JsonObject) -> JsonObject:
    """The schema itself; a pattern that could hang is refused here too, whoever brought it."""
    if _slow_patterns(json.dumps(schema, sort_keys=True)):
        raise ValueError("the schema has a pattern that can take exponential time")
    return schema


@lru_cache(maxsize=256)
def _slow_patterns(schema: str) -> bool:
    return any(why_slow(pattern) for _, pattern in _patterns(json.loads(schema)))


def _problem(trouble: Trouble, document: Document | None, base: Pointer) -> Problem:
    pointer = (*base, *trouble.pointer)
    where = document.position(pointer, key=trouble.at_key) if document is not None else None
    return finding(trouble.rule, trouble.message, where, pointer=_shown(pointer), hint=trouble.hint)


def _unique(found: Iterator[Problem]) -> list[Problem]:
    seen: dict[tuple[str, str, str], Problem] = {}
    for problem in found:
        seen.setdefault((problem.rule, problem.pointer, problem.message), problem)
    return sorted(seen.values(), key=lambda p: (p.position is not None, p.position, p.rule) if p.position else (False,))


_REF_HINT = 'only "#/..." and files in schemas/ may be referred to'


def _metaschema_problems(schema: JsonObject) -> list[Problem]:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = _shown(tuple(error.absolute_path))
        message = f"not a JSON Schema (2020-12): {_first(troubles(error))}"
        return [finding("ORC305", message, pointer=where, hint="see json-schema.org for the keywords")]
    except RecursionError:
        return [finding("ORC305", "the schema is nested too deeply", hint="make it flatter")]
    return []


def _first(found: list[Trouble]) -> str:
    return found[0].message if found else "it does not fit the metaschema"


def _reference_problems(schema: JsonObject, schemas: Schemas) -> Iterator[Problem]:
    resolver = registry(schemas).resolver_with_root(resource(schema))
    found = [
        (at, key, inner[key]) for at, inner in schemas_in(schema) for key in ("$ref", "$dynamicRef") if key in inner
    ]
    for at, key, value in found:
        where, file = _shown((*at, key)), value.partition("#")[0]
        if file and not is_file_name(file):
            yield finding("ORC306", f'"{key}" to "{value}" is not allowed', pointer=where, hint=_REF_HINT)
            continue
        try:
            resolver.lookup(value)
        except Unresolvable:
            yield finding("ORC306", f'"{key}" to "{value}" leads nowhere', pointer=where, hint=_REF_HINT)


def _pattern_problems(schema: JsonObject) -> Iterator[Problem]:
    for where, pattern in _patterns(schema):
        reason = why_slow(pattern)
        if reason == "invalid":
            yield finding(
                "ORC305", f'invalid pattern "{pattern}"', pointer=where, hint="see Python's re for the syntax"
            )
        elif reason:
            message = f'the pattern "{pattern}" can take exponential time: {reason}'
            yield finding("ORC307", message, pointer=where, hint="avoid repeats inside repeats")


def _patterns(schema: Json) -> Iterator[tuple[str, str]]:
    for at, inner in schemas_in(schema):
        if isinstance(inner.get("pattern"), str):
            yield _shown((*at, "pattern")), inner["pattern"]
        if isinstance(inner.get("patternProperties"), dict):
            yield from ((_shown((*at, "patternProperties")), pattern) for pattern in inner["patternProperties"])


def _keyword_problems(schema: Json) -> Iterator[Problem]:
    for at, inner in schemas_in(schema):
        for key in inner:
            if key not in KEYWORDS and not key.startswith("x-"):
                message = f'"{key}" is not a keyword of JSON Schema{meant(key, KEYWORDS)}'
                hint = "correct it; a key of your own starts with x-"
                yield finding("ORC305", message, pointer=_shown((*at, key)), hint=hint)


def _required_problems(schema: Json) -> Iterator[Problem]:
    for at, inner in schemas_in(schema):
        names, allowed = inner.get("required"), inner.get("properties")
        closed = inner.get("additionalProperties") is False and "patternProperties" not in inner
        if not closed or not isinstance(names, list) or not isinstance(allowed, dict):
            continue
        for index, name in enumerate(names):
            if name not in allowed:
                message = f'"{name}" is required, and "properties" does not allow it{meant(str(name), allowed)}'
                hint = f"properties: {listed(allowed)}"
                yield finding("ORC305", message, pointer=_shown((*at, "required", index)), hint=hint)


def _shown(pointer: Pointer) -> str:
    return "".join(f"/{part}" for part in pointer)
