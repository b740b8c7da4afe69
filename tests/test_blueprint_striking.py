"""Assumptions taken out of the plan: what exists because of one alone is not made, the rest is as before; what cannot
be struck says what rests on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.blueprint import agent, model
from runner.errors import StepFailed
from runner.records import Json, Plan, Request, Task, from_json
from runner.rules.answers import judge_answer, names_for
from runner.rules.base import Judgement

TEXT = (Path(__file__).parents[1] / "examples" / "lending" / "spec.md").read_text()
CHIRP = (Path(__file__).parents[1] / "examples" / "chirp" / "spec.md").read_text()


def struck(text: str, words: str) -> tuple[dict[str, Json], str]:
    """The plan without the assumption that has the words, as a person edits it, and the id of that assumption."""
    plan = model.plan({"request": text})
    (gone,) = [one for one in plan["assumptions"] if words in one["text"]]
    return {**plan, "assumptions": [one for one in plan["assumptions"] if one is not gone]}, gone["id"]


def tasks_of(plan: dict[str, Json]) -> list[dict[str, Json]]:
    return [task for part in plan["components"] for task in model.tasks({"plan": plan, "component": part})]


def without_empty(plan: dict[str, Json], id_: str) -> dict[str, Json]:
    return {**plan, "components": [part for part in plan["components"] if part["why"] != [id_]]}


@pytest.mark.parametrize("text", [TEXT, CHIRP], ids=["lending", "chirp"])
@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("health endpoint", {"backend_health"}),
        ("container image", {"infrastructure_dockerfile", "infrastructure_compose"}),
        ("API reference", {"api_openapi", "documentation_api", "documentation_data", "documentation_readme"}),
    ],
)
def test_what_serves_a_struck_assumption_alone_is_not_made(text: str, words: str, gone: set[str]) -> None:
    before = {task["id"] for task in tasks_of(model.plan({"request": text}))}
    plan, id_ = struck(text, words)
    plan = without_empty(plan, id_)
    tasks = tasks_of(plan)
    asked = {task["id"] for task in tasks} & gone
    assert before - {task["id"] for task in tasks} == gone - asked
    assert asked <= {"infrastructure_dockerfile", "documentation_readme"}  # lending asks for these
    assert [task["id"] for task in tasks if id_ in task["requirements"]] == []
    records = tuple(from_json(Task, task) for task in tasks)
    assert agent.fits(records, Request(text=text), plan) == ""
    judged = Judgement(data=plan, request=Request(text=text), plan=from_json(Plan, plan))
    assert judge_answer(names_for("plan"), judged) == []
    names = ("owned_outputs", "covers_plan", "unknown_requirement", "contradicting_need", "task_cycle")
    judged = Judgement(data={"tasks": tasks}, request=Request(text=text), plan=from_json(Plan, plan))
    found = judge_answer(names, judged)
    assert [problem for problem in found if problem.name in names] == []


def test_nothing_speaks_of_the_struck_health_endpoint() -> None:
    plan, _ = struck(CHIRP, "health endpoint")
    assert [task["id"] for task in tasks_of(plan) if "/api/health" in str(task)] == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("SQLite file", "everything that is stored rests on it"),
        ("Unit and integration tests", "every requirement is shown by its tests"),
        ("A password has", "users.password rests on it"),
    ],
)
def test_what_cannot_be_struck_says_what_rests_on_it(words: str, why: str) -> None:
    plan, id_ = struck(CHIRP, words)
    with pytest.raises(StepFailed, match=f"{id_} cannot be struck: {why}"):
        tasks_of(plan)


def test_a_component_with_nothing_but_a_struck_reason_is_named() -> None:
    plan, id_ = struck(CHIRP, "API reference")
    (found,) = judge_answer(
        names_for("plan"), Judgement(data=plan, request=Request(text=CHIRP), plan=from_json(Plan, plan))
    )
    assert found.message == f'component "documentation" names {id_}, which the plan does not have'
    assert found.hint == 'take the component "documentation" out as well'
