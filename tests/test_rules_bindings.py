"""What an endpoint's SQL binds means one thing: names that every request fills are no parameter's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checking import ROOT, golden
from runner.load import load_pipeline
from runner.records import Kind, Problem
from runner.resources import Resources
from runner.rules.exact_tasks import judge_task

LIST = golden()["api_list_posts"]


@pytest.fixture(scope="module")
def endpoint() -> Kind:
    managers = load_pipeline(ROOT / "pipelines" / "fullstack.yaml", Resources(ROOT)).managers
    return managers["backend"].specs["endpoint"]


def judged(kind: Kind, name: str, sql: str) -> list[Problem]:
    param = {"name": name, "in": "query", "type": "uuid", "required": True}
    queries: list[Any] = [{"name": "posts", "sql": sql, "rows": "many"}]
    spec = {**LIST.spec, "params": [param], "queries": queries, "answer": "posts"}
    return [one for one in judge_task(replace(LIST, spec=spec), kind) if "called" in one.message]


@pytest.mark.parametrize("name", ["user_id", "new_id", "now"])
def test_a_parameter_with_a_name_that_the_request_fills_is_refused(endpoint: Kind, name: str) -> None:
    (problem,) = judged(endpoint, name, "SELECT id FROM posts WHERE id = :x".replace("x", name))
    assert problem.severity == "error"
    assert problem.message.startswith(f"api_list_posts: `:{name}` is the ")
    assert f"`:of_{name}`" in problem.hint


def test_another_name_and_one_that_no_statement_binds_are_fine(endpoint: Kind) -> None:
    assert judged(endpoint, "author_id", "SELECT id FROM posts WHERE user_id = :author_id AND id <> :user_id") == []
    assert judged(endpoint, "user_id", "SELECT id FROM posts WHERE user_id = :user_ids") == []
