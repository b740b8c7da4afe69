"""An endpoint as its spec says it, run on a copy of the database: what the real one is compared with."""

from __future__ import annotations

import datetime
import re
import sqlite3
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.checks.derive.calls import cleaned
from runner.checks.derive.reference import Spec, teach
from runner.checks.derive.sql import quoted

Rows = dict[str, list[tuple[Any, ...]]]
BIND = re.compile(r"(?<![:\w]):([a-z_]\w*)", re.IGNORECASE)


class SpecProblem(Exception):
    """A query of the spec does not run on the migrated database."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the spec wants: a status, the rows of its answer, the tables afterwards, and who is told what.

    `free` are values that the real endpoint makes up by itself (ids, times, hashes).
    """

    status: int
    answer: list[dict[str, Any]] | None = None
    after: Rows = field(default_factory=dict)
    free: frozenset[Any] = frozenset()
    told: tuple[tuple[str, tuple[Any, ...], dict[str, Any] | None], ...] = ()


class _Answered(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


def success(spec: Spec) -> int:
    """The status of the spec's success answer."""
    return next((answer["status"] for answer in spec["responses"] if 200 <= answer["status"] < 300), 200)


def statuses(spec: Spec) -> set[int]:
    """Every status that the spec names."""
    return {answer["status"] for answer in spec["responses"]}


def dump(database: sqlite3.Connection, tables: Iterable[str]) -> Rows:
    """All rows of these tables."""
    return {table: [tuple(row) for row in database.execute(f"SELECT * FROM {quoted(table)}")] for table in tables}


class Model:
    """The spec's own queries on a copy of `source`; every run is rolled back."""

    def __init__(self, spec: Spec, source: sqlite3.Connection, tables: Iterable[str]) -> None:
        self.spec = spec
        self.tables = tuple(tables)
        self.copy = sqlite3.connect(":memory:", isolation_level=None)
        source.backup(self.copy)
        self.copy.row_factory = sqlite3.Row
        self.copy.execute("PRAGMA foreign_keys = ON")
        teach(self.copy)

    def close(self) -> None:
        self.copy.close()

    def run(self, caller: Any, given: Mapping[str, Any], keep: bool = False) -> Outcome:
        """What must come of this call; `keep` also tells how the tables look afterwards. Raises SpecProblem."""
        binds = self._binds(caller, given)
        self.copy.execute("SAVEPOINT model")
        try:
            return self._run(binds, keep)
        except _Answered as early:
            return Outcome(early.status)
        finally:
            self.copy.execute("ROLLBACK TO model")
            self.copy.execute("RELEASE model")
            self.copy.execute("PRAGMA ignore_check_constraints = OFF")

    def _binds(self, caller: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
        values = cleaned(self.spec, given)
        flat = {name: int(value) if isinstance(value, bool) else value for name, value in values.items()}
        return {**flat, "user_id": caller, "new_id": str(uuid.uuid4()), "now": now}

    def _run(self, binds: dict[str, Any], keep: bool) -> Outcome:
        free = {binds["new_id"], binds["now"]}
        self._owner(binds)
        found: dict[str, list[dict[str, Any]]] = {}
        for query in self.spec.get("queries", []):
            made = self._made_up(query["sql"], binds, found)
            free |= set(made.values()) - {None}
            found[query["name"]] = rows = self._query(query, {**binds, **made})
            binds.update(made)
            if query["rows"] == "one":
                # The caller and the given values keep their names: a query "user" does not change who calls.
                binds = {**_columns(query["name"], rows), **binds}
        answer = found.get(self.spec.get("answer", ""))
        told = tuple(self._told(emit, binds, found) for emit in self.spec.get("emits", []))
        after = dump(self.copy, self.tables) if keep else {}
        return Outcome(success(self.spec), answer, after, frozenset(free), told)

    def _owner(self, binds: Mapping[str, Any]) -> None:
        owner = self.spec.get("owner")
        if not owner:
            return
        keys = {param["name"]: param.get("references", {}).get("column", "id") for param in self.spec["params"]}
        sql = f"SELECT {quoted(owner['column'])} FROM {quoted(owner['table'])} WHERE {quoted(keys[owner['param']])} = ?"
        row = self.copy.execute(sql, (binds[owner["param"]],)).fetchone()
        if row is not None and row[0] != binds["user_id"]:
            raise _Answered(owner["status"])

    def _made_up(self, sql: str, binds: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
        """Stand-ins for binds that only the endpoint itself can make, such as a hash; CHECKs cannot judge these."""
        unknown = [name for name in BIND.findall(_unquoted(sql)) if name not in binds]
        absent = {name: None for name in unknown if any(name.startswith(f"{query}_") for query in found)}
        if len(absent) < len(unknown):
            self.copy.execute("PRAGMA ignore_check_constraints = ON")
        return {name: f"~{name}-{uuid.uuid4()}" for name in dict.fromkeys(unknown)} | absent

    def _query(self, query: Spec, binds: Mapping[str, Any]) -> list[dict[str, Any]]:
        used = {name: binds[name] for name in BIND.findall(_unquoted(query["sql"]))}
        try:
            cursor = self.copy.execute(query["sql"], used)
            rows = [dict(row) for row in cursor.fetchall()]
        except sqlite3.IntegrityError as error:
            if "conflict" in query:
                raise _Answered(query["conflict"]) from error
            raise SpecProblem(f"query {query['name']} has no answer for: {error}") from error
        except sqlite3.Error as error:
            raise SpecProblem(f"query {query['name']} does not run on the migrated database: {error}") from error
        count = cursor.rowcount if query["rows"] == "count" else len(rows)
        if "missing" in query and not count:
            raise _Answered(query["missing"])
        if "refuse_if_found" in query and count:
            raise _Answered(query["refuse_if_found"])
        return rows

    def _told(
        self, emit: Spec, binds: Mapping[str, Any], found: Mapping[str, list[dict[str, Any]]]
    ) -> tuple[str, tuple[Any, ...], dict[str, Any] | None]:
        rows = self._query({"name": f"to of {emit['event']}", "sql": emit["to"], "rows": "many"}, binds)
        source = found.get(emit.get("from", ""), [])
        payload = {name: source[0].get(name) for name in emit.get("payload", [])} if source else None
        return emit["event"], tuple(next(iter(row.values())) for row in rows), payload


def _columns(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {f"{name}_{column}": value for column, value in rows[0].items()} if rows else {}


def _unquoted(sql: str) -> str:
    return re.sub(r"'(?:[^']|'')*'", "''", sql)
