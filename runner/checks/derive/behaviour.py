"""Two databases, one built from the spec and one by the migrations, must take and refuse the same rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.checks.derive.reference import Spec, named_checks
from runner.checks.derive.rows import NoRow, Row, column_checks, fitting, insert, involved, refusal, sample
from runner.checks.derive.sql import quoted
from runner.checks.derive.values import around, family

NOBODY: Mapping[str, Any] = {"integer": 987_654, "number": 987_654.5, "uuid": "00000000-0000-4000-8000-00000000dead"}


@dataclass
class Behaviour:
    """Tries rows of one table on both databases; `differences` and `tried` grow as it goes.

    `unbroken` are the CHECKs of the spec that no row was found to break: their text decides.
    """

    spec: Spec
    reference: sqlite3.Connection
    real: sqlite3.Connection
    differences: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    unbroken: list[str] = field(default_factory=list)
    _n: int = 50

    def examine(self, extra: Sequence[str] = ()) -> None:
        """Every constraint: one row that must fail and one that must pass. `extra` are CHECKs only the database has."""
        try:
            self._pair("a row that fits the spec", self._fresh(), "taken")
        except NoRow as error:
            self.differences.append(f"no row could be made that the spec itself takes: {error}")
            return
        self._defaults()
        self._nulls()
        self._uniques()
        self._foreign_keys()
        self._checks(extra)
        self._deletes()

    @property
    def table(self) -> str:
        return str(self.spec["table"])

    def _fresh(self, **fixed: Any) -> Row:
        self._n += 1
        return fitting(self.reference, self.spec, self._n, fixed)

    def _pair(self, what: str, row: Row, must: str = "") -> str:
        """Try one row on both. Where the reference does not say what it `must`, the trial shows nothing."""
        wanted, found = (refusal(database, self.table, row) for database in (self.reference, self.real))
        if must and must != ("refused" if wanted else "taken"):
            return wanted
        self.tried.append(what)
        if bool(wanted) != bool(found):
            says = f"refused ({found})" if found else "taken"
            self.differences.append(f"{self.table}: {what} must be {'refused' if wanted else 'taken'}; it was {says}")
        return wanted

    def _defaults(self) -> None:
        row = self._fresh()
        for column in self.spec["columns"]:
            if "default" in column:
                left = {name: value for name, value in row.items() if name != column["name"]}
                wanted, found = (_stored(database, self.table, left, column["name"]) for database in self._both())
                self.tried.append(f"{column['name']} left out")
                if not _alike(wanted, found, str(column["default"])):
                    self.differences.append(
                        f"{self.table}: {column['name']} left out must become {wanted!r}; it became {found!r}"
                    )

    def _both(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        return self.reference, self.real

    def _nulls(self) -> None:
        for column in self.spec["columns"]:
            row = {**self._fresh(), column["name"]: None}
            self._pair(f"{column['name']} NULL", row, "taken" if column["null"] else "refused")

    def _uniques(self) -> None:
        with Kept(self._both(), self.table, self._fresh()) as first:
            for columns in unique_sets(self.spec):
                same = {**self._fresh(), **{name: first[name] for name in columns}}
                self._pair(f"a second row with the same {', '.join(columns)}", same, "refused")
                for name in columns if len(columns) > 1 else ():
                    self._shared(first, name)

    def _shared(self, first: Row, name: str) -> None:
        if [name] in unique_sets(self.spec):
            return
        try:
            row = self._fresh(**{name: first[name]})
        except NoRow:
            return
        self._pair(f"a second row with the same {name} alone", row, "taken")

    def _foreign_keys(self) -> None:
        kinds = {column["name"]: family(column) for column in self.spec["columns"]}
        for key in self.spec.get("foreign_keys", []):
            nobody = {name: NOBODY.get(kinds[name], "nobody-at-all") for name in key["columns"]}
            row = {**self._fresh(), **nobody}
            self._pair(f"{', '.join(key['columns'])} without its row in {key['table']}", row, "refused")

    def _checks(self, extra: Sequence[str]) -> None:
        for name, expression in named_checks(self.spec).items():
            if not self._around(expression, [expression]):
                self.tried.append(f"{name}: no row was found that breaks it, so only its text was compared")
                self.unbroken.append(expression)
        for expression in extra:
            self._around(expression, [expression])

    def _around(self, expression: str, texts: list[str]) -> bool:
        """Values around each bound of a CHECK, in each of its columns; whether one was refused because of it."""
        broken = False
        for column in self.spec["columns"]:
            if column["name"] not in involved(self.spec, expression):
                continue
            base = self._fresh()
            about = [*texts, *column_checks(self.spec, column["name"])]
            for value in around(column, about, self._n, sample(self.reference, column)):
                row = {**base, column["name"]: value}
                broken |= "CHECK" in self._pair(f"{column['name']} = {_say(value)}", row)
        return broken or self._equal_columns(expression)

    def _equal_columns(self, expression: str) -> bool:
        names = involved(self.spec, expression)
        if len(names) < 2:
            return False
        row = self._fresh()
        row = {**row, **dict.fromkeys(names, row[names[0]])}
        return "CHECK" in self._pair(f"{' = '.join(names)}", row)

    def _deletes(self) -> None:
        for key in self.spec.get("foreign_keys", []):
            with Kept(self._both(), self.table, self._fresh()) as row:
                wanted, found = (_delete_parent(database, key, row, self.table) for database in self._both())
                what = f"deleting the {key['table']} row that {', '.join(key['columns'])} points to"
                self.tried.append(what)
                if wanted != found:
                    self.differences.append(f"{self.table}: {what}: {wanted} by the spec, {found} in the database")


def unique_sets(spec: Spec) -> list[list[str]]:
    """The sets of columns of which no two rows may hold the same values; partial ones are left out."""
    found = [list(spec["primary_key"]), *map(list, spec.get("uniques", []))]
    found += [[column["name"]] for column in spec["columns"] if column.get("unique")]
    indexes = [index for index in spec.get("indexes", []) if index.get("unique") and not index.get("where")]
    found += [[part.split()[0] for part in index["columns"]] for index in indexes]
    return list({tuple(columns): columns for columns in found}.values())


class Kept:
    """A row that both databases hold for a while, inside a savepoint."""

    def __init__(self, databases: Iterable[sqlite3.Connection], table: str, row: Row) -> None:
        self.databases, self.table, self.row = tuple(databases), table, row

    def __enter__(self) -> Row:
        for database in self.databases:
            database.execute("SAVEPOINT kept")
            try:
                insert(database, self.table, self.row)
            except sqlite3.Error:
                continue  # said already: this row fits the spec and was tried first
        return self.row

    def __exit__(self, *_: object) -> None:
        for database in self.databases:
            database.execute("ROLLBACK TO kept")
            database.execute("RELEASE kept")


def _stored(database: sqlite3.Connection, table: str, row: Row, column: str) -> Any:
    with RolledBack(database):
        try:
            insert(database, table, row)
        except sqlite3.Error as error:
            return f"refused: {error}"
        found = database.execute(f"SELECT {quoted(column)} FROM {quoted(table)} ORDER BY rowid DESC").fetchone()
        return found[0] if found else None


class RolledBack:
    """Whatever is done inside is undone at its end."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    def __enter__(self) -> None:
        self.database.execute("SAVEPOINT looking")

    def __exit__(self, *_: object) -> None:
        self.database.execute("ROLLBACK TO looking")
        self.database.execute("RELEASE looking")


def _alike(wanted: Any, found: Any, default: str) -> bool:
    if "(" in default or "current_" in default.lower():
        return type(wanted) is type(found) and (not isinstance(wanted, str) or len(wanted) == len(found))
    return bool(wanted == found)


def _delete_parent(database: sqlite3.Connection, key: Spec, row: Row, table: str) -> str:
    where = " AND ".join(f"{quoted(name)} IS ?" for name in key["references"])
    values = [row[name] for name in key["columns"]]
    with RolledBack(database):
        try:
            database.execute(f"DELETE FROM {quoted(key['table'])} WHERE {where}", values)
        except sqlite3.Error:
            return "refused"
        left = list(_rows(database, table, key["columns"]))
        if not left:
            return "the row goes with it"
        return "the row stays, and points to nothing" if values not in left else "the row stays as it was"


def _rows(database: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[list[Any]]:
    names = ", ".join(quoted(name) for name in columns)
    for found in database.execute(f"SELECT {names} FROM {quoted(table)}"):
        yield list(found)


def _say(value: Any) -> str:
    if isinstance(value, str) and len(value) > 30:
        return f"a text of {len(value)} characters"
    return repr(value)
