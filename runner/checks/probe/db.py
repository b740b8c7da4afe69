"""Apply the migrations of the worktree to an empty SQLite, twice, and compare one table with its spec."""

from __future__ import annotations

import fnmatch
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runner.checks.derive import catalogue, reference, sql
from runner.checks.derive.behaviour import Behaviour
from runner.checks.derive.rows import ancestors, seed

SECONDS = 20.0


def probe(plan: Mapping[str, Any]) -> dict[str, Any]:
    """`differences` between the migrated database and the spec in `plan`, and what was `compared`."""
    files = migrations(plan["migrations"])
    if not files:
        return {"differences": [f"no file matches {plan['migrations']}"], "compared": []}
    database = reference.connect()
    problems = apply(database, files)
    if problems:
        return {"differences": problems, "compared": []}
    compared = [f"{len(files)} migration{'' if len(files) == 1 else 's'} on an empty database, twice"]
    examine = _index if plan["spec"]["kind"] == "index" else _table
    differences, tried = examine(plan, database)
    return {"differences": differences, "compared": compared + tried}


def migrations(pattern: str) -> list[Path]:
    """The migration files in the order of their names; a pattern's `*` stays inside one folder."""
    folder, _, name = pattern.rpartition("/")
    here = Path(folder or ".")
    names = sorted(os.listdir(here)) if here.is_dir() else []
    return [here / found for found in names if fnmatch.fnmatchcase(found, name)]


def apply(database: sqlite3.Connection, files: Iterable[Path], times: int = 2) -> list[str]:
    """Run every file, all of them `times` times; the first one that fails is the problem."""
    limit = time.monotonic() + SECONDS
    database.set_progress_handler(lambda: int(time.monotonic() > limit), 100_000)
    for turn in range(times):
        for file in files:
            try:
                database.executescript(file.read_text(encoding="utf-8"))
            except (sqlite3.Error, UnicodeDecodeError) as error:
                again = " the second time it is run" if turn else ""
                return [f"{file}: {error}{again}"]
    database.execute("PRAGMA foreign_keys = ON")
    return []


def _table(plan: Mapping[str, Any], database: sqlite3.Connection) -> tuple[list[str], list[str]]:
    spec, specs = plan["spec"], plan["tables"]
    table = catalogue.read(database, spec["table"])
    if table is None:
        return [f"the migrations make no table {spec['table']}"], []
    found = catalogue.differences(spec, table, plan["indexes"])
    model, problem = _reference(spec, specs)
    if model is None:
        return [*found, problem], []
    found += seed([model, database], spec["table"], specs)
    missing, extra = catalogue.unmatched_checks(spec, table)
    behaviour = Behaviour(spec, model, database)
    behaviour.examine(extra)
    found += behaviour.differences
    for part in (part for text in behaviour.unbroken for part in sql.conjuncts(sql.tokens(text))):
        found += [f"{spec['table']}: CHECK ({part}) is missing"] if part in missing else []
    columns = f"{spec['table']}: {len(spec['columns'])} columns, keys, indexes and constraints as in the spec"
    return list(dict.fromkeys(found)), [columns, *behaviour.shown.lines()]


def _reference(spec: Mapping[str, Any], specs: Mapping[str, Any]) -> tuple[sqlite3.Connection | None, str]:
    names = dict.fromkeys([*ancestors(spec["table"], specs), spec["table"]])
    try:
        return reference.build([specs[name] for name in names]), ""
    except sqlite3.Error as error:
        return None, f"the spec of {spec['table']} is no SQL that SQLite takes: {error}"


def _index(plan: Mapping[str, Any], database: sqlite3.Connection) -> tuple[list[str], list[str]]:
    spec = plan["spec"]
    table = catalogue.read(database, spec["table"])
    if table is None:
        return [f"the migrations make no table {spec['table']}"], []
    columns = ", ".join(spec["columns"])
    if catalogue.has_index(table, spec):
        return [], [f"{spec['table']} has an index on ({columns})"]
    return [f"{spec['table']} has no {'unique ' if spec['unique'] else ''}index on ({columns})"], []
