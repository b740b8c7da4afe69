"""Users, their tokens and rows: what a server needs to have before its endpoints can be judged."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.checks.derive.calls import good
from runner.checks.derive.model import success
from runner.checks.derive.reference import Spec, connect
from runner.checks.derive.rows import NoRow, ancestors, column_values, fitting, insert
from runner.checks.derive.sql import quoted, source
from runner.checks.probe.openapi import served
from runner.checks.probe.server import Client, Server

USERS = 3
ROWS = 6
FIRST = 900
"""Numbers of prepared users start here, so that those of calls are others."""


class NoWorld(Exception):
    """Something that must be there first could not be made; the message says what."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user who can log in: `values` are what was sent to register or log in."""

    id: Any
    token: str
    values: Mapping[str, Any]


@dataclass
class World:
    """The started server with its database, its users and rows."""

    server: Server
    plan: Mapping[str, Any]
    client: Client
    database: sqlite3.Connection
    document: Mapping[str, Any] | None
    accounts: list[Account] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, server: Server, plan: Mapping[str, Any]) -> World:
        """Make users and rows. Raises NoWorld."""
        client = Client(server.port)
        answer = client.call("GET", plan["options"]["openapi"])
        document = answer.body if answer.status == 200 and isinstance(answer.body, dict) else None
        world = cls(server, plan, client, connect(str(server.database)), document)
        world._people()
        world._rows()
        return world

    def close(self) -> None:
        self.database.close()

    @property
    def tables(self) -> dict[str, list[str]]:
        """The tables of the database and their columns, without those that a migration tool keeps for itself."""
        names = [row[0] for row in self.database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: [row["name"] for row in self.database.execute(f"PRAGMA table_info({quoted(name)})")]
            for name in names
            if name in self.plan["tables"]
        }

    def serves(self, spec: Spec) -> bool:
        """Whether the server has this endpoint by now; without an OpenAPI document it is taken to."""
        return self.document is None or served(self.document, spec) is not None

    def issuer(self, registers: bool) -> Spec | None:
        """The endpoint that makes a user, or the one that only logs in."""
        found = [spec for spec in self.plan["endpoints"] if _issues(spec) and registers_users(spec) == registers]
        return next((spec for spec in found if self.serves(spec)), None)

    @property
    def people(self) -> str:
        """The table that holds users; "" where no endpoint says so."""
        specs = [spec for spec in self.plan["endpoints"] if _issues(spec)]
        for spec in sorted(specs, key=registers_users, reverse=True):
            inserted = [write["table"] for write in spec.get("writes", []) if write["action"] == "insert"]
            tables = inserted if registers_users(spec) else spec.get("reads", [])
            if tables:
                return str(tables[0])
        return ""

    def _people(self) -> None:
        if not self.people or self.people not in self.tables:
            return
        if self.issuer(True) is None and self.issuer(False) is None:
            return
        for n in range(FIRST, FIRST + USERS):
            self.accounts.append(self._registered(n) if self.issuer(True) else self._inserted(n))

    def _registered(self, n: int) -> Account:
        spec = self.issuer(True)
        assert spec is not None  # noqa: S101 -- asked just before
        values = {one["name"]: good(one, n) for one in spec.get("body", [])}
        answer = self.client.call(spec["method"], spec["path"], body=values)
        if answer.status != success(spec):
            raise NoWorld(f"{spec['method']} {spec['path']} with {values} answered {answer.status}: {answer.body}")
        key = self._key(self.people)
        row = self.database.execute(f"SELECT {quoted(key)} FROM {quoted(self.people)} ORDER BY rowid DESC").fetchone()
        if row is None:
            raise NoWorld(f"{spec['method']} {spec['path']} answered {answer.status} and wrote no row in {self.people}")
        return Account(row[0], _token(spec, answer.body) or self._login(values), values)

    def _inserted(self, n: int) -> Account:
        """A user made without the endpoint that registers, which may not be there yet: its password is hashed by the
        module that exports `hash_password`."""
        spec = self.issuer(False)
        assert spec is not None  # noqa: S101 -- asked just before
        table = self.plan["tables"][self.people]
        values = {one["name"]: good({**one, "min": max(8, one.get("min", 8))}, n) for one in spec.get("body", [])}
        hidden = {one["name"] for one in spec.get("body", []) if one.get("format") == "password"}
        fixed = {name: value for name, value in values.items() if name not in hidden}
        column = next((one["name"] for one in table["columns"] if "password" in one["name"]), "")
        if column:
            fixed[column] = self._hash(str(next(values[name] for name in hidden)))
        row = fitting(self.database, table, n, fixed)
        insert(self.database, self.people, row)
        return Account(row[self._key(self.people)], self._login(values), values)

    def _hash(self, password: str) -> str:
        for spec in self.plan["modules"]:
            if any(one["name"] == "hash_password" for one in spec["exports"]) and spec["file"].endswith(".py"):
                name = spec["file"].removesuffix(".py").replace("/", ".")
                code = f"import sys; from {name} import hash_password; print(hash_password(sys.argv[1]))"
                done = subprocess.run(
                    [sys.executable, "-c", code, password], capture_output=True, text=True, timeout=30, check=False
                )
                if done.returncode == 0:
                    return done.stdout.strip()
        raise NoWorld("no endpoint registers users, and no module exports hash_password: no user can be made")

    def _login(self, values: Mapping[str, Any]) -> str:
        spec = self.issuer(False)
        if spec is None:
            raise NoWorld("no endpoint that is served issues a token")
        given = {one["name"]: values[one["name"]] for one in spec.get("body", []) if one["name"] in values}
        answer = self.client.call(spec["method"], spec["path"], body=given)
        token = _token(spec, answer.body)
        if answer.status != success(spec) or not token:
            raise NoWorld(f"{spec['method']} {spec['path']} gave no token: {answer.status} {answer.body}")
        return token

    def _key(self, table: str) -> str:
        return str(self.plan["tables"][table]["primary_key"][0])

    def _rows(self) -> None:
        specs, present = self.plan["tables"], self.tables
        left_out = {
            write["table"] for spec in self.plan["endpoints"] if _issues(spec) for write in spec.get("writes", [])
        }
        order = dict.fromkeys(name for table in present for name in (*ancestors(table, specs), table))
        # One transaction: a row of its own would wait for the disk each time, and be tried in a journal of its own.
        self.database.execute("BEGIN IMMEDIATE")
        filled = [name for name in order if name in present and (name not in left_out or name == self.people)]
        for table in filled:
            self._fill(specs[table], range(ROWS))
        # Long lists come last: rows of other tables shall hang on the few users who can log in.
        for table in filled:
            self._fill(specs[table], range(ROWS, self.wanted(table)))
        self.database.execute("COMMIT")

    def wanted(self, table: str) -> int:
        """How many rows a table gets: more than a page for each user where a judged list is paged."""
        pages = [spec["paging"]["default"] for spec in self.plan["judged"].values() if _lists(spec, table)]
        return max([ROWS, *(ROWS + USERS * (size + 2) for size in map(int, pages) if size <= 40)])

    def _fill(self, spec: Spec, numbers: range) -> None:
        for n in numbers:
            try:
                insert(self.database, spec["table"], self._row(spec, n))
            except (NoRow, sqlite3.Error) as error:
                if n < 2:
                    self.notes.append(f"{spec['table']} got only {n} prepared rows: {error}")
                return

    def _row(self, spec: Spec, n: int) -> dict[str, Any]:
        if n >= ROWS:
            try:
                return fitting(
                    self.database, spec, n, {**self._users(spec, n), **(self._parent(spec) if n % 2 else {})}
                )
            except NoRow:
                pass  # one parent and few users may not go together often enough
        return fitting(self.database, spec, n)

    def _users(self, spec: Spec, n: int) -> dict[str, Any]:
        """Users who can log in, for each column that names one, so that the pages of each overflow."""
        keys = [key for key in spec.get("foreign_keys", []) if key["table"] == self.people and len(key["columns"]) == 1]
        if not self.accounts:
            return {}
        return {key["columns"][0]: self.accounts[(n + at) % len(self.accounts)].id for at, key in enumerate(keys)}

    def _parent(self, spec: Spec) -> dict[str, Any]:
        """One row for the column by which a judged list is asked for, so that its own page overflows as well."""
        for one in self.plan["judged"].values():
            for param in one.get("params", []):
                target = param.get("references", {})
                for key in spec.get("foreign_keys", []) if _lists(one, spec["table"]) else ():
                    if target.get("table") == key["table"] and len(key["columns"]) == 1:
                        values = column_values(self.database, key["table"], target["column"])
                        return {key["columns"][0]: values[0]} if values else {}
        return {}


def _lists(spec: Spec, table: str) -> bool:
    answers = (query["sql"] for query in spec.get("queries", []) if query["name"] == spec.get("answer"))
    return bool(spec.get("paging")) and any(source(text) == table for text in answers)


def _issues(spec: Spec) -> bool:
    return bool(spec.get("issues") == "token" or spec.get("role") == "register")


def registers_users(spec: Spec) -> bool:
    """Whether an endpoint that issues tokens (or is called register) makes the user, too."""
    if spec.get("role") in ("register", "login"):
        return bool(spec["role"] == "register")
    inserts = [write for write in spec.get("writes", []) if write["action"] == "insert"]
    secret = any(one.get("format") == "password" for one in spec.get("body", []))
    return secret and any("password" in column for write in inserts for column in write["columns"])


def _token(spec: Spec, body: Any) -> str:
    fields: Sequence[Spec] = next(
        (one.get("fields", []) for one in spec["responses"] if one["status"] == success(spec)), []
    )
    names: Sequence[str] = [one["name"] for one in fields if "token" in one["name"]] or ["token", "access_token"]
    found = body.get(names[0], "") if isinstance(body, dict) else ""
    return str(found or "")
