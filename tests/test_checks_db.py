"""The db check: fourteen seeded defects are found, and what only looks different is not one."""

from __future__ import annotations

from pathlib import Path

import pytest

from checking import context, golden, migrations, task
from runner.checks import db
from runner.checks.base import CheckOutcome

USERS = task(
    table="users", dialect="sqlite", primary_key=["id"], file="migrations/0001_users.sql",
    columns=[{"name": "id", "type": "UUID", "null": False}, {"name": "name", "type": "TEXT", "null": False}],
)  # fmt: skip
POSTS = task(
    table="posts",
    dialect="sqlite",
    file="migrations/0002_posts.sql",
    columns=[
        {"name": "id", "type": "UUID", "null": False},
        {"name": "user_id", "type": "UUID", "null": False},
        {"name": "slug", "type": "VARCHAR(60)", "null": False, "unique": True},
        {"name": "content", "type": "VARCHAR(280)", "null": False, "check": "length(content) BETWEEN 1 AND 280"},
        {"name": "state", "type": "TEXT", "null": False, "default": "'draft'", "check": "state IN ('draft', 'open')"},
        {"name": "likes_count", "type": "INTEGER", "null": False, "default": "0", "check": "likes_count >= 0"},
        {"name": "reply_to", "type": "UUID", "null": True},
        {"name": "created_at", "type": "TIMESTAMP", "null": False, "default": "CURRENT_TIMESTAMP"},
    ],
    primary_key=["id"],
    foreign_keys=[
        {"columns": ["user_id"], "table": "users", "references": ["id"], "on_delete": "cascade"},
        {"columns": ["reply_to"], "table": "posts", "references": ["id"], "on_delete": "set null"},
    ],
    uniques=[["user_id", "content"]],
    checks=[{"name": "no_own_reply", "expression": "reply_to IS NULL OR reply_to <> id"}],
    indexes=[
        {"name": "idx_posts_user", "columns": ["user_id", "created_at DESC"]},
        {"name": "idx_posts_open", "columns": ["created_at"], "where": "state = 'open'"},
    ],
)
GIVEN = """
CREATE TABLE IF NOT EXISTS posts (
  id UUID NOT NULL PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  slug VARCHAR(60) NOT NULL UNIQUE,
  content VARCHAR(280) NOT NULL CHECK (length(content) BETWEEN 1 AND 280),
  state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'open')),
  likes_count INTEGER NOT NULL DEFAULT 0 CHECK (likes_count >= 0),
  reply_to UUID REFERENCES posts (id) ON DELETE SET NULL,
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (user_id, content),
  CONSTRAINT no_own_reply CHECK (reply_to IS NULL OR reply_to <> id)
);
CREATE INDEX IF NOT EXISTS idx_posts_user ON posts (user_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_posts_open ON posts (created_at) WHERE state = 'open';
"""


async def judged(folder: Path, sql: str) -> CheckOutcome:
    target = folder / "worktree" / "migrations"
    target.mkdir(parents=True)
    users = "CREATE TABLE IF NOT EXISTS users (id UUID NOT NULL PRIMARY KEY, name TEXT NOT NULL);"
    (target / "0001_users.sql").write_text(users)
    (target / "0002_posts.sql").write_text(sql)
    return await db.run(context(folder / "worktree", POSTS, USERS, uses="db"))


SHOWN = [
    "16 of 16 constraints shown by rows that nothing else refuses",
    "PRIMARY KEY (id): the second row refused",
    "UNIQUE (user_id, content): the same user_id alone, the same content alone accepted, the second row refused",
    "UNIQUE (slug): the second row refused",
    "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE: a row without its row in users refused; "
    "when the users row is deleted, the row goes with it",
    "FOREIGN KEY (reply_to) REFERENCES posts (id) ON DELETE SET NULL: a row without its row in posts refused; "
    "when the posts row is deleted, the row stays, and points to nothing",
    "CHECK length(content) BETWEEN 1 AND 280: 1 and 280 characters accepted, 0 and 281 characters refused",
    "CHECK state IN ('draft', 'open'): 'draft', 'open' accepted, '', '   ', 'A b!' and 6 more refused",
    "CHECK likes_count >= 0: 0, 1, 171 accepted, -1 refused",
    "CHECK reply_to IS NULL OR reply_to <> id: other rows accepted, id = reply_to refused",
    "NOT NULL id, user_id, slug, content, state, likes_count, created_at: refused",
    "DEFAULT 'draft' of state: left out, it becomes 'draft'",
    "DEFAULT 0 of likes_count: left out, it becomes 0",
    "DEFAULT CURRENT_TIMESTAMP of created_at: left out, it becomes a time",
    "reply_to may be NULL: accepted",
]


async def test_a_table_as_specified_passes_and_says_what_was_tried(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, GIVEN)
    assert outcome.passed, outcome.output
    assert "2 migrations on an empty database, twice" in outcome.output
    assert outcome.output.splitlines()[2:] == SHOWN


DEFECTS = {
    "a column is missing": ("  likes_count INTEGER NOT NULL DEFAULT 0 CHECK (likes_count >= 0),\n", "", "likes_count"),
    "a column is called otherwise": ("slug VARCHAR(60)", "handle VARCHAR(60)", "posts.slug: the spec has this column"),
    "a type is another": ("content VARCHAR(280)", "content VARCHAR(140)", "type is VARCHAR(140)"),
    "NULL is allowed": ("slug VARCHAR(60) NOT NULL", "slug VARCHAR(60)", "slug NULL must be refused; it was taken"),
    "NULL is refused": ("reply_to UUID REFERENCES", "reply_to UUID NOT NULL REFERENCES", "reply_to NULL must be taken"),
    "no default": ("NOT NULL DEFAULT 'draft'", "NOT NULL", "default is none"),
    "another default": ("DEFAULT 'draft'", "DEFAULT 'open'", "state left out must become 'draft'"),
    "no unique": ("VARCHAR(60) NOT NULL UNIQUE", "VARCHAR(60) NOT NULL", "UNIQUE (slug) is missing"),
    "unique in part": ("UNIQUE (user_id, content)", "UNIQUE (user_id)", "the same user_id alone must be taken"),
    "no foreign key": ("user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE", "user_id UUID NOT NULL",
                       "user_id without its row in users must be refused"),
    "another on_delete": ("ON DELETE SET NULL", "ON DELETE CASCADE", "foreign key (reply_to)"),
    "a bound too high": ("BETWEEN 1 AND 280", "BETWEEN 1 AND 281", "a text of 281 characters must be refused"),
    "a bound too low": ("BETWEEN 1 AND 280", "BETWEEN 2 AND 280", "must be taken; it was refused"),
    "a value too many": ("IN ('draft', 'open')", "IN ('draft', 'open', 'gone')", "state = 'gone' must be refused"),
    "no check of a table": (",\n  CONSTRAINT no_own_reply CHECK (reply_to IS NULL OR reply_to <> id)", "",
                            "id = reply_to must be refused"),
    "no check of a column": (" CHECK (likes_count >= 0)", "", "likes_count = -1 must be refused"),
    "no index": ("CREATE INDEX IF NOT EXISTS idx_posts_user ON posts (user_id, created_at DESC);\n", "", "an index on"),
    "an index the other way": ("(user_id, created_at DESC)", "(user_id, created_at)", "(user_id, created_at DESC) is"),
    "an index of all rows": (" WHERE state = 'open'", "", "where state = 'open' is missing"),
    "no primary key": ("id UUID NOT NULL PRIMARY KEY", "id UUID NOT NULL UNIQUE", "primary key is (none)"),
    "a check too many": ("NOT NULL UNIQUE", "NOT NULL UNIQUE CHECK (length(slug) > 20)", "must be taken; it"),
    "no second run": ("CREATE TABLE IF NOT EXISTS posts", "CREATE TABLE posts", "already exists the second time"),
    "no SQL": ("NOT NULL PRIMARY KEY", "NOT NIL PRIMARY KEY", "0002_posts.sql: near"),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS)
async def test_a_seeded_defect_is_found(tmp_path: Path, defect: str) -> None:
    old, new, words = DEFECTS[defect]
    assert old in GIVEN
    outcome = await judged(tmp_path, GIVEN.replace(old, new))
    assert outcome.passed is False
    assert words in outcome.output


HARMLESS = {
    "other names of indexes": ("idx_posts_user ", "posts_by_user "),
    "lower case": ("VARCHAR(280) NOT NULL", "varchar(280) not null"),
    "BETWEEN in two parts": ("length(content) BETWEEN 1 AND 280", "length(content) >= 1 AND length(content) <= 280"),
    "a bound that means it": ("length(content) BETWEEN 1 AND 280", "length(content) > 0 AND length(content) < 281"),
    "the choices in another order": ("IN ('draft', 'open')", "IN ('open', 'draft')"),
    "!= for <>": ("reply_to <> id", "id != reply_to"),
    "a check by another name": (" CHECK (likes_count >= 0)", " CONSTRAINT counted CHECK (NOT likes_count < 0)"),
    "unique by an index": ("NOT NULL UNIQUE,", "NOT NULL,"),
    "INT for INTEGER": ("likes_count INTEGER", "likes_count INT"),
    "an index more": ("CREATE INDEX IF NOT EXISTS idx_posts_open", "CREATE INDEX IF NOT EXISTS x ON posts (state);\n"
                      "CREATE INDEX IF NOT EXISTS idx_posts_open"),
    "quoted names": ("slug VARCHAR(60)", '"slug" VARCHAR(60)'),
}  # fmt: skip


@pytest.mark.parametrize("rewrite", HARMLESS)
async def test_a_harmless_rewrite_raises_no_alarm(tmp_path: Path, rewrite: str) -> None:
    old, new = HARMLESS[rewrite]
    assert old in GIVEN
    more = "CREATE UNIQUE INDEX IF NOT EXISTS u ON posts (slug);" if rewrite == "unique by an index" else ""
    outcome = await judged(tmp_path, GIVEN.replace(old, new) + more)
    assert outcome.passed, outcome.output


@pytest.mark.parametrize("name", [name for name, one in golden().items() if one.kind in ("table", "index")])
async def test_the_golden_tables_pass(tmp_path: Path, name: str) -> None:
    tasks = golden()
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    migrations(worktree, tasks)
    outcome = await db.run(context(worktree, tasks[name], *tasks.values(), uses="db"))
    assert outcome.passed, outcome.output
    assert "NOT SHOWN" not in outcome.output


async def test_an_index_that_is_not_there_is_found(tmp_path: Path) -> None:
    tasks = golden()
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    migrations(worktree, tasks)
    for file in (worktree / "migrations" / "sqlite").glob("*_notifications.sql"):
        file.write_text(file.read_text().replace("created_at DESC", "created_at"))
    one = tasks["database_idx_notifications_user_id"]
    outcome = await db.run(context(worktree, one, *tasks.values(), uses="db"))
    assert outcome.passed is False
    assert "has no index on (user_id, created_at DESC)" in outcome.output


async def test_a_check_that_another_one_hides_is_not_called_shown(tmp_path: Path) -> None:
    hidden = "name TEXT NOT NULL CHECK (length(name) >= 1) CHECK (name <> '')"
    columns = [USERS.spec["columns"][0], {**USERS.spec["columns"][1], "check": "length(name) >= 1"}]
    target = tmp_path / "worktree" / "migrations"
    target.mkdir(parents=True)
    sql = f"CREATE TABLE IF NOT EXISTS users (id UUID NOT NULL PRIMARY KEY, {hidden});"
    (target / "0001_users.sql").write_text(sql)
    spec = {**USERS.spec, "columns": columns, "checks": [{"name": "named", "expression": "name <> ''"}]}
    outcome = await db.run(context(tmp_path / "worktree", task(**spec), uses="db"))
    assert outcome.passed, outcome.output
    assert "3 of 5 constraints shown" in outcome.output
    assert "NOT SHOWN CHECK name <> ''" in outcome.output


@pytest.mark.parametrize(("written", "passed"), [("CHECK (unicode(name) <> 9731)", True), ("", False)])
async def test_a_check_that_no_row_was_found_to_break_is_judged_by_its_text(
    tmp_path: Path, written: str, passed: bool
) -> None:
    columns = [USERS.spec["columns"][0], {**USERS.spec["columns"][1], "check": "unicode(name) <> 9731"}]
    target = tmp_path / "worktree" / "migrations"
    target.mkdir(parents=True)
    sql = f"CREATE TABLE IF NOT EXISTS users (id UUID NOT NULL PRIMARY KEY, name TEXT NOT NULL {written});"
    (target / "0001_users.sql").write_text(sql)
    outcome = await db.run(context(tmp_path / "worktree", task(**{**USERS.spec, "columns": columns}), uses="db"))
    assert outcome.passed is passed
    assert ("3 of 4 constraints shown" in outcome.output) is passed
    assert ("NOT SHOWN CHECK unicode(name) <> 9731: no row was found" in outcome.output) is passed
    assert passed or "CHECK (unicode ( name ) != 9731) is missing" in outcome.output


async def test_no_migration_and_another_engine_are_told_apart(tmp_path: Path) -> None:
    empty = tmp_path / "worktree"
    empty.mkdir()
    missing = await db.run(context(empty, USERS, uses="db"))
    assert (missing.passed, missing.output) == (False, "- no file matches migrations/*.sql")
    other = task(**{**USERS.spec, "dialect": "postgresql"})
    assert (await db.run(context(empty, other, uses="db"))).passed is None


async def test_a_migration_that_never_ends_is_stopped(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT count(*) FROM x;"
    target = tmp_path / "worktree" / "migrations"
    target.mkdir(parents=True)
    (target / "0001_users.sql").write_text(endless)
    outcome = await db.run(context(tmp_path / "worktree", USERS, uses="db", timeout=1.0))
    assert outcome.passed is False
    assert "stopped after 1 s" in outcome.output
