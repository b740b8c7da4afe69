"""Dates from the request to the database: rows can be made of them, and what is no date is refused."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest

from runner.blueprint.model import plan, tasks
from runner.blueprint.rendering.sql import table_ddl
from runner.checks.derive.rows import fitting

REQUEST = "# Events\n\n- A user can add an event.\n- Each event has a title and an optional date.\n"


def specs() -> dict[str, dict[str, Any]]:
    made = plan({"request": REQUEST})
    names = [component["name"] for component in made["components"]]
    return {one["id"]: one["spec"] for name in names for one in tasks({"component": name, "plan": made})}


def test_rows_with_dates_can_be_made_and_differ() -> None:
    table = specs()["database_events"]
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("CREATE TABLE users (id TEXT PRIMARY KEY)")
    database.execute("INSERT INTO users VALUES ('00000000-0000-4000-8000-000000000001')")
    database.executescript(table_ddl(table, "sqlite"))
    rows = [fitting(database, table, n) for n in range(400)]
    database.close()
    assert len({row["date"] for row in rows}) == 400


def test_postgresql_is_not_asked_for_the_length_of_a_date() -> None:
    assert "(date)" not in table_ddl(specs()["database_events"], "postgresql")


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("2026-02-28", True),
        ("2024-02-29", True),
        ("2000-02-29", True),
        ("2026-02-29", False),
        ("1900-02-29", False),
        ("2026-02-31", False),
        ("2026-04-31", False),
        ("2026-12-31", True),
        ("2026-13-01", False),
        ("2026-00-10", False),
        ("2026-01-32", False),
    ],
)
def test_the_body_takes_dates_only(value: str, taken: bool) -> None:
    (field,) = [field for field in specs()["api_create_event"]["body"] if field["name"] == "date"]
    assert bool(re.search(field["pattern"], value)) is taken


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("2026-02-28", True),
        (None, True),
        ("2026-02-31", False),
        ("2026-13-01", False),
        ("tomorrow..", False),
        ("", False),
    ],
)
def test_the_database_takes_dates_only(value: str | None, taken: bool) -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(table_ddl(specs()["database_events"], "sqlite"))
    row = ("0" * 36, "u", "A title", value)
    try:
        database.execute("INSERT INTO events (id, user_id, title, date) VALUES (?, ?, ?, ?)", row)
        stored = True
    except sqlite3.IntegrityError as refusal:
        assert "CHECK" in str(refusal)  # noqa: PT017 - either end is right for some value
        stored = False
    database.close()
    assert stored is taken
