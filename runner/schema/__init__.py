"""JSON Schema (2020-12): what is wrong with data, at its place and in words; and what is wrong with a schema.

The registry is closed: a `$ref` reaches "#/..." and files in the folders of schemas, never the network or other files.
"""

from __future__ import annotations

from runner.schema.registry import Schemas, UnknownSchema, read_schema, shipped
from runner.schema.validation import check, problems

__all__ = ["Schemas", "UnknownSchema", "check", "problems", "read_schema", "shipped"]
