"""The http check: right on a server that does what the specs say, and red for each way in which one may not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checking import context, golden, migrations
from runner.checks import http
from runner.checks.base import CheckOutcome

TASKS = golden()
ENDPOINTS = {name: task for name, task in TASKS.items() if task.kind == "endpoint"}
OPTIONS = {"start": ["python", "server.py"]}
Specs = dict[str, dict[str, Any]]
Change = Callable[[Specs], None]


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    folder = tmp_path / "worktree"
    folder.mkdir()
    migrations(folder, TASKS)
    shutil.copy(Path(__file__).parent / "servers" / "spec_server.py", folder / "server.py")
    return folder


def serve(
    worktree: Path, change: Change | None = None, faults: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> None:
    """Let the server of the worktree do what the golden specs say, but for `change`."""
    specs: Specs = {name: json.loads(json.dumps(task.spec)) for name, task in ENDPOINTS.items() if name not in without}
    if change:
        change(specs)
    (worktree / "spec.json").write_text(json.dumps({"endpoints": list(specs.values()), "faults": faults}))


async def judged(worktree: Path, name: str, **options: Any) -> CheckOutcome:
    one = context(worktree, TASKS[name], *TASKS.values(), uses="http", options={**OPTIONS, **options})
    return await http.run(one)


async def test_every_endpoint_of_a_server_that_follows_its_specs_passes(worktree: Path) -> None:
    serve(worktree)
    contexts = [context(worktree, task, *TASKS.values(), uses="http", options=OPTIONS) for task in ENDPOINTS.values()]
    outcomes = await http.run_many(contexts)
    assert [outcome.output for outcome in outcomes if not outcome.passed] == []
    said = dict(zip(ENDPOINTS, (outcome.output for outcome in outcomes), strict=True))
    assert "201, 401, 404, 409, 422" in said["api_like_post"]
    assert "201, 400, 401, 404, 409, 422" in said["api_follow_user"]
    assert "200, 401, 422" in said["authentication_login"]
    assert "not reached by any call: 503" in said["backend_health"]
    assert max(len(text) for text in said.values()) < 4000, "evidence keeps no more"
    for name, lines in TOLD.items():
        assert [line for line in lines if line not in said[name]] == [], said[name]


TOLD = {
    "authentication_register": (
        "username: 2 characters 422, 3 characters 201, 30 characters 201, 31 characters 422",
        "the same call again: 409",
        "password: in no answer and in no row as it was sent",
    ),
    "api_create_post": (
        "without a token: 401",
        "content: 0 characters 422, 1 character 201, 280 characters 201, 281 characters 422",
    ),
    "api_delete_post": ("someone else's: 403",),
    "api_follow_user": ("the same call again: 409", "when the user is the caller: 400"),
    "api_like_post": ("event like: reached the receiver's stream, and 2 others heard nothing",),
    "api_feed": ("a call that fits: 200 with 20 items in order", "limit: 0 422, 1 200, 100 200", "101 422"),
}
"""What a product owner reads of these calls."""


def field(name: str, place: str, **keys: Any) -> Change:
    def change(specs: Specs) -> None:
        task, _, key = name.partition(".")
        next(one for one in specs[task][place] if one["name"] == key).update(keys)

    return change


def sql(name: str, old: str, new: str) -> Change:
    def change(specs: Specs) -> None:
        for query in specs[name]["queries"]:
            query["sql"] = query["sql"].replace(old, new)
        assert new in json.dumps(specs[name])

    return change


def query(name: str, place: int, **keys: Any) -> Change:
    return lambda specs: specs[name]["queries"][place].update(keys)


def replace(name: str, **keys: Any) -> Change:
    return lambda specs: specs[name].update(keys)


def without(name: str, *path: str | int) -> Change:
    def change(specs: Specs) -> None:
        found: Any = specs[name]
        for key in path[:-1]:
            found = found[key]
        del found[path[-1]]

    return change


REGISTER = "authentication_register"
POST, LIKE, LIST = "api_create_post", "api_like_post", "api_list_posts"
FAULTS: dict[str, tuple[str, Change, str]] = {
    "a bound one too high": (POST, field(f"{POST}.content", "body", max=281), "281 characters"),
    "a bound one too low": (POST, field(f"{POST}.content", "body", max=279), "280 characters"),
    "nothing is long enough": (POST, field(f"{POST}.content", "body", min=0), "content: 0 char"),
    "white space counts": (POST, field(f"{POST}.content", "body", trim=False), "white space"),
    "a field may be left out": (POST, field(f"{POST}.content", "body", required=False), "content"),
    "no pattern": (REGISTER, field(f"{REGISTER}.username", "body", pattern=""), "pattern"),
    "no token is wanted": (POST, replace(POST, auth="optional"), "without a token"),
    "anybody deletes": ("api_delete_post", without("api_delete_post", "owner"), "403"),
    "not found is fine": ("api_unlike_post", without("api_unlike_post", "queries", 0, "missing"), "404"),
    "twice is fine": (LIKE, sql(LIKE, "INSERT INTO likes", "INSERT OR IGNORE INTO likes"), "409"),
    "a name may be taken": (REGISTER, query(REGISTER, 0, conflict=400), "answered 400, the spec says 409"),
    "self is fine": ("api_follow_user", without("api_follow_user", "queries", 0), "400"),
    "nobody is notified": (LIKE, sql(LIKE, "WHERE posts.id = :post_id AND", "WHERE 0 AND"), "notif"),
    "the wrong kind": (LIKE, sql(LIKE, "'like', :post_id", "'comment', :post_id"), "kind"),
    "oldest first": ("api_feed", sql("api_feed", "created_at DESC", "created_at ASC"), "item 1"),
    "everybody's posts": ("api_feed", sql("api_feed", "posts.user_id = :user_id OR", "1 OR"), "the spec's SQL gives"),
    "not one's own posts": ("api_feed", sql("api_feed", "posts.user_id = :user_id OR", ""), "the spec's SQL gives"),
    "another page size": (LIST, field(f"{LIST}.limit", "params", default=25), "lists 25 items"),
    "pages too large": (LIST, field(f"{LIST}.limit", "params", max=1000), "limit: 101"),
    "no offset": (LIST, sql(LIST, "OFFSET :offset", "OFFSET 0"), "a page of 2 after"),
    "search ignores words": (LIST, sql(LIST, ":q IS NULL", "1"), "q ="),
    "search minds the case": (
        LIST,
        sql(LIST, "instr(lower(posts.content), lower(:q))", "instr(posts.content, :q)"),
        "q =",
    ),
    "another author": (LIST, sql(LIST, ":author IS NULL", "1"), "author ="),
    "counts of everything": (
        LIST,
        sql(LIST, "FROM likes WHERE likes.post_id = posts.id) AS", "FROM likes) AS"),
        "like_c",
    ),
    "a field less": (POST, without(POST, "responses", 0, "fields", -1), "liked"),
    "another status": (POST, lambda specs: specs[POST]["responses"][0].update(status=200), "answered 200"),
    "unknown posts are fine": ("api_list_comments", without("api_list_comments", "queries", 0, "missing"), "404"),
    "newest comments first": (
        "api_list_comments",
        sql("api_list_comments", "created_at,", "created_at DESC,"),
        "item 1",
    ),
    "another path": ("api_feed", replace("api_feed", path="/api/timeline"), "no such operation"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_server_with_one_fault_is_red(worktree: Path, fault: str) -> None:
    name, change, words = FAULTS[fault]
    serve(worktree, change)
    outcome = await judged(worktree, name)
    assert outcome.passed is False
    assert words in outcome.output


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        ("leak", "api_create_post", "password_hash is not in the spec"),
        ("plain", "authentication_register", "users holds the password as text"),
        ("silent", "api_follow_user", "must get the event follow; none came"),
        ("echo", "api_like_post", "must get the event like; none came"),
        ("silent", "realtime_stream_notifications", "must get the event comment; none came"),
    ],
)
async def test_what_no_spec_can_say_wrongly_is_found_too(worktree: Path, fault: str, name: str, words: str) -> None:
    serve(worktree, faults=(fault,))
    outcome = await judged(worktree, name)
    assert outcome.passed is False
    assert words in outcome.output


AGAIN = "DELETE FROM follows WHERE EXISTS (SELECT 1 FROM likes WHERE user_id = :user_id AND post_id = :post_id)"


async def test_a_refused_call_that_changes_rows_is_red(worktree: Path) -> None:
    def change(specs: Specs) -> None:
        insert = {"name": "early", "sql": AGAIN, "rows": "none"}
        specs["api_like_post"]["queries"].insert(0, insert)

    serve(worktree, change, faults=("no_rollback",))
    outcome = await judged(worktree, "api_like_post")
    assert "was refused and changed follows" in outcome.output


async def test_users_are_made_without_the_endpoint_that_registers(worktree: Path) -> None:
    serve(worktree, without=("authentication_register",))
    (worktree / "app").mkdir()
    code = (
        "import hashlib\n\ndef hash_password(text):\n    return 'scrypt$' + hashlib.sha256(text.encode()).hexdigest()\n"
    )
    (worktree / "app" / "auth.py").write_text(code)
    outcome = await judged(worktree, "api_create_post")
    assert outcome.passed, outcome.output
    assert "201, 401, 422" in outcome.output


async def test_events_are_not_judged_before_there_is_a_stream(worktree: Path) -> None:
    serve(worktree, without=("realtime_stream_notifications",))
    outcome = await judged(worktree, "api_like_post")
    assert outcome.passed, outcome.output
    assert "not there yet" in outcome.output


async def test_a_server_that_does_not_start_says_why(worktree: Path) -> None:
    (worktree / "server.py").write_text("raise SystemExit('no such setting')")
    outcome = await judged(worktree, "api_feed")
    assert outcome.passed is False
    assert "ended with 1: no such setting" in outcome.output


async def test_a_migration_command_that_fails_says_why(worktree: Path) -> None:
    serve(worktree)
    outcome = await judged(worktree, "backend_health", migrate=["python", "-c", "raise SystemExit('locked')"])
    assert "ended with 1: locked" in outcome.output


async def test_other_kinds_are_no_evidence(worktree: Path) -> None:
    outcome = await judged(worktree, "database_users")
    assert outcome.passed is None
