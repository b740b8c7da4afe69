"""The schemas that a `$ref` may reach."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource
from referencing.jsonschema import DRAFT202012

from runner.records import JsonObject
from runner.resources import shipped_folder

Schemas = Callable[[str], JsonObject]
"""File name of a schema -> its content. Raises UnknownSchema."""


class UnknownSchema(LookupError):
    """No folder of schemas holds this file."""


@lru_cache(maxsize=64)
def shipped(name: str) -> JsonObject:
    """A schema that orch ships, by its file name. Raises UnknownSchema."""
    return read_schema((shipped_folder("schemas"),), name)


def read_schema(folders: tuple[Path, ...], name: str) -> JsonObject:
    """The first file of that name in `folders`. Raises UnknownSchema for a name that is none, or leads outside."""
    if not is_file_name(name):
        raise UnknownSchema(name)
    for folder in folders:
        file = folder / name
        if file.is_file() and file.resolve().is_relative_to(folder.resolve()):
            content = json.loads(file.read_text(encoding="utf-8-sig"))
            if isinstance(content, dict):
                return content
    raise UnknownSchema(name)


def is_file_name(name: str) -> bool:
    """Whether a `$ref` is a relative path of a JSON file that climbs nowhere."""
    path = PurePosixPath(name)
    return name.endswith(".json") and ":" not in name and not path.is_absolute() and ".." not in path.parts


def registry(schemas: Schemas) -> Registry[Any]:
    """A registry that retrieves from `schemas` alone."""

    def retrieve(uri: str) -> Resource[Any]:
        try:
            return DRAFT202012.create_resource(schemas(uri))
        except (UnknownSchema, ValueError, OSError) as error:
            raise NoSuchResource(uri) from error

    return Registry(retrieve=retrieve)  # type: ignore[call-arg]


def resource(schema: JsonObject) -> Resource[Any]:
    """The schema as what a resolver starts from; its own `$id` plays no part in finding files."""
    return DRAFT202012.create_resource({key: value for key, value in schema.items() if key != "$id"})
