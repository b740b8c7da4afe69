"""The keywords of JSON Schema 2020-12, and the walk along the schemas inside a schema."""

from __future__ import annotations

from collections.abc import Iterator

from runner.records import Json, JsonObject

Pointer = tuple[str | int, ...]

_SCHEMA = {
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
}  # fmt: skip
_LIST = {"allOf", "anyOf", "oneOf", "prefixItems"}
_MAPPING = {"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"}
_OTHER = {
    "$anchor", "$comment", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "$vocabulary", "const",
    "contentEncoding", "contentMediaType", "default", "dependentRequired", "deprecated", "description", "enum",
    "examples",
    "exclusiveMaximum", "exclusiveMinimum", "format", "maxContains", "maximum", "maxItems", "maxLength",
    "maxProperties",
    "minContains", "minimum", "minItems", "minLength", "minProperties", "multipleOf", "pattern", "readOnly", "required",
    "title", "type", "uniqueItems", "writeOnly",
}  # fmt: skip
_EDITORS = {"defaultSnippets", "enumDescriptions", "markdownDescription", "markdownEnumDescriptions"}
KEYWORDS = frozenset(_SCHEMA | _LIST | _MAPPING | _OTHER | _EDITORS)
"""What a schema may say; keys that start with "x-" are its author's own."""


def schemas_in(schema: Json, at: Pointer = ()) -> Iterator[tuple[Pointer, JsonObject]]:
    """Every schema inside a schema, itself first, with its pointer."""
    if not isinstance(schema, dict):
        return
    yield at, schema
    for key, value in schema.items():
        if key in _SCHEMA:
            yield from schemas_in(value, (*at, key))
        elif key in _LIST and isinstance(value, list):
            for index, item in enumerate(value):
                yield from schemas_in(item, (*at, key, index))
        elif key in _MAPPING and isinstance(value, dict):
            for name, item in value.items():
                yield from schemas_in(item, (*at, key, name))
