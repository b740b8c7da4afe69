"""The blueprint agent: it renders from specs and from nothing else, and says what it cannot serve.

| property | tests |
| --- | --- |
| the golden tasks are what the schemas ask for | golden_* |
| same specs, same bytes; another spec, other files | same_*, a_changed_* |
| a value of a spec never becomes code | hostile_*, literals_*, statement_* |
| what is not served is said before anything starts | fits_*, turn_* |
| every fault of mutants.yaml fits somewhere | mutants_* |
"""

from __future__ import annotations

import ast
import asyncio
import copy
import json
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markupsafe import escape

from runner.agents.base import Turn
from runner.blueprint import agent
from runner.blueprint.rendering import sql
from runner.blueprint.rendering.literals import javascript, python
from runner.blueprint.rendering.mutants import mutants
from runner.blueprint.rendering.pack import load_pack
from runner.blueprint.rendering.world import World
from runner.records import Finished, Request, Task, from_json

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests/data/chirp"
PACK = load_pack("webapp", ROOT)
NOTHING = Request(text="")


def golden() -> list[dict]:
    return json.loads((GOLDEN / "tasks.json").read_text())["tasks"]


def tasks_of(data: list[dict]) -> tuple[Task, ...]:
    return tuple(from_json(Task, item) for item in data)


def rendered(data: list[dict]) -> dict[str, str]:
    tasks = tasks_of(data)
    world = World.of(tasks)
    return {path: text for task in tasks for path, text in PACK.render(task, world).items()}


ORIGINAL = rendered(golden())


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / "schemas" / name).read_text()))


def named(data: list[dict], name: str) -> dict:
    return next(task for task in data if task["id"] == name)


def test_golden_plan_and_tasks_fit_their_schemas():
    plan = json.loads((GOLDEN / "plan.json").read_text())
    assert not list(schema("plan.schema.json").iter_errors(plan))
    assert not list(schema("tasks.schema.json").iter_errors({"tasks": golden()}))
    for task in golden():
        assert not list(schema(f"specs/{task['spec']['kind']}.schema.json").iter_errors(task["spec"])), task["id"]


def test_golden_ids_outputs_inputs_and_requirements_resolve():
    plan = json.loads((GOLDEN / "plan.json").read_text())
    known = {item["id"] for key in ("requirements", "constraints", "criteria", "assumptions") for item in plan[key]}
    tasks = golden()
    outputs = [output for task in tasks for output in task["outputs"]]
    assert len(outputs) == len(set(outputs))
    assert {requirement for task in tasks for requirement in task["requirements"]} == known
    for task in tasks:
        assert task["id"].startswith(task["component"] + "_")
        assert set(task["inputs"]) <= set(outputs), task["id"]


def test_golden_quotes_stand_in_the_request():
    request = " ".join((GOLDEN / "request.md").read_text().split())
    plan = json.loads((GOLDEN / "plan.json").read_text())
    assert all(" ".join(item["quote"].split()) in request for item in plan["requirements"] + plan["exclusions"])


def test_same_specs_give_the_same_bytes_whatever_the_order():
    assert rendered(golden()) == rendered(list(reversed(golden())))


def test_rendering_writes_every_output_and_python_that_uses_what_it_imports():
    files = rendered(golden())
    assert set(files) == {output for task in golden() for output in task["outputs"]}
    for path, text in files.items():
        if path.endswith(".py"):
            assert not unused_imports(ast.parse(text, path)), path
        assert text.endswith("\n"), path
        assert not [line for line in text.split("\n") if line != line.rstrip()], path


def unused_imports(tree: ast.Module) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}
    return names - {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_rendering_reads_nothing_but_specs():
    bare = [{**task, "title": "T", "requirements": ["A-1"]} for task in golden()]
    changed = {path for path, text in rendered(bare).items() if ORIGINAL[path] != text}
    assert all(path.startswith("tests/") for path in changed), "only the first line of a test file is the title"


def test_a_changed_bound_changes_database_api_page_tests_and_documents():
    text = json.dumps(golden()).replace("280", "140").replace("281", "141")
    before, after = ORIGINAL, rendered(json.loads(text))
    changed = {path for path, text in after.items() if before[path] != text}
    assert {
        "migrations/sqlite/0003_posts.sql", "migrations/postgresql/0003_posts.sql", "app/routes/create_post.py",
        "app/static/components/post-composer.js", "tests/integration/test_posts.py", "README.md", "docs/api.md",
        "docs/data.md",
    } <= changed  # fmt: skip
    assert not [path for path in after if "280" in after[path]]


def test_a_new_check_and_a_renamed_column_reach_the_migrations():
    tasks = golden()
    posts = named(tasks, "database_posts")["spec"]
    posts["columns"][2]["name"] = "message"
    posts["columns"][2]["check"] = "length(message) BETWEEN 1 AND 280"
    posts["checks"].append({"name": "posts_calm", "expression": "message NOT LIKE '%!!!%'"})
    text = rendered(tasks)["migrations/sqlite/0003_posts.sql"]
    assert "message VARCHAR(280) NOT NULL CHECK (length(message) BETWEEN 1 AND 280)" in text
    assert "CONSTRAINT posts_calm CHECK (message NOT LIKE '%!!!%')" in text
    assert "content" not in text


def test_migrations_apply_twice_on_an_empty_database():
    files = rendered(golden())
    database = sqlite3.connect(":memory:")
    for _ in range(2):
        for path in sorted(path for path in files if path.startswith("migrations/sqlite/")):
            database.executescript(files[path])
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    database.close()
    assert tables == {"users", "tokens", "posts", "likes", "comments", "follows", "notifications"}


@pytest.mark.parametrize(
    "words", ['say "hi"', '"""', "back\\slash \\", "two\nlines", "{{ 7 * 7 }}", "</script>", "a'b\"c", 'ends with "']
)
def test_hostile_words_stay_words(words):
    tasks = golden()
    for task in tasks:
        spec = task["spec"]
        if spec["kind"] == "endpoint":
            spec["summary"] = spec["responses"][-1]["when"] = spec["tag"] = words
        if spec["kind"] == "tests":
            spec["cases"][0]["given"] = words
        if spec["kind"] == "ui_component":
            spec["title"] = words
        if spec["kind"] == "module":
            spec.setdefault("settings", {})["title"] = words
    files = rendered(tasks)
    assert not [path for path, text in files.items() if text.count("49") > ORIGINAL[path].count("49")]
    for path, text in files.items():
        if path.startswith("app/static/components/"):
            assert text.split("\n")[1] == "", "the title stays inside its comment"
        if path.endswith(".py"):
            tree = ast.parse(text, path)
            assert {type(node) for node in tree.body} <= {
                ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.ClassDef, ast.FunctionDef,
                ast.AsyncFunctionDef, ast.If,
            }  # fmt: skip
    assert f"<title>{escape(' '.join(words.split()))}" in " ".join(files["app/static/index.html"].split())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(VALUES)
def test_literals_of_python_are_read_back_unchanged(value):
    assert ast.literal_eval(python(value)) == value
    assert ast.literal_eval(python(value, 8)) == value


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_literals_of_javascript_keep_texts(text):
    assert json.loads(javascript(text).replace("<\\/", "</")) == text


def test_statement_only_moves_white_space():
    for task in golden():
        for query in task["spec"].get("queries", ()):
            assert sql.statement(query["sql"]).split() == query["sql"].split()


def test_statement_breaks_no_line_inside_a_text_or_a_bind():
    text = "SELECT 'a FROM b', :limit FROM t WHERE x = 'it''s FROM' LIMIT :limit"
    assert sql.statement(text) == "SELECT 'a FROM b', :limit\nFROM t\nWHERE x = 'it''s FROM'\nLIMIT :limit"


def test_binds_are_found_outside_texts_only():
    assert sql.binds("SELECT ':no', :a, x::text, :b_c FROM t WHERE :a = '::'") == ("a", "b_c")


def test_fits_serves_the_golden_tasks():
    assert agent.fits(tasks_of(golden()), NOTHING, None) == ""
    assert agent.ready("blueprint", {}, ROOT, True) == ""


def test_fits_serves_a_part_of_a_run():
    plan = json.loads((GOLDEN / "plan.json").read_text())
    for component in ("documentation", "frontend", "api"):
        part = [task for task in golden() if task["component"] == component]
        assert agent.fits(tasks_of(part), NOTHING, plan) == "", component


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Write a command-line tool in Python that renames files.", "not a command-line tool"),
        ("Build a 2D snake game.", "not a game"),
        ("A static page for my bakery, with no backend.", "not a static page"),
    ],
)
def test_fits_refuses_another_kind_of_software(text, words):
    assert words in agent.fits(tasks_of(golden()), Request(text=text), None)


def test_fits_takes_the_request_of_chirp():
    request = Request(text=(GOLDEN / "request.md").read_text())
    assert agent.fits(tasks_of(golden()), request, json.loads((GOLDEN / "plan.json").read_text())) == ""


@pytest.mark.parametrize(
    ("stack", "word"),
    [("Rust and Actix", "Rust"), ("React, FastAPI", "React"), ("Node.js", "Node.js"), ("PostgreSQL", "PostgreSQL")],
)
def test_fits_refuses_another_stack_by_name(stack, word):
    assert word in agent.fits(tasks_of(golden()), Request(text="", stack=stack), None)


def test_fits_takes_its_own_stack():
    assert agent.fits(tasks_of(golden()), Request(text="", stack="Python 3.11, FastAPI and SQLite"), None) == ""


def break_kind(tasks):
    named(tasks, "database_posts")["spec"] = {"kind": "model", "file": "m.py"}


def break_dialect(tasks):
    named(tasks, "database_posts")["spec"]["dialect"] = "postgresql"


def break_framework(tasks):
    named(tasks, "frontend_post_card")["spec"]["framework"] = "react"


def break_bind(tasks):
    named(tasks, "api_feed")["spec"]["queries"][0]["sql"] += " -- :nothing"


def break_output(tasks):
    named(tasks, "api_feed")["outputs"] = ["../feed.py"]


def break_other_output(tasks):
    named(tasks, "api_feed")["outputs"].append("app/extra.py")


def break_role(tasks):
    named(tasks, "backend_database")["spec"]["role"] = "cache"


def break_keyword(tasks):
    named(tasks, "api_create_post")["spec"]["body"][0]["name"] = "class"


def break_rate(tasks):
    named(tasks, "api_feed")["spec"]["rate_limit"] = {"requests": 5, "seconds": 1}


def break_answer(tasks):
    del named(tasks, "api_feed")["spec"]["answer"]


def break_change(tasks):
    named(tasks, "database_posts")["action"] = "change"


def break_list(tasks):
    del named(tasks, "frontend_post_feed")["spec"]["settings"]["item"]


def break_step(tasks):
    named(tasks, "testing_posts")["spec"]["cases"][0]["steps"] = [{"think": "hard"}]


def break_function(tasks):
    named(tasks, "testing_passwords")["spec"]["cases"][0]["steps"] = [{"run": "app.auth:not python", "args": []}]


def break_storage(tasks):
    tasks[:] = [task for task in tasks if task["spec"]["kind"] != "table"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (break_kind, "kind model"), (break_dialect, "dialect postgresql"), (break_framework, "framework react"),
        (break_bind, "bind :nothing"), (break_output, "output ../feed.py"), (break_other_output, "app/extra.py"),
        (break_role, "role cache"), (break_keyword, "name class"), (break_rate, "rate_limit"),
        (break_answer, "no query that gives them"), (break_change, "change of a table"),
        (break_storage, "stores nothing"),
        (break_list, "frontend_post_feed"), (break_step, "unknown step"), (break_function, "would be no Python"),
    ],
)  # fmt: skip
def test_fits_says_what_it_cannot_render(damage, words):
    tasks = copy.deepcopy(golden())
    damage(tasks)
    reason = agent.fits(tasks_of(tasks), NOTHING, None)
    assert reason.startswith("the pack webapp does not serve ")
    assert words in reason


async def turn(task: Task | None, tasks: tuple[Task, ...], worktree: Path):
    async def run_command(argv, timeout=60, env=None, **_):  # noqa: ASYNC109
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=worktree, env={"PATH": "/usr/bin:/bin", **(env or {})},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), timeout)
        code = process.returncode or 0
        return Finished(exit_code=code, output=output.decode(), seconds=time.monotonic() - started)

    given_turn = Turn(
        address="test", prompt="", worktree=worktree, root=ROOT, request=NOTHING, task=task,
        tasks={item.id: item for item in tasks}, emit=lambda *_: None, run_command=run_command,
    )  # fmt: skip
    return await agent.open_agent("blueprint", {}, ROOT).turn(given_turn)


async def test_turn_writes_the_outputs_of_its_task_and_nothing_else(tmp_path):
    tasks = tasks_of(golden())
    task = next(task for task in tasks if task.id == "database_posts")
    result = await turn(task, tasks, tmp_path)
    assert result.outcome == "done"
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(task.outputs)


async def test_turn_exports_openapi_from_the_application_itself(tmp_path):
    tasks = tasks_of(golden())
    for task in sorted(tasks, key=lambda task: task.id == "api_openapi"):
        assert (await turn(task, tasks, tmp_path)).outcome == "done", task.id
    document = json.loads((tmp_path / "openapi.json").read_text())
    body = document["components"]["schemas"]["CreatePostBody"]["properties"]["content"]
    assert (body["minLength"], body["maxLength"]) == (1, 280)
    assert sys.modules.get("app") is None, "the application runs in a process of its own"


async def test_turn_fails_with_the_output_of_a_command_that_fails(tmp_path):
    tasks = tasks_of(golden())
    result = await turn(next(task for task in tasks if task.id == "api_openapi"), tasks, tmp_path)
    assert result.outcome == "failed"
    assert "app.openapi ended with 1" in result.reason
    assert "ModuleNotFoundError" in result.reason


async def test_turn_fails_on_a_spec_that_lacks_what_the_template_needs(tmp_path):
    tasks = golden()
    del named(tasks, "frontend_post_feed")["spec"]["settings"]["item"]
    result = await turn(tasks_of([named(tasks, "frontend_post_feed")])[0], tasks_of(tasks), tmp_path)
    assert result.outcome == "failed"
    assert "frontend_post_feed" in result.reason


async def test_turn_without_a_task_fails(tmp_path):
    assert (await turn(None, (), tmp_path)).outcome == "failed"


async def test_turn_deletes_what_a_task_removes(tmp_path):
    tasks = tasks_of([{**named(golden(), "api_feed"), "action": "remove"}])
    file = tmp_path / "app/routes/feed.py"
    file.parent.mkdir(parents=True)
    file.write_text("router = None\n")
    assert (await turn(tasks[0], tasks, tmp_path)).outcome == "done"
    assert not file.exists()


def test_mutants_fit_and_cover_every_layer_and_every_requirement(tmp_path):
    tasks = tasks_of(golden())
    for path, text in rendered(golden()).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = mutants(PACK, tasks)
    for mutant in found:
        before = (tmp_path / mutant.file).read_text()
        assert mutant.apply(tmp_path), mutant.name
        if mutant.file.endswith(".py"):
            ast.parse((tmp_path / mutant.file).read_text())
        (tmp_path / mutant.file).write_text(before)
    assert {mutant.layer for mutant in found} == {"database", "api", "realtime", "page"}
    requirements = {requirement for mutant in found for requirement in mutant.requirements}
    assert {f"R-{n}" for n in range(1, 12)} <= requirements
    assert len({mutant.name for mutant in found}) == len(found)
