"""The export check: modules and components against their specs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from checking import context, task
from runner.checks import export
from runner.checks.base import CheckOutcome
from runner.records import Task

AUTH = '''"""Passwords."""

from collections.abc import Iterator


def hash_password(password: str, rounds: int = 14) -> str:
    return password[::-1] * rounds


class Hub:
    def publish(self, names, *, event): ...

    async def listen(self) -> Iterator[str]:
        yield "x"


hub = Hub()
'''
EXPORTS = [
    {"name": "hash_password", "signature": "hash_password(password: str, rounds: int = 14) -> str"},
    {"name": "Hub.publish", "signature": "publish(self, names, *, event)"},
    {"name": "Hub.listen", "signature": "listen(self) -> Iterator[str]"},
    {"name": "hub", "signature": "hub: Hub"},
]


async def judged(folder: Path, one: Task, text: str, *others: Task, **options: Any) -> CheckOutcome:
    worktree = folder / "worktree"
    path = worktree / one.spec["file"]
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return await export.run(context(worktree, one, *others, uses="export", options=options))


def module(name: str = "app/auth.py", exports: Any = EXPORTS) -> Task:
    return task("module", file=name, exports=exports)


async def test_a_module_as_specified_passes(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, module(), AUTH)
    assert outcome.passed, outcome.output


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("def hash_password", "def hash_words", "does not define hash_password"),
        ("rounds: int = 14)", "turns: int = 14)", "hash_password takes (password, turns)"),
        ("rounds: int = 14)", "rounds: int)", "has 0 defaults, the spec says 1"),
        ("names, *, event", "names", "Hub.publish takes (names)"),
        ("    async def listen", "    async def hear", "does not define Hub.listen"),
        ("hub = Hub()", "", "does not define hub"),
        ("hub = Hub()", "hub = Nub()", "cannot be imported"),
        ("def hash_password(", "def hash_password((", "does not parse"),
        ("class Hub:", "import nowhere_to_be_found\n\n\nclass Hub:", "No module named"),
    ],
)
async def test_a_module_that_differs_is_red(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in AUTH
    outcome = await judged(tmp_path, module(), AUTH.replace(old, new))
    assert outcome.passed is False
    assert words in outcome.output


async def test_tests_are_read_and_not_imported(tmp_path: Path) -> None:
    one = module("tests/conftest.py", [{"name": "server", "signature": "server(...) -> Server"}])
    assert (await judged(tmp_path, one, "import nowhere\n\ndef server(tmp_path): ...\n")).passed


async def test_an_import_can_be_switched_off(tmp_path: Path) -> None:
    assert (await judged(tmp_path, module(), "import nowhere\n" + AUTH, **{"import": False})).passed


CLIENT = """export async function request(method, path, { body } = {}) { return fetch(path, { method, body }); }
const relativeTime = (iso) => iso;
export { relativeTime };
export class Session {}
"""
SCRIPT = [
    {"name": "request", "signature": "request(method, path, {params, body}) -> Promise<any>"},
    {"name": "relativeTime", "signature": "relativeTime(iso) -> string"},
    {"name": "Session", "signature": "Session: class"},
]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", "", ""),
        ("function request(method, path,", "function request(path, method,", "request takes (path, method"),
        ("export { relativeTime };", "", "does not export relativeTime"),
        ("export class Session {}", "class Session {}", "does not export Session"),
    ],
)
async def test_scripts_are_read_too(tmp_path: Path, old: str, new: str, words: str) -> None:
    outcome = await judged(tmp_path, module("app/static/client.js", SCRIPT), CLIENT.replace(old, new))
    assert outcome.passed is (words == "")
    assert words in outcome.output


async def test_node_says_whether_a_script_parses_where_it_is_there(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, module("app/static/client.js", SCRIPT), CLIENT + "export const = 1;\n")
    assert ("does not parse" in outcome.output) is (shutil.which("node") is not None)


COMPOSER = """import { request } from "../client.js";
import "./cards.js";
const FIELDS = [{ name: "content", min: 1, max: 280 }];
export class PostComposer extends HTMLElement {
  set start(value) { this.text = value; }
  connectedCallback() {
    this.show("composer-form");
    window.addEventListener("signed-in", () => this.show(`composer-${"error"}`));
  }
  async send(values) {
    const post = await request("POST", "/api/posts", { body: values });
    await request("DELETE", `/api/posts/${post.id}/draft`);
    this.dispatchEvent(new CustomEvent("post-created", { detail: post.content }));
    this.append(document.createElement("post-card"));
  }
}
customElements.define("post-composer", PostComposer);
"""
SPEC: dict[str, Any] = {
    "name": "PostComposer",
    "framework": "web-components",
    "file": "app/static/post-composer.js",
    "tag": "post-composer",
    "props": [{"name": "start", "type": "string"}],
    "states": [{"name": "default", "shows": "a form", "test_id": "composer-form"}],
    "test_ids": ["composer-error"],
    "events": [{"name": "post-created"}],
    "listens": ["signed-in"],
    "calls": ["POST /api/posts", "DELETE /api/posts/{post_id}/draft"],
    "fields": [{"name": "content", "min": 1, "max": 280}],
    "shows": ["content"],
    "uses": ["PostCard"],
}
CARD = task("ui_component", name="PostCard", table="card", file="x.js", tag="post-card", props=[], states=[])
ENDPOINT = task(
    "endpoint", table="posts", method="POST", path="/api/posts", body=[{"name": "content", "min": 1, "max": 280}]
)


def composer(**changes: Any) -> Task:
    return task("ui_component", **{**SPEC, **changes})


async def test_a_component_as_specified_passes(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, composer(), COMPOSER, CARD, ENDPOINT)
    assert outcome.passed, outcome.output
    assert "that needs a browser" in outcome.output


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('define("post-composer"', 'define("post-writer"', "does not define the element post-composer"),
        ("class PostComposer", "class Composer", "does not declare PostComposer"),
        ("set start", "set begin", "has no prop start"),
        ('"composer-form"', '"shape"', "has no test id composer-form"),
        ('${"error"}', '${"problem"}', "has no test id composer-error"),
        ('CustomEvent("post-created"', 'CustomEvent("created"', "never sends the event post-created"),
        ('addEventListener("signed-in"', 'addEventListener("ready"', "does not listen to signed-in"),
        ('"/api/posts"', '"/api/likes"', "does not call POST /api/posts"),
        ('request("POST", ', 'request("GET", ', "calls nothing by POST"),
        ("/draft", "/old", "does not call DELETE /api/posts/{post_id}/draft"),
        ("/draft", "/old", "calls /api/posts/${post.id}/old, which the spec does not say"),
        ("max: 280", "max: 281", "does not bound content by max 280"),
        ("min: 1,", "", "does not bound content by min 1"),
        ('"post-card"', '"post-row"', "does not use PostCard"),
    ],
)
async def test_a_component_that_differs_is_red(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in COMPOSER
    text = COMPOSER.replace(old, new)
    outcome = await judged(tmp_path, composer(), text, CARD, ENDPOINT)
    assert outcome.passed is False
    assert words in outcome.output


async def test_bounds_of_a_form_are_those_of_the_endpoint(tmp_path: Path) -> None:
    one = composer(calls=["POST /api/posts"], fields=[{"name": "content", "min": 1, "max": 140}])
    text = COMPOSER.replace("max: 280", "max: 140").replace("/api/posts/${post.id}/draft", "/other")
    outcome = await judged(tmp_path, one, text, CARD, ENDPOINT)
    assert "content has max 140 in the form and 280 in /api/posts" in outcome.output


async def test_a_missing_file_and_another_kind(tmp_path: Path) -> None:
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    gone = await export.run(context(worktree, module(), uses="export"))
    assert (gone.passed, gone.output) == (False, "- app/auth.py is missing")
    assert (await export.run(context(worktree, ENDPOINT, uses="export"))).passed is None
