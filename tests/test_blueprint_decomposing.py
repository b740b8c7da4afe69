# ruff: noqa: E501 - sentences and specs stand on one line.
"""Tasks of the blueprint. Table: schemas | the shipped rules | traces | the golden decomposition | each kind of relation |
bounds are in every layer."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import jsonschema
import pytest

from runner.blueprint import model
from runner.blueprint.decomposing import decompose_all
from runner.load import load_manager
from runner.managing.references import edges
from runner.records import Json, Manager, Plan, Request, Task, from_json
from runner.resources import Resources
from runner.rules.answers import judge_answer
from runner.rules.base import Judgement

ROOT = Path(__file__).parents[1]
GOLDEN = json.loads((ROOT / "tests" / "data" / "chirp" / "tasks.json").read_text())["tasks"]
PATHS = [
    *sorted((ROOT / "examples").glob("*/spec.md")),
    *sorted((ROOT / "tests" / "data" / "requests").glob("served_*.md")),
]
NAMES = [f"{path.parent.name}_{path.stem}" for path in PATHS]
RULES = [
    "exact_tasks",
    "resolvable_references",
    "owned_outputs",
    "covers_plan",
    "task_cycle",
    "task_id",
    "unhandled_task",
    "unknown_requirement",
]


def made(text: str) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    plan = model.plan({"request": text})
    return plan, [task for part in plan["components"] for task in model.tasks({"plan": plan, "component": part})]


def specs(text: str) -> dict[str, dict[str, Json]]:
    return {task["id"]: task["spec"] for task in made(text)[1]}


def managers() -> dict[str, Manager]:
    resources = Resources(ROOT)
    names = ("database", "backend", "frontend", "infrastructure", "testing", "documentation")
    return {name: load_manager(ROOT / "managers" / f"{name}.yaml", resources).managers[name] for name in names}


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_tasks_and_their_specs_are_valid(path: Path) -> None:
    _, tasks = made(path.read_text())
    jsonschema.validate({"tasks": tasks}, json.loads((ROOT / "schemas" / "tasks.schema.json").read_text()))
    for task in tasks:
        kind = task["spec"]["kind"]
        jsonschema.validate(task["spec"], json.loads((ROOT / "schemas" / "specs" / f"{kind}.schema.json").read_text()))


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_the_shipped_rules_find_nothing(path: Path) -> None:
    text = path.read_text()
    plan, tasks = made(text)
    judgement = Judgement(
        data={"tasks": tasks}, managers=managers(), plan=from_json(Plan, plan), request=Request(text=text)
    )
    assert [problem.message for problem in judge_answer(RULES, judgement)] == []


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_ids_and_outputs_are_unique_and_needs_are_known(path: Path) -> None:
    _, tasks = made(path.read_text())
    names = [task["id"] for task in tasks]
    outputs = [output for task in tasks for output in task["outputs"]]
    assert len(set(names)) == len(names)
    assert len(set(outputs)) == len(outputs)
    assert {need for task in tasks for need in task["needs"]} <= set(names)
    written = set(outputs)
    assert [file for task in tasks for file in task["inputs"] if file not in written] == []


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_every_requirement_has_a_task_and_every_task_a_reason(path: Path) -> None:
    plan, tasks = made(path.read_text())
    served = {id_ for task in tasks for id_ in task["requirements"]}
    known = {entry["id"] for key in ("requirements", "constraints", "criteria", "assumptions") for entry in plan[key]}
    assert served <= known
    assert {entry["id"] for key in ("requirements", "constraints", "criteria") for entry in plan[key]} <= served
    assert all(task["requirements"] for task in tasks)


def test_chirp_has_the_endpoints_and_tables_of_the_golden_decomposition() -> None:
    _, tasks = made((ROOT / "examples" / "chirp" / "spec.md").read_text())

    def known(of: list[dict[str, Json]], kind: str) -> set[str]:
        return {
            task["spec"].get("table") or f"{task['spec']['method']} {task['spec']['path']}"
            for task in of
            if task["spec"]["kind"] == kind
        }

    assert known(tasks, "endpoint") == known(GOLDEN, "endpoint")
    assert known(tasks, "table") == known(GOLDEN, "table")
    assert {task["spec"]["name"] for task in tasks if task["spec"]["kind"] == "ui_component"} == {
        task["spec"]["name"] for task in GOLDEN if task["spec"]["kind"] == "ui_component"
    }


def test_chirps_posts_are_the_golden_ones() -> None:
    _, tasks = made((ROOT / "examples" / "chirp" / "spec.md").read_text())
    ours = {task["id"]: task["spec"] for task in tasks}
    golden = {task["id"]: task["spec"] for task in GOLDEN}
    for id_ in ("database_posts", "database_likes", "database_comments", "database_follows"):
        assert {key: ours[id_][key] for key in ("table", "columns", "primary_key", "foreign_keys", "indexes")} == {
            key: golden[id_][key] for key in ("table", "columns", "primary_key", "foreign_keys", "indexes")
        }
    for id_ in ("api_create_post", "api_list_posts", "api_feed"):
        assert ours[id_]["queries"] == golden[id_]["queries"]


def test_a_bound_is_in_the_database_the_api_the_page_and_the_tests() -> None:
    made_of = specs("# Notes\n\n- A user can write a note of up to 140 characters.\n")
    assert made_of["database_notes"]["columns"][2]["check"] == "length(content) BETWEEN 1 AND 140"
    assert made_of["api_create_note"]["body"][0]["max"] == 140
    assert made_of["frontend_note_composer"]["fields"][0]["max"] == 140
    assert {"text": 141} in [
        step.get("params", {}).get("content")
        for case in made_of["testing_constraints"]["cases"]
        for step in case["steps"]
    ]


def test_owners_are_asked_for_by_name() -> None:
    text = "# Notes\n\n- A user can write a note.\n- Only the author can delete a note.\n- A user can edit a note.\n"
    made_of = specs(text)
    assert made_of["api_delete_note"]["owner"] == {
        "table": "notes",
        "column": "user_id",
        "param": "note_id",
        "status": 403,
    }
    assert "owner" not in made_of["api_update_note"]
    assert (
        made_of["api_update_note"]["queries"][0]["sql"]
        == "UPDATE notes SET content = coalesce(:content, content) WHERE id = :note_id"
    )


def test_states_defaults_filters_and_sorting() -> None:
    made_of = specs((ROOT / "tests" / "data" / "requests" / "served_tickets.md").read_text())
    status = next(column for column in made_of["database_tickets"]["columns"] if column["name"] == "status")
    assert status == {
        "name": "status",
        "type": "VARCHAR(11)",
        "null": False,
        "default": "'open'",
        "check": "status IN ('open', 'in_progress', 'done')",
    }
    assert [param["name"] for param in made_of["api_list_tickets"]["params"]] == [
        "status",
        "priority",
        "limit",
        "offset",
    ]
    books = specs((ROOT / "tests" / "data" / "requests" / "served_exclusions.md").read_text())
    assert "CASE WHEN :sort = 'title' THEN books.title END" in books["api_list_books"]["queries"][0]["sql"]


def test_what_belongs_to_something_is_reached_through_it() -> None:
    made_of = specs((ROOT / "examples" / "lending" / "spec.md").read_text())
    call = made_of["api_create_loan_request"]
    assert call["path"] == "/api/items/{item_id}/loan_requests"
    assert call["queries"][0] == {
        "name": "item",
        "sql": "SELECT id FROM items WHERE id = :item_id",
        "rows": "one",
        "missing": 404,
    }
    assert call["emits"][0]["event"] == "loan_request"
    assert [body["name"] for body in call["body"]] == ["message", "days"]


def test_two_things_with_one_verb_have_tables_of_their_own() -> None:
    text = "# N\n\n- A user can write a note.\n- A user can comment on a note.\n- A user can like a note.\n- A user can like a comment.\n"
    tables = [spec["table"] for spec in specs(text).values() if spec["kind"] == "table"]
    assert {"note_likes", "comment_likes"} <= set(tables)


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_every_query_runs_on_the_tables_of_the_plan(path: Path) -> None:
    """SQLite compiles each statement: names of tables, columns and binds are right."""
    _, tasks = made(path.read_text())
    database = sqlite3.connect(":memory:")
    for task in tasks:
        if task["spec"]["kind"] == "table":
            columns = ", ".join(f"{column['name']} {column['type']}" for column in task["spec"]["columns"])
            database.execute(f"CREATE TABLE {task['spec']['table']} ({columns})")
    binds = dict.fromkeys(["new_id", "user_id", "now", "token_hash", "expires_at", "password_hash", "account_id"])
    for task in tasks:
        spec = task["spec"]
        if spec["kind"] != "endpoint":
            continue
        given = {one["name"]: None for key in ("params", "body") for one in spec.get(key, ())}
        for query in spec["queries"]:
            database.execute(f"EXPLAIN {query['sql']}", binds | given)
    database.close()


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_edges_follow_from_the_specs_without_a_problem(path: Path) -> None:
    _, tasks = made(path.read_text())
    found, problems = edges(tuple(from_json(Task, task) for task in tasks), managers())
    assert [problem.message for problem in problems] == []
    assert len(found) > len(tasks)


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_everything_can_be_done_on_the_page(path: Path) -> None:
    """Every endpoint that a person may call is called by a component that the shell reaches, and no other."""
    made_of = [spec for spec in specs(path.read_text()).values() if spec["kind"] in ("endpoint", "ui_component")]
    parts = {spec["name"]: spec for spec in made_of if spec["kind"] == "ui_component"}
    reached = ["AppShell"]
    for name in reached:
        reached += [used for used in parts[name]["uses"] if used not in reached]
    offered = {f"{spec['method']} {spec['path']}" for spec in made_of if spec["kind"] == "endpoint"}
    assert set(reached) == set(parts)
    assert {call for name in reached for call in parts[name]["calls"]} == offered - {"GET /api/health"}


def test_a_page_asks_for_no_more_rows_than_the_api_gives() -> None:
    made_of = specs((ROOT / "examples" / "lending" / "spec.md").read_text())
    limit = next(one for one in made_of["api_list_loan_requests"]["params"] if one["name"] == "limit")
    assert made_of["frontend_loan_request_thread"]["settings"]["page_size"] == limit["default"] == 10


def test_rows_of_a_thread_offer_what_their_owner_may_do() -> None:
    made_of = specs((ROOT / "examples" / "lending" / "spec.md").read_text())
    card = made_of["frontend_loan_request_card"]
    assert [(action["name"], action["own"]) for action in card["settings"]["actions"]] == [("delete", "user_id")]
    assert made_of["frontend_loan_request_thread"]["uses"] == ["LoanRequestCard"]
    assert made_of["frontend_item_card"]["listens"] == ["loan-request-created", "loan-request-removed"]


def test_a_plan_of_another_model_is_refused_in_words() -> None:
    plan = {"title": "x", "requirements": [], "components": [], "entities": [{"name": "books", "table": "books"}]}
    with pytest.raises(model.StepFailed, match="cannot decompose a plan of another model"):
        model.tasks({"plan": plan, "component": "database"})


def test_decomposing_all_is_decomposing_each() -> None:
    plan, tasks = made(PATHS[0].read_text())
    assert sorted(task["id"] for task in decompose_all(plan)) == sorted(task["id"] for task in tasks)


def test_a_sentence_of_endless_parts_is_not_read() -> None:
    line = ", ".join(["a user can like a, b and c"] * 200)
    plan, _ = made(f"# T\n\n- A user can write a note.\n- {line}\n")
    assert plan["not_understood"] == [{"line": 4, "text": line}]
