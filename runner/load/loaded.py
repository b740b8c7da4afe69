"""What loading found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runner.positions import Document
from runner.records import JsonObject, Manager, Pipeline, Position, Problem
from runner.resources import Resources

Pointer = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that keys of a merged manager come from: `prefix` in the document `path`."""

    path: str
    prefix: Pointer = ()


@dataclass(frozen=True)
class Loaded:
    """A pipeline (or a manager alone: `pipeline` None) with everything it refers to.

    `managers` hold `extends` and `with` merged in; `sources` maps the relative path of every file that a run uses to
    its text; `schemas` maps a step to the schema of its answer; `data` is the merged YAML of each manager;
    `everyone()` reads, once, every manager of project and orch. In `options` of steps, `schema` is the schema itself.
    """

    path: str
    resources: Resources
    pipeline: Pipeline | None = None
    managers: dict[str, Manager] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, JsonObject] = field(default_factory=dict)
    schema_names: dict[str, str] = field(default_factory=dict)
    data: dict[str, JsonObject] = field(default_factory=dict)
    origins: dict[str, tuple[Origin, ...]] = field(default_factory=dict)
    everyone: Callable[[], Mapping[str, Manager]] = dict

    @property
    def document(self) -> Document:
        """The document of the file itself."""
        return self.documents[self.path]

    def at(self, *pointer: str | int, key: bool = False) -> Position:
        """A place in the file itself."""
        return self.document.position(pointer, key)

    def in_manager(self, name: str, *pointer: str | int, key: bool = False) -> Position:
        """A place of a manager: in the pipeline that overrides it, in its own file, or in the one it extends."""
        for origin in self.origins[name]:
            document = self.documents[origin.path]
            if document.has((*origin.prefix, *pointer)):
                return document.position((*origin.prefix, *pointer), key)
        own = next(origin for origin in self.origins[name] if not origin.prefix)
        return self.documents[own.path].position((*own.prefix, *pointer), key)
