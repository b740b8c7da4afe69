"""Two databases, one built from the spec and one by the migrations, must take and refuse the same rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.checks.derive import shown
from runner.checks.derive.reference import Spec, named_checks
from runner.checks.derive.rows import NoRow, Row, column_checks, fitting, holds, insert, involved, refusal, sample
from runner.checks.derive.shown import Shown, unique_sets, value_words
from runner.checks.derive.sql import quoted
from runner.checks.derive.values import around, family

NOBODY: Mapping[str, Any] = {"integer": 987_654, "number": 987_654.5, "uuid": "00000000-0000-4000-8000-00000000dead"}


@dataclass
class Behaviour:
    """Tries rows of one table on both databases; `differences` and `shown` grow as it goes.

    `unbroken` are the CHECKs of the spec that no row was found to break alone: their text decides.
    """

    spec: Spec
    reference: sqlite3.Connection
    real: sqlite3.Connection
    differences: list[str] = field(default_factory=list)
    shown: Shown = field(init=False)
    unbroken: list[str] = field(default_factory=list)
    _n: int = 50

    def __post_init__(self) -> None:
        self.shown = Shown.of(self.spec)

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

    def _pair(self, what: str, row: Row, must: str = "", because: str = "") -> str:
        """Try one row on both; what the reference says of it. A trial of what it `must` say shows nothing where the
        reference says something else, or refuses it not `because` of that."""
        wanted, found = (refusal(database, self.table, row) for database in self._both())
        if must and must != ("refused" if wanted else "taken"):
            return ""
        if bool(wanted) != bool(found):
            says = f"refused ({found})" if found else "taken"
            self.differences.append(f"{self.table}: {what} must be {'refused' if wanted else 'taken'}; it was {says}")
        return wanted if because in wanted else ""

    def _defaults(self) -> None:
        row = self._fresh()
        for column in self.spec["columns"]:
            if "default" in column:
                name = column["name"]
                left = {other: value for other, value in row.items() if other != name}
                wanted, found = (_stored(database, self.table, left, name) for database in self._both())
                self.shown.facts.append(
                    f"DEFAULT {column['default']} of {name}: left out, it becomes {_became(column, found)}"
                )
                if not _alike(wanted, found, str(column["default"])):
                    self.differences.append(
                        f"{self.table}: {name} left out must become {wanted!r}; it became {found!r}"
                    )

    def _both(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        return self.reference, self.real

    def _nulls(self) -> None:
        for column in self.spec["columns"]:
            name, optional = column["name"], column["null"]
            row = {**self._fresh(), name: None}
            wanted = self._pair(f"{name} NULL", row, "taken" if optional else "refused", "" if optional else "NOT NULL")
            if optional:
                self.shown.facts.append(f"{name} may be NULL: accepted")
            elif wanted:
                self.shown.refused(shown.not_null(name), "NULL")

    def _uniques(self) -> None:
        sets = unique_sets(self.spec)
        seconds = [self._fresh() for _ in sets]  # made before the first is there: none may point to it
        with Kept(self._both(), self.table, self._fresh()) as first:
            for columns, second in zip(sets, seconds, strict=True):
                constraint = shown.unique(self.spec, columns)
                same = {**second, **{name: first[name] for name in columns}}
                if self._pair(f"a second row with the same {', '.join(columns)}", same, "refused", "UNIQUE"):
                    self.shown.refused(constraint, "the second row")
                for name in columns if len(columns) > 1 else ():
                    self._shared(constraint, first, name)

    def _shared(self, constraint: str, first: Row, name: str) -> None:
        if [name] in unique_sets(self.spec):
            return
        try:
            row = self._fresh(**{name: first[name]})
        except NoRow:
            return
        self._pair(f"a second row with the same {name} alone", row, "taken")
        self.shown.accepted(constraint, f"the same {name} alone")

    def _foreign_keys(self) -> None:
        kinds = {column["name"]: family(column) for column in self.spec["columns"]}
        for key in self.spec.get("foreign_keys", []):
            nobody = {name: NOBODY.get(kinds[name], "nobody-at-all") for name in key["columns"]}
            row = {**self._fresh(), **nobody}
            what = f"{', '.join(key['columns'])} without its row in {key['table']}"
            if self._pair(what, row, "refused", "FOREIGN KEY"):
                self.shown.refused(shown.foreign_key(key), f"a row without its row in {key['table']}")

    def _checks(self, extra: Sequence[str]) -> None:
        for name, expression in named_checks(self.spec).items():
            self._around(expression, name)
            if not self.shown.is_shown(shown.check(expression)):
                self.unbroken.append(expression)
        for expression in extra:
            self._around(expression)

    def _around(self, expression: str, name: str = "") -> None:
        """Values around each bound of a CHECK, in each of its columns; a CHECK of the spec has a `name`. Where another
        CHECK hides what it refuses, rows with other columns left empty are tried as well."""
        names = involved(self.spec, expression)
        for fixed in ({}, *self._emptied(names)):
            if not fixed or (name and not self.shown.is_shown(shown.check(expression))):
                self._values(expression, name, names, fixed)
        if len(names) > 1:
            row = self._fresh()
            same = " = ".join(names)
            self._weigh(name, expression, "", "a row that fits the spec", row)
            self._weigh(name, expression, same, same, {**row, **dict.fromkeys(names, row[names[0]])})

    def _emptied(self, names: Sequence[str]) -> list[dict[str, None]]:
        return [{one["name"]: None} for one in self.spec["columns"] if one["null"] and one["name"] not in names]

    def _values(self, expression: str, name: str, names: Sequence[str], fixed: Mapping[str, Any]) -> None:
        for column in self.spec["columns"]:
            if column["name"] not in names:
                continue
            try:
                base = self._fresh(**fixed)
            except NoRow:
                return
            about = [expression, *column_checks(self.spec, column["name"])]
            usual, *others = around(column, about, self._n, sample(self.reference, column))
            for value in (*others, usual):
                row = {**base, column["name"]: value}
                what = f"{column['name']} = {_say(value)}"
                words = value_words(value, expression)
                if len(names) > 1 or family(column) == "time":
                    words = f"{column['name']} = {_became(column, value)}"
                self._weigh(name, expression, words, what, row)

    def _weigh(self, name: str, expression: str, words: str, what: str, row: Row) -> None:
        """Try a row for one CHECK, and note its `words` where it is taken or refused for this CHECK alone."""
        wanted = self._pair(what, row)
        if name and not wanted:
            several = len(involved(self.spec, expression)) > 1
            self.shown.accepted(shown.check(expression), "other rows" if several else words)
        elif name and wanted.endswith(f"CHECK constraint failed: {name}") and not self._others(name, row):
            self.shown.refused(shown.check(expression), words)

    def _others(self, name: str, row: Row) -> bool:
        """Whether another CHECK refuses the row as well."""
        checks = named_checks(self.spec).items()
        return any(not holds(self.reference, text, row) for other, text in checks if other != name)

    def _deletes(self) -> None:
        for key in self.spec.get("foreign_keys", []):
            with Kept(self._both(), self.table, self._fresh()) as row:
                if key["table"] != self.table:
                    self._delete(key, row)
                    continue
                pairs = zip(key["columns"], key["references"], strict=True)
                try:
                    child = self._fresh(**{name: row[target] for name, target in pairs})
                except NoRow:
                    continue
                with Kept(self._both(), self.table, child):
                    self._delete(key, child)

    def _delete(self, key: Spec, row: Row) -> None:
        wanted, found = (_delete_parent(database, key, row, self.table) for database in self._both())
        if wanted != found:
            what = f"deleting the {key['table']} row that {', '.join(key['columns'])} points to"
            self.differences.append(f"{self.table}: {what}: {wanted} by the spec, {found} in the database")
        elif None not in [row[name] for name in key["columns"]]:
            self.shown.followed(shown.foreign_key(key), f"when the {key['table']} row is deleted, {found}")


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


def _became(column: Spec, value: Any) -> str:
    """A default's value; one that is another each time is told by its kind, so that evidence stays the same."""
    return "a time" if family(column) == "time" and value else _say(value)


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
