"""What SQLite's catalogue says of a table, and how it differs from a spec. Names of constraints are ignored."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runner.checks.derive import sql
from runner.checks.derive.reference import Spec, named_checks

TYPES = {"INT": "INTEGER", "BOOL": "BOOLEAN", "CHARACTER VARYING": "VARCHAR", "DECIMAL": "NUMERIC",
         "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE", "DOUBLE": "DOUBLE PRECISION"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """One foreign key as the catalogue has it."""

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]
    on_delete: str


@dataclass(frozen=True, slots=True)
class Index:
    """One index or UNIQUE: `columns` in order, with DESC where it is."""

    columns: tuple[str, ...]
    unique: bool
    where: str


@dataclass(frozen=True, slots=True)
class Table:
    """All that the catalogue says of a table; `checks` are its conjuncts in one spelling."""

    columns: dict[str, dict[str, Any]]
    primary_key: tuple[str, ...]
    keys: tuple[Key, ...]
    indexes: tuple[Index, ...]
    checks: tuple[str, ...]


def read(database: sqlite3.Connection, name: str) -> Table | None:
    """The table as it is; None where there is none."""
    found = database.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)).fetchone()
    if found is None:
        return None
    rows = database.execute(f"PRAGMA table_xinfo({sql.quoted(name)})").fetchall()
    primary = sorted((row["pk"], row["name"]) for row in rows if row["pk"])
    return Table(
        columns={row["name"]: dict(row) for row in rows},
        primary_key=tuple(column for _, column in primary),
        keys=_keys(database, name),
        indexes=tuple(_indexes(database, name)),
        checks=tuple(sql.checks(found["sql"] or "")),
    )


def _keys(database: sqlite3.Connection, name: str) -> tuple[Key, ...]:
    groups: dict[int, list[sqlite3.Row]] = {}
    for row in database.execute(f"PRAGMA foreign_key_list({sql.quoted(name)})"):
        groups.setdefault(row["id"], []).append(row)
    return tuple(_key(database, sorted(rows, key=lambda row: int(row["seq"]))) for rows in groups.values())


def _key(database: sqlite3.Connection, rows: list[sqlite3.Row]) -> Key:
    parent = rows[0]["table"]
    targets = tuple(row["to"] for row in rows)
    if None in targets:
        info = database.execute(f"PRAGMA table_info({sql.quoted(parent)})")
        targets = tuple(row["name"] for row in info if row["pk"])
    return Key(tuple(row["from"] for row in rows), parent, targets, rows[0]["on_delete"].lower())


def _indexes(database: sqlite3.Connection, name: str) -> Iterable[Index]:
    for row in database.execute(f"PRAGMA index_list({sql.quoted(name)})").fetchall():
        text = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (row["name"],)).fetchone()
        info = database.execute(f"PRAGMA index_xinfo({sql.quoted(row['name'])})").fetchall()
        columns = [_part(column) for column in info if column["key"]]
        if row["origin"] != "pk":
            yield Index(tuple(columns), bool(row["unique"]), _where(text["sql"] if text else ""))


def _part(column: sqlite3.Row) -> str:
    return f"{column['name'] or '(expression)'}{' desc' if column['desc'] else ''}"


def _where(create: str | None) -> str:
    words = sql.tokens(create or "")
    return sql.fold(" ".join(words[words.index("where") + 1 :])) if "where" in words else ""


def differences(spec: Spec, table: Table, allowed: Iterable[Spec] = ()) -> list[str]:
    """How a table differs from its spec; `allowed` are indexes that other tasks give it."""
    name = spec["table"]
    found = [*_columns(spec, table), *_primary(spec, table), *_foreign(spec, table)]
    found += [*_uniques(spec, table, allowed), *_plain_indexes(spec, table)]
    return [f"{name}{line}" for line in found]


def _columns(spec: Spec, table: Table) -> Iterable[str]:
    for column in spec["columns"]:
        real = table.columns.get(column["name"])
        if real is None:
            yield f".{column['name']}: the spec has this column, the database has not"
        else:
            yield from (f".{column['name']}: {line}" for line in _column(spec, column, real))
    wanted = {column["name"] for column in spec["columns"]}
    for extra in table.columns:
        if extra not in wanted:
            yield f".{extra}: the database has this column, the spec has not"


def _column(spec: Spec, column: Spec, real: dict[str, Any]) -> Iterable[str]:
    if _type(column["type"]) != _type(real["type"]):
        yield f"type is {real['type']}, the spec says {column['type']}"
    rowid = spec["primary_key"] == [column["name"]] and _type(real["type"]) == "INTEGER"
    if not column["null"] and not real["notnull"] and not rowid:
        yield "may be NULL, the spec says NOT NULL"
    if column["null"] and real["notnull"]:
        yield "is NOT NULL, the spec says it may be NULL"
    said, default = column.get("default"), real["dflt_value"]
    if sql.fold(str(said or "null")) != sql.fold(str(default or "null")):
        yield f"default is {default or 'none'}, the spec says {said or 'none'}"


def _type(text: str) -> str:
    upper = re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.upper().split()))
    word, bracket, rest = upper.partition("(")
    return TYPES.get(word, word) + bracket + rest


def _primary(spec: Spec, table: Table) -> Iterable[str]:
    if tuple(spec["primary_key"]) != table.primary_key:
        yield f": primary key is ({_names(table.primary_key) or 'none'}), the spec says ({_names(spec['primary_key'])})"


def _foreign(spec: Spec, table: Table) -> Iterable[str]:
    wanted = {
        Key(tuple(key["columns"]), key["table"], tuple(key["references"]), key["on_delete"])
        for key in spec.get("foreign_keys", [])
    }
    for key in wanted - set(table.keys):
        near = [real for real in table.keys if real.columns == key.columns]
        yield f": {_say(key)} is missing" + (f"; the database has {_say(near[0])}" if near else "")
    for key in set(table.keys) - wanted:
        if key.columns not in {want.columns for want in wanted}:
            yield f": {_say(key)} is not in the spec"


def _say(key: Key) -> str:
    target = f"{key.table}({_names(key.references)})"
    return f"foreign key ({_names(key.columns)}) to {target} on delete {key.on_delete}"


def _uniques(spec: Spec, table: Table, allowed: Iterable[Spec]) -> Iterable[str]:
    wanted = {(*sorted(columns), "") for columns in spec.get("uniques", [])}
    wanted |= {(column["name"], "") for column in spec["columns"] if column.get("unique")}
    wanted |= {_unique(index) for index in spec.get("indexes", []) if index.get("unique")}
    primary = (*sorted(spec["primary_key"]), "")
    real = {(*sorted(_bare(part) for part in index.columns), index.where) for index in table.indexes if index.unique}
    for columns in sorted(wanted - real - {primary}):
        yield f": UNIQUE ({_names(columns[:-1])}){_condition(columns[-1])} is missing"
    others = {_unique(index) for index in allowed if index.get("unique")}
    for columns in sorted(real - wanted - others - {primary}):
        yield f": UNIQUE ({_names(columns[:-1])}){_condition(columns[-1])} is not in the spec"


def _unique(index: Spec) -> tuple[str, ...]:
    return (*sorted(_bare(_spelled(part)) for part in index["columns"]), sql.fold(index.get("where", "")))


def _plain_indexes(spec: Spec, table: Table) -> Iterable[str]:
    for index in spec.get("indexes", []):
        if not index.get("unique") and not has_index(table, index):
            yield f": an index on ({_names(index['columns'])}){_condition(index.get('where', ''))} is missing"


def has_index(table: Table, index: Spec) -> bool:
    """Whether the table has this index, under whatever name: same columns, order, direction and condition."""
    columns = tuple(_spelled(part) for part in index["columns"])
    where, unique = sql.fold(index.get("where", "")), bool(index.get("unique"))
    return any(
        real.columns == columns and real.where == where and (real.unique or not unique) for real in table.indexes
    )


def _spelled(part: str) -> str:
    words = sql.tokens(part)
    name = words[0] if "(" not in words else "(expression)"
    return f"{name} desc" if words[-1] == "desc" else name


def _bare(part: str) -> str:
    return part.removesuffix(" desc")


def _condition(where: str) -> str:
    return f" where {where}" if where else ""


def _names(columns: Iterable[str]) -> str:
    return ", ".join(columns)


def unmatched_checks(spec: Spec, table: Table) -> tuple[list[str], list[str]]:
    """CHECK conjuncts of the spec whose text the database lacks, and the reverse: behaviour decides about these."""
    wanted = [part for text in named_checks(spec).values() for part in sql.conjuncts(sql.tokens(text))]
    missing = [part for part in wanted if part not in table.checks]
    extra = [part for part in table.checks if part not in wanted]
    return missing, extra
