"""Rows that a table must take and rows that it must refuse, found by trying them on the reference database."""

from __future__ import annotations

import itertools
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.checks.derive.reference import Spec, named_checks
from runner.checks.derive.sql import names, quoted
from runner.checks.derive.values import around, family

Row = dict[str, Any]
TRIES = 3000


class NoRow(Exception):
    """No row was found that the table takes; the message is what the last one was refused with."""


def ancestors(table: str, specs: Mapping[str, Spec]) -> list[str]:
    """The tables that must hold rows before `table` can, parents first; tables without a spec are left out."""
    found: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        for key in specs[name].get("foreign_keys", []):
            parent = key["table"]
            if parent in specs and parent not in path and parent not in found and parent != table:
                visit(parent, (*path, parent))
                found.append(parent)

    visit(table, (table,))
    return found


def insert(database: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    """Put a row in. Raises sqlite3.Error as the database refuses it."""
    columns = ", ".join(quoted(name) for name in row)
    marks = ", ".join("?" for _ in row)
    values = f"({columns}) VALUES ({marks})" if row else "DEFAULT VALUES"
    database.execute(f"INSERT INTO {quoted(table)} {values}", tuple(row.values()))


def refusal(database: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> str:
    """Why the database refuses a row, "" where it takes it. Nothing stays."""
    database.execute("SAVEPOINT trial")
    try:
        insert(database, table, row)
    except sqlite3.Error as error:
        return str(error) or "refused"
    finally:
        database.execute("ROLLBACK TO trial")
        database.execute("RELEASE trial")
    return ""


def fitting(database: sqlite3.Connection, spec: Spec, n: int, fixed: Mapping[str, Any] | None = None) -> Row:
    """A full row that the database takes, different for each `n`; `fixed` columns are kept. Raises NoRow."""
    last = "no candidate"
    for row in itertools.islice(candidates(database, spec, n, fixed or {}), TRIES):
        last = refusal(database, spec["table"], row)
        if not last:
            return row
    raise NoRow(f"{spec['table']}: {last}")


def candidates(database: sqlite3.Connection, spec: Spec, n: int, fixed: Mapping[str, Any]) -> Iterator[Row]:
    """Rows worth trying: columns that depend on others vary, the rest hold their first value that its CHECKs take."""
    pools = {column["name"]: _pool(database, spec, column, n, fixed) for column in spec["columns"]}
    varying = [name for name in _dependent(spec) if name not in fixed]
    for values in itertools.product(*(pools[name] for name in varying)):
        yield {**{name: pool[0] for name, pool in pools.items()}, **dict(zip(varying, values, strict=True))}


def _dependent(spec: Spec) -> list[str]:
    columns = [column["name"] for column in spec["columns"]]
    found = [name for key in spec.get("foreign_keys", []) for name in key["columns"]]
    for expression in named_checks(spec).values():
        involved = [name for name in columns if name in names(expression)]
        found += involved if len(involved) > 1 else []
    return list(dict.fromkeys(found))


def _pool(database: sqlite3.Connection, spec: Spec, column: Spec, n: int, fixed: Mapping[str, Any]) -> list[Any]:
    name = column["name"]
    if name in fixed:
        return [fixed[name]]
    parents = _parents(database, spec, name, n)
    if parents is not None:
        return [*parents, None] if column["null"] else parents or [None]
    about = column_checks(spec, name)
    values = around(column, about, n + _apart(spec["table"]), sample(database, column))
    alone = [text for text in about if involved(spec, text) == [name]]
    return [value for value in values if all(holds(database, text, {name: value}) for text in alone)] or values[:1]


def _apart(table: str) -> int:
    """A distance between the numbers of tables, so that no two share an id; a day of seconds holds all of them."""
    return zlib.crc32(table.encode()) % 800 * 100


def column_checks(spec: Spec, name: str) -> list[str]:
    """The CHECK expressions in which a column stands."""
    return [text for text in named_checks(spec).values() if name in names(text)]


def involved(spec: Spec, expression: str) -> list[str]:
    """The columns of a table that stand in an expression."""
    words = names(expression)
    return [column["name"] for column in spec["columns"] if column["name"] in words]


def _parents(database: sqlite3.Connection, spec: Spec, name: str, n: int) -> list[Any] | None:
    for place, key in enumerate(spec.get("foreign_keys", [])):
        if name in key["columns"]:
            target = key["references"][key["columns"].index(name)]
            values = column_values(database, key["table"], target)
            if values is None:
                return None
            turn = (n + place) % len(values) if values else 0
            return values[turn:] + values[:turn]
    return None


def column_values(database: sqlite3.Connection, table: str, column: str) -> list[Any] | None:
    """All values of a column in the order in which the rows came; None where there is no such column."""
    for order in (" ORDER BY rowid", ""):  # a table WITHOUT ROWID has none
        try:
            found = database.execute(f"SELECT {quoted(column)} FROM {quoted(table)}{order}").fetchall()
        except sqlite3.Error:
            continue
        return [row[0] for row in found]
    return None


def sample(database: sqlite3.Connection, column: Spec) -> object:
    """What the default of a time column gives, so that made-up times are spelled like it."""
    if family(column) != "time" or "default" not in column:
        return None
    try:
        return database.execute(f"SELECT {column['default']}").fetchone()[0]
    except sqlite3.Error:
        return None


def holds(database: sqlite3.Connection, expression: str, row: Mapping[str, Any]) -> bool:
    """Whether a CHECK takes these values (NULL counts as taken, as in SQL); unknown functions count as taken."""
    columns = ", ".join(f"? AS {quoted(name)}" for name in row)
    try:
        found = database.execute(f"SELECT ({expression}) FROM (SELECT {columns})", tuple(row.values())).fetchone()[0]
    except sqlite3.Error:
        return True
    return found is None or bool(found)


def seed(databases: Sequence[sqlite3.Connection], table: str, specs: Mapping[str, Spec], count: int = 3) -> list[str]:
    """Fill the ancestors of `table` with the same rows in every database; the first one says what fits.

    Gives a problem for each row that another database refuses.
    """
    problems: list[str] = []
    for parent in ancestors(table, specs):
        for n in range(count):
            try:
                row = fitting(databases[0], specs[parent], n)
            except NoRow as error:
                if n == 0:
                    problems.append(f"no row could be made for {error}")
                break
            for database in databases:
                problems += _try(database, parent, row)
    return problems


def _try(database: sqlite3.Connection, table: str, row: Row) -> list[str]:
    try:
        insert(database, table, row)
    except sqlite3.Error as error:
        return [f"{table} refuses a row that fits its spec: {error}"]
    return []
