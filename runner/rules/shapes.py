"""What is known about the values that expressions find: JSON Schemas, followed along a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from runner.load import Loaded
from runner.records import JsonObject, Step

ANY: JsonObject = {}
"""Nothing is known: every path fits."""
STATUS: JsonObject = {"enum": ["ok", "failed", "skipped"]}
_INPUT_TYPES = {
    "text": "string", "markdown": "string", "file": "string", "choice": "string", "integer": "integer",
    "number": "number", "boolean": "boolean",
}  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """No value stands at `field`; `known` are the names that do. `depth` counts the fields before it in the path."""

    field: str
    known: tuple[str, ...]
    depth: int = 0


@dataclass(frozen=True)
class Shape:
    """A schema, and the root in which its `$ref`s are looked up.

    `own` holds shapes of fields that stand before those of the schema; the value may as well have one of the shapes
    in `others`.
    """

    schema: JsonObject
    root: JsonObject
    own: Mapping[str, Shape] = field(default_factory=dict)
    others: tuple[Shape, ...] = ()

    def resolved(self) -> Shape:
        """The shape behind `$ref: "#/..."`; unknown behind any other."""
        schema, others = self.schema, tuple(other.resolved() for other in self.others)
        for _ in range(20):
            if "$ref" not in schema:
                return replace(self, schema=schema, others=others)
            schema = _lookup(str(schema["$ref"]), self.root)
        return Shape(ANY, ANY)

    def follow(self, path: tuple[str, ...]) -> Shape | Missing:
        """The shape at the end of `path`; Missing where the schema says that there is nothing."""
        shape = self.resolved()
        for depth, name in enumerate(path):
            found = shape.member(name)
            if isinstance(found, Missing):
                return replace(found, depth=depth)
            shape = found.resolved()
        return shape

    def member(self, name: str) -> Shape | Missing:
        """The shape of one field of a mapping, or item of a list ("*" or a number); where it may have one of several
        shapes, what any of them has."""
        found = [self._member(name), *(other.member(name) for other in self.others)]
        shapes = [one for one in found if isinstance(one, Shape)]
        if shapes:
            return any_of(shapes)
        known = dict.fromkeys(each for one in found if isinstance(one, Missing) for each in one.known)
        return Missing(name, tuple(known))

    def _member(self, name: str) -> Shape | Missing:
        schema, properties = self.schema, self.schema.get("properties")
        if name in self.own:
            return self.own[name]
        if name == "*" or name.lstrip("-").isdigit():
            if self.type in {"array", None}:
                items = schema.get("items", ANY)
                return Shape(items if isinstance(items, Mapping) else ANY, self.root)
            return Missing(name, ())
        if self.type not in {"object", None}:
            return Missing(name, ())
        if isinstance(properties, Mapping) and name in properties:
            return Shape(properties[name] if isinstance(properties[name], Mapping) else ANY, self.root)
        if self._is_open():
            more = schema.get("additionalProperties", ANY)
            return Shape(more if isinstance(more, Mapping) else ANY, self.root)
        return Missing(name, tuple(properties or ()))

    def _is_open(self) -> bool:
        if any(key in self.schema for key in ("anyOf", "oneOf", "allOf", "if", "patternProperties", "$dynamicRef")):
            return True
        # A schema that names its properties is taken at its word, unless it invites others.
        return "properties" not in self.schema or bool(self.schema.get("additionalProperties", False))

    @property
    def type(self) -> str | None:
        """Its JSON type, None where several or none is known."""
        kind = self.schema.get("type")
        if isinstance(kind, str):
            return kind
        values = self.schema.get("enum")
        return "string" if isinstance(values, list) and values and all(isinstance(v, str) for v in values) else None


UNKNOWN = Shape(ANY, ANY)


def any_of(shapes: Sequence[Shape]) -> Shape:
    """A value that has one of these shapes; unknown where there are none."""
    return replace(shapes[0], others=(*shapes[0].others, *shapes[1:])) if shapes else UNKNOWN


def list_of(item: Shape) -> Shape:
    """A list of values of this shape."""
    return Shape({"type": "array"}, ANY, {"*": item})


def output_of(loaded: Loaded, name: str, item: bool = False) -> Shape:
    """What is known about the output of a step; with `item` about that of one round of its `foreach`."""
    assert loaded.pipeline is not None  # noqa: S101 - rules over expressions have a pipeline
    step = loaded.pipeline.steps[name]
    one = _one_output(loaded, step)
    if step.foreach is None or item:
        return one
    if step.foreach.collect:
        inner = one.follow((step.foreach.collect,))
        kept = inner.schema if isinstance(inner, Shape) else ANY
        return Shape({"type": "object", "properties": {step.foreach.collect: kept}}, one.root)
    return Shape({"type": "array", "items": one.schema}, one.root)


def _one_output(loaded: Loaded, step: Step) -> Shape:
    schema = loaded.schemas.get(step.name)
    if schema is not None:
        return Shape(schema, schema)
    if step.uses in {"prompt", "agent"} and "schema" not in step.options:
        return Shape({"type": "string"}, ANY)
    if step.uses == "command":
        kinds: dict[str, JsonObject] = {
            "text": {"type": "string"},
            "lines": {"type": "array", "items": {"type": "string"}},
        }
        return Shape(kinds.get(str(step.options.get("output", "none")), ANY), ANY)
    return UNKNOWN


def input_shape(kind: str) -> Shape:
    """The shape of an input of that type."""
    return Shape({"type": _INPUT_TYPES[kind]}, ANY)


def _lookup(reference: str, root: JsonObject) -> JsonObject:
    if not reference.startswith("#/"):
        return root if reference == "#" else ANY
    node: object = root
    for part in reference[2:].split("/"):
        node = node.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else ANY
