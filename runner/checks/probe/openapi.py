"""One endpoint in the OpenAPI document that the server gives, against its spec."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.checks.derive.model import success
from runner.checks.derive.reference import Spec

BOUNDS = {"string": ("minLength", "maxLength"), "integer": ("minimum", "maximum"), "number": ("minimum", "maximum")}


def shape(path: str) -> str:
    """A path with its parameters by position: `/posts/{id}` and `/posts/:post_id` are one."""
    return re.sub(r"\{[^}]*\}|:[a-z_]\w*", "{}", path)


def served(document: Mapping[str, Any], spec: Spec) -> Mapping[str, Any] | None:
    """The operation of this endpoint; None where the document has none."""
    for path, operations in document.get("paths", {}).items():
        if shape(path) == shape(spec["path"]) and spec["method"].lower() in operations:
            found: Mapping[str, Any] = operations[spec["method"].lower()]
            return found
    return None


def differences(document: Mapping[str, Any], spec: Spec) -> list[str]:
    """How the operation differs from the spec: parameters, body fields, bounds that it states, success status."""
    operation = served(document, spec)
    if operation is None:
        return ["the OpenAPI document has no such operation"]
    return [f"OpenAPI: {line}" for line in _differences(document, spec, operation)]


def _differences(document: Mapping[str, Any], spec: Spec, operation: Mapping[str, Any]) -> Iterator[str]:
    given = {param["name"]: param for param in operation.get("parameters", []) if param["in"] in ("path", "query")}
    yield from _fields(
        document, "parameter", spec.get("params", []), {k: v.get("schema", {}) for k, v in given.items()}
    )
    for param in spec.get("params", []):
        real = given.get(param["name"])
        if real is not None and bool(real.get("required")) != bool(param.get("required", param["in"] == "path")):
            yield f"parameter {param['name']} is {'' if real.get('required') else 'not '}required"
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    body = _resolved(document, content)
    yield from _fields(document, "field", spec.get("body", []), body.get("properties", {}))
    required = set(body.get("required", []))
    for field in spec.get("body", []):
        if field["name"] in body.get("properties", {}) and field["required"] != (field["name"] in required):
            yield f"field {field['name']} is {'' if field['name'] in required else 'not '}required"
    if str(success(spec)) not in operation.get("responses", {}):
        yield f"no answer {success(spec)} is described"


def _fields(document: Mapping[str, Any], what: str, wanted: list[Spec], real: Mapping[str, Any]) -> Iterator[str]:
    names = {field["name"]: field for field in wanted}
    yield from (f"{what} {name} is missing" for name in names if name not in real)
    yield from (f"{what} {name} is not in the spec" for name in real if name not in names)
    for name in names.keys() & real.keys():
        schema = _resolved(document, real[name])
        for key, bound in zip(BOUNDS.get(names[name]["type"], ()), ("min", "max"), strict=False):
            stated, said = schema.get(key), names[name].get(bound)
            if stated is not None and stated != said:
                yield f"{what} {name} has {key} {stated}, the spec says {said}"


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference, or the only choice beside null."""
    reference = schema.get("$ref", "")
    if reference.startswith("#/"):
        found: Any = document
        for part in reference[2:].split("/"):
            found = found.get(part, {})
        return _resolved(document, found)
    choices = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    return {**schema, **_resolved(document, choices[0])} if len(choices) == 1 else schema
