"""The database that a set of table specs describes, built from the specs alone: what real ones are compared with."""

from __future__ import annotations

import datetime
import re
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from runner.checks.derive.sql import literal, quoted

Spec = Mapping[str, Any]


def connect(path: str = ":memory:") -> sqlite3.Connection:
    """A connection that enforces foreign keys and knows the PostgreSQL functions that specs commonly name."""
    database = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA foreign_keys = ON")
    teach(database)
    return database


def teach(database: sqlite3.Connection) -> None:
    """Give a connection `char_length`, `gen_random_uuid`, `now` and `regexp`."""
    for name in ("char_length", "character_length"):
        database.create_function(name, 1, _length, deterministic=True)
    database.create_function("gen_random_uuid", 0, lambda: str(uuid.uuid4()))
    database.create_function("now", 0, lambda: datetime.datetime.now(datetime.UTC).isoformat(" "))
    database.create_function("regexp", 2, _regexp, deterministic=True)


def _length(value: object) -> int | None:
    return None if value is None else len(str(value))


def _regexp(pattern: str, value: object) -> int | None:
    return None if value is None else int(re.search(pattern, str(value)) is not None)


def create_table(spec: Spec) -> str:
    """The CREATE TABLE that a table spec says; each CHECK is a constraint of its own name."""
    parts = [_column(column) for column in spec["columns"]]
    parts.append(f"PRIMARY KEY ({_list(spec['primary_key'])})")
    parts += [f"UNIQUE ({_list(columns)})" for columns in spec.get("uniques", [])]
    parts += [_foreign_key(key) for key in spec.get("foreign_keys", [])]
    parts += [f"CONSTRAINT {quoted(name)} CHECK ({text})" for name, text in named_checks(spec).items()]
    return f"CREATE TABLE {quoted(spec['table'])} (\n  " + ",\n  ".join(parts) + "\n)"


def named_checks(spec: Spec) -> dict[str, str]:
    """Every CHECK of a table by name; one that stands at a column is called after it."""
    own = {f"check of {column['name']}": column["check"] for column in spec["columns"] if column.get("check")}
    return {**own, **{check["name"]: check["expression"] for check in spec.get("checks", [])}}


def create_indexes(spec: Spec) -> list[str]:
    """The CREATE INDEX statements of a table spec."""
    return [create_index(spec["table"], index) for index in spec.get("indexes", [])]


def create_index(table: str, index: Spec) -> str:
    """One CREATE INDEX; its columns stand as the spec writes them (`created_at DESC`)."""
    unique = "UNIQUE " if index.get("unique") else ""
    where = f" WHERE {index['where']}" if index.get("where") else ""
    columns = ", ".join(index["columns"])
    return f"CREATE {unique}INDEX {quoted(index['name'])} ON {quoted(table)} ({columns}){where}"


def build(specs: Iterable[Spec], indexes: Iterable[Spec] = ()) -> sqlite3.Connection:
    """An empty database in memory with these tables. Raises sqlite3.Error where a spec is no SQL."""
    database = connect()
    for spec in specs:
        database.execute(create_table(spec))
    for spec in specs:
        for statement in create_indexes(spec):
            database.execute(statement)
    for index in indexes:
        database.execute(create_index(index["table"], index))
    return database


def _column(column: Spec) -> str:
    words = [quoted(column["name"]), column["type"]]
    if not column["null"]:
        words.append("NOT NULL")
    if column.get("unique"):
        words.append("UNIQUE")
    if "default" in column:
        default = str(column["default"])
        words.append(f"DEFAULT {default}" if literal(default) else f"DEFAULT ({default})")
    return " ".join(words)


def _foreign_key(key: Spec) -> str:
    target = f"REFERENCES {quoted(key['table'])} ({_list(key['references'])})"
    return f"FOREIGN KEY ({_list(key['columns'])}) {target} ON DELETE {key['on_delete'].upper()}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names)
