"""The software that the golden tasks of chirp become: a repository whose own tests pass and whose server is used here.

The changed variant (140 for 280, `message` for `content`, one CHECK more) is built from changed specs alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from runner.agents.base import Turn
from runner.blueprint import agent
from runner.records import Finished, Request, Task, from_json

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = json.loads((ROOT / "tests/data/chirp/tasks.json").read_text())["tasks"]


def build(folder: Path, data: list[dict]) -> Path:
    """A git repository with one commit a task, made by the built-in agent's turns."""
    tasks = {item["id"]: from_json(Task, item) for item in data}
    git(folder, "init", "-q")
    asyncio.run(turns(folder, tasks))
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Build chirp")
    return folder


async def turns(folder: Path, tasks: dict[str, Task]) -> None:
    builder = agent.open_agent("blueprint", {}, ROOT)

    async def run_command(argv, env=None, **_):
        ended = await asyncio.to_thread(run, folder, *argv, **(env or {}))
        return Finished(exit_code=ended.returncode, output=ended.stdout, seconds=0)

    for task in sorted(tasks.values(), key=lambda task: task.id == "api_openapi"):
        turn = Turn(
            address=task.id, prompt="", worktree=folder, root=ROOT, request=Request(text=""), task=task, tasks=tasks,
            emit=lambda *_: None, run_command=run_command,
        )  # fmt: skip
        assert (await builder.turn(turn)).outcome == "done", task.id


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


def run(folder: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command of the repository, with nothing of this process's environment but the path."""
    return subprocess.run(
        argv, cwd=folder, env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **env}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=240,
    )  # fmt: skip


def run_tests(folder: Path) -> str:
    ended = run(folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def changed() -> list[dict]:
    """The golden tasks with another bound, another name and one more rule."""
    text = json.dumps(GOLDEN).replace("280", "140").replace("281", "141")
    data = json.loads(re.sub(r"\bcontent\b", "message", text))
    posts = next(task for task in data if task["id"] == "database_posts")["spec"]
    posts["checks"].append({"name": "posts_calm", "expression": "message NOT LIKE '%!!!%'"})
    return data


@pytest.fixture(scope="module")
def chirp(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("chirp"), GOLDEN)


@pytest.fixture(scope="module")
def variant(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("variant"), changed())


@contextmanager
def started(folder: Path, database: Path) -> Iterator[httpx.Client]:
    """The server, started by the command of its README."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "DATABASE_PATH": str(database),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log = database.with_suffix(".log")
    with (
        open(log, "w") as output,
        subprocess.Popen([sys.executable, "-m", "app"], cwd=folder, env=env, stdout=output, stderr=output) as process,
    ):
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
                wait_until_it_answers(client, process, log)
                yield client
        finally:
            process.terminate()


def wait_until_it_answers(client: httpx.Client, process: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            client.get("/api/health").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def server(chirp, tmp_path_factory) -> Iterator[httpx.Client]:
    """One server for all tests that can share it: each signs up users of its own."""
    with started(chirp, tmp_path_factory.mktemp("server") / "app.db") as client:
        yield client


@pytest.fixture(scope="module")
def as_eve(server) -> dict[str, str]:
    return sign_up(server, "eve")[1]


def sign_up(client: httpx.Client, name: str) -> tuple[str, dict[str, str]]:
    answer = client.post("/api/auth/register", json={"username": name, "password": "correct horse"})
    assert answer.status_code == 201, answer.text
    return answer.json()["user_id"], {"Authorization": f"Bearer {answer.json()['token']}"}


def test_its_own_tests_pass_and_leave_nothing_behind(chirp):
    assert re.search(r"\b4\d passed", run_tests(chirp))
    assert run(chirp, "git", "status", "--porcelain").stdout == ""


def test_migrations_run_twice_by_the_command_of_the_readme(chirp, tmp_path):
    readme = (chirp / "README.md").read_text()
    assert ".venv/bin/python -m app.migrate\n" in readme
    assert ".venv/bin/python -m app\n" in readme
    first, second = (
        run(chirp, sys.executable, "-m", "app.migrate", DATABASE_PATH=str(tmp_path / "a.db")) for _ in "12"
    )
    assert first.stdout.split()[0] == "0001_users.sql"
    assert (second.returncode, second.stdout) == (0, "nothing to apply\n")


def test_a_failing_migration_leaves_the_database_as_it_was(chirp, tmp_path):
    bad = chirp / "migrations/sqlite/9999_bad.sql"
    bad.write_text("CREATE TABLE extra (id TEXT);\nCREATE TABLE broken (;\n")
    try:
        ended = run(chirp, sys.executable, "-m", "app.migrate", DATABASE_PATH=str(tmp_path / "a.db"))
    finally:
        bad.unlink()
    assert ended.returncode != 0
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        assert database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall() == []


def test_a_day_on_the_server(server):
    ada, as_ada = sign_up(server, "ada")
    bob, as_bob = sign_up(server, "bob")
    post = server.post("/api/posts", json={"content": "  hello  "}, headers=as_ada).json()
    assert (post["content"], post["username"], post["like_count"]) == ("hello", "ada", 0)
    assert server.get("/api/feed", headers=as_bob).json() == []
    assert server.post(f"/api/users/{ada}/follow", headers=as_bob).status_code == 201
    assert server.post(f"/api/users/{ada}/follow", headers=as_bob).status_code == 409
    assert server.post(f"/api/users/{bob}/follow", headers=as_bob).status_code == 400
    assert [row["id"] for row in server.get("/api/feed", headers=as_bob).json()] == [post["id"]]
    assert server.delete(f"/api/posts/{post['id']}", headers=as_bob).status_code == 403
    assert server.delete(f"/api/posts/{post['id']}", headers=as_ada).status_code == 204
    assert server.get("/api/feed", headers=as_bob).json() == []


def test_events_arrive_while_the_stream_is_open(server):
    _, as_ada = sign_up(server, "cleo")
    _, as_bob = sign_up(server, "dan")
    post = server.post("/api/posts", json={"content": "hello"}, headers=as_ada).json()
    with server.stream("GET", "/api/notifications/stream", headers=as_ada) as stream:
        lines = stream.iter_lines()
        server.post(f"/api/posts/{post['id']}/like", headers=as_bob)
        seen = [next(line for line in lines if line.startswith(start)) for start in ("event: ", "data: ")]
    assert seen[0] == "event: like"
    assert json.loads(seen[1].removeprefix("data: "))["actor"] == "dan"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"content": "' + "x" * 281 + '"}', 422), ('{"content": "' + "\U0001f426" * 280 + '"}', 201),
        ('{"content": "\\u0000"}', 422), ('{"content": "\\ud800"}', 422), ('{"content": "x", "user_id": "y"}', 422),
        ("[]", 422), ("", 422), ('{"content": 1}', 422),
    ],
)  # fmt: skip
def test_strange_bodies_are_answered_not_crashed_on(server, as_eve, body, status):
    headers = {**as_eve, "Content-Type": "application/json"}
    assert server.post("/api/posts", content=body, headers=headers).status_code == status


def test_passwords_are_neither_stored_nor_sent_back(chirp, tmp_path):
    with started(chirp, tmp_path / "app.db") as client:
        _, as_ada = sign_up(client, "ada")
        refused = client.post("/api/auth/register", json={"username": "!", "password": "my secret word"})
    assert refused.status_code == 422
    assert "my secret word" not in refused.text
    with closing(sqlite3.connect(tmp_path / "app.db")) as database:
        dump = "\n".join(database.iterdump())
    assert "correct horse" not in dump
    assert as_ada["Authorization"].split()[1] not in dump
    assert "'scrypt$16384$8$1$" in dump


def test_an_expired_token_is_refused(chirp, tmp_path):
    with started(chirp, tmp_path / "app.db") as client:
        _, as_ada = sign_up(client, "ada")
        assert client.get("/api/feed", headers=as_ada).status_code == 200
        with closing(sqlite3.connect(tmp_path / "app.db")) as database:
            database.execute(
                "UPDATE tokens SET created_at = '2000-01-01T00:00:00Z', expires_at = '2000-01-02T00:00:00Z'"
            )
            database.commit()
        assert client.get("/api/feed", headers=as_ada).status_code == 401


def test_the_page_needs_nothing_from_elsewhere(server):
    page = server.get("/")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    scripts = [f"/static/{name}" for name in ("client.js", "elements.js", "styles.css", "components/app-shell.js")]
    for text in (page.text, *(server.get(path).raise_for_status().text for path in scripts)):
        assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_the_openapi_file_is_that_of_the_server(chirp, server):
    assert server.get("/openapi.json").json() == json.loads((chirp / "openapi.json").read_text())


def test_a_change_of_specs_changes_code_tests_page_and_documents(variant):
    run_tests(variant)
    files = {
        path.relative_to(variant): path.read_text()
        for path in variant.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    assert not [path for path, text in files.items() if "280" in text]
    for name in ("README.md", "docs/api.md", "docs/data.md", "openapi.json", "app/static/components/post-composer.js"):
        assert "140" in files[Path(name)], name


def test_a_change_of_specs_changes_what_the_server_does(variant, tmp_path):
    with started(variant, tmp_path / "app.db") as client:
        _, as_ada = sign_up(client, "ada")
        sizes = {
            size: client.post("/api/posts", json={"message": "x" * size}, headers=as_ada).status_code
            for size in (140, 141)
        }
        shouted = client.post("/api/posts", json={"message": "hello!!!"}, headers=as_ada)
        unknown = client.post("/api/posts", json={"content": "hello"}, headers=as_ada)
    assert sizes == {140: 201, 141: 422}
    assert (shouted.status_code, unknown.status_code) == (422, 422)
