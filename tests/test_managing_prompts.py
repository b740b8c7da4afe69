"""The shipped prompts, and `orch explain` from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project import payments
from runner.load import load_pipeline
from runner.records import to_json
from runner.render import Renderer
from runner.resources import Resources

ROOT = Path(__file__).resolve().parent.parent
CHIRP = ROOT / "tests" / "data" / "chirp"
PLAN = json.loads((CHIRP / "plan.json").read_text())
TASKS = json.loads((CHIRP / "tasks.json").read_text())["tasks"]
RENDERER = Renderer((ROOT / "templates",))
MANAGERS = load_pipeline(ROOT / "pipelines" / "fullstack.yaml", Resources(ROOT)).managers


def decompose(component: str) -> str:
    found = next(one for one in PLAN["components"] if one["name"] == component)
    return RENDERER.render(
        "decompose.md.j2",
        {"plan": PLAN, "component": found, "managers": to_json(list(MANAGERS.values())), "request": {}, "run": "r"},
    )


def test_planning_sees_what_the_managers_offer_and_the_request() -> None:
    text = RENDERER.render(
        "plan.md.j2", {"request": "# Sell bread", "managers": to_json(list(MANAGERS.values())), "run": "r"}
    )
    assert "# Sell bread" in text
    for manager in MANAGERS.values():
        for component in manager.components:
            assert f"- `{component.name}` (hints: {', '.join(component.signals)})\n" in text


def test_decomposing_sees_the_schemas_and_examples_of_its_own_manager_only() -> None:
    text = decompose("database")
    for name, kind in MANAGERS["database"].specs.items():
        assert f"### Kind `{name}`" in text
        assert json.dumps(kind.schema, ensure_ascii=False) in text
        assert kind.good.strip() in text
        assert kind.bad.strip() in text
        assert ", ".join(kind.expect) in text
    assert MANAGERS["frontend"].specs["ui_component"].good.strip() not in text
    assert "- `endpoint` by method path" in text


def test_a_component_that_no_manager_offers_sees_every_kind() -> None:
    odd = {"name": "odd", "why": ["R-1"]}
    managers = to_json(list(MANAGERS.values()))
    text = RENDERER.render("decompose.md.j2", {"plan": PLAN, "component": odd, "managers": managers})
    assert all(kind.good.strip() in text for manager in MANAGERS.values() for kind in manager.specs.values())


def test_decompositions_share_everything_up_to_their_component() -> None:
    one, other = decompose("database"), decompose("frontend")
    shared = next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    assert one[:shared].endswith("# The component: ")
    assert json.dumps(PLAN, ensure_ascii=False, indent=1) in one[:shared]


def order(**fields: Any) -> str:
    variables = {
        "order": {},
        "group": "table_creation",
        "seat": "database.table_creation.1",
        "part": "1",
        "manager": {
            "name": "database",
            "title": "Database manager",
            "description": "Tables.",
            "tools": [],
            "kinds": {},
        },
        "task": TASKS[0],
        "tasks": TASKS[:2],
        "number": 1,
        "count": 2,
        "first": True,
        "continued": False,
        "attempt": 1,
        "round": 0,
        "feedback": "",
        "owns": ["migrations/**"],
        "checks": [{"name": "schema matches", "command": "db", "at": ["attempt"]}],
        "related": [],
        "request": {},
        "plan": PLAN,
        "run": "r",
    }
    template = fields.pop("template", "order.md.j2")
    return RENDERER.render(template, {**variables, **fields})


@pytest.mark.parametrize("template", ["order.md.j2", "database/order.md.j2"])
def test_the_first_turn_of_an_order_lists_all_its_tasks(template: str) -> None:
    text = order(template=template)
    assert "You have been assigned 2 related tasks: Table Creation (part 1)." in text
    assert f"1. {TASKS[0]['title']} (`{TASKS[0]['id']}`)\n2. {TASKS[1]['title']} (`{TASKS[1]['id']}`)\n" in text
    assert f"TASK 1/2: {TASKS[0]['title']}" in text
    assert "length(username) BETWEEN 3 AND 30" in text
    assert "- schema matches: `db`" in text
    assert "Change only the files in its outputs, and what lies under migrations/**" in text
    assert "NOT ACCEPTED" not in text
    assert ("FOREIGN KEY" in text) is (template == "database/order.md.j2")


def test_a_later_turn_lists_its_own_task_only() -> None:
    text = order(first=False, number=2, task=TASKS[1], tasks=[TASKS[1]], continued=True)
    assert f"TASK 2/2: {TASKS[1]['title']}" in text
    assert TASKS[0]["title"] not in text


def test_feedback_of_the_last_attempt_is_in_the_prompt() -> None:
    text = order(attempt=2, feedback="The check failed:\n$ pytest\nboom")
    assert "attempt 2" in text
    assert "$ pytest\nboom" in text


def test_turns_of_a_manager_share_a_prefix() -> None:
    one, other = order(), order(task=TASKS[1], first=False, number=2, feedback="x")
    shared = next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    assert "5. Leave no placeholder" in one[:shared]


def test_a_promise_that_no_task_carries_is_told_with_its_verdict_and_every_kind() -> None:
    text = RENDERER.render(
        "validate.md.j2",
        {
            "criterion": PLAN["criteria"][0],
            "verdict": {"reason": "281 characters were accepted", "suggestions": ["look at api_create_post"]},
            "round": 2,
            "plan": PLAN,
            "tasks": TASKS[:1],
            "managers": to_json(list(MANAGERS.values())),
        },
    )
    assert "in round 2" in text
    assert "281 characters were accepted\n- look at api_create_post\n" in text
    assert all(kind.good.strip() in text for manager in MANAGERS.values() for kind in manager.specs.values())


Orch = Callable[..., Any]


def test_explain_prints_the_way_of_each_task(orch: Orch) -> None:
    done = orch("explain", "fullstack", "--tasks", str(CHIRP / "tasks.json"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "database_users -> database (kind table) -> table_creation (rule 1) -> seat 1"
    assert "    waits for database_users (foreign_keys.0.table)" in lines
    assert sum(" -> seat " in line for line in lines) == len(TASKS)
    assert any(line.startswith("backend.") and ": 2 seats: " in line for line in lines)
    assert all(": 1 seat: " in line or ": 2 seats: " in line or ": shares seat " in line
               for line in lines if line[0] != " " and " -> " not in line)  # fmt: skip


def test_explain_prints_one_task_in_full(orch: Orch) -> None:
    done = orch("explain", "fullstack", "--tasks", str(CHIRP / "tasks.json"), "backend_database")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "backend_database -> backend (kind module) -> foundation (rule 1) -> seat 1",
        '    also matched: database (keyword "migration")',
    ]
    assert "    waited for by " in done.stdout


def test_explain_lint_and_a_given_file_point_at_the_same_place(orch: Orch, tmp_path: Path) -> None:
    project = payments(tmp_path / "shop")
    spec = "{kind: payment_flow, flow: pay, currency: EUR, uses: [nothing], steps: [take the money]}"
    task = "id: payments_pay, title: Pay, component: payments, action: create, outputs: [flows/pay.txt]"
    project.write("tasks.yaml", f"tasks:\n  - {{{task}, requirements: [R-1],\n     spec: {spec}}}\n")
    explained = orch("explain", "payments", "--tasks", "tasks.yaml", cwd=project.root)
    linted = orch("lint", "tasks.yaml", cwd=project.root)
    words = ("run", "payments", "--request", "request.md", "--given", "decompose=tasks.yaml", "--progress", "quiet")
    given = orch(*words, cwd=project.root)
    place = f"tasks.yaml:3:{len('     spec: ') + spec.index('nothing') + 1}: error: payments_pay: nothing creates"
    assert (explained.returncode, linted.returncode, given.returncode) == (1, 1, 2)
    for said in (explained.stdout, linted.stdout, given.stderr):
        assert place in said
    assert "payments.flows: 1 seat: 1 point is below second_from.points 4" in explained.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "fullstack", "--tasks", "TASKS", "database_user"), 'did you mean "database_users"?'),
        (("explain", "nothing", "--tasks", "TASKS"), 'no pipeline "nothing"'),
        (("explain", "fullstack", "--tasks", "absent.json"), "1 problem"),
        (("explain", "fullstack", "--tasks", "broken.yaml"), "problem"),
        (("explain", "fullstack"), "--tasks"),
    ],
)
def test_explain_refuses_with_exit_2(words: tuple[str, ...], said: str, orch: Orch, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("tasks: [{id: Database}]\n")
    done = orch(*(str(CHIRP / "tasks.json") if word == "TASKS" else word for word in words), cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
