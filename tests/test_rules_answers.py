"""Rules over plans and tasks: what each finds, where, and who has to answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from runner.load import load_manager, load_pipeline
from runner.positions import load_yaml
from runner.records import Json, JsonObject, Kind, Manager, Plan, Problem, Request, Task, from_json, to_json
from runner.registry import RULES, UnknownName
from runner.resources import Resources
from runner.rules.answers import ALWAYS, judge_answer, names_for
from runner.rules.base import Judgement
from runner.rules.exact_tasks import judge_task
from runner.rules.specificity import measure

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = Resources(ROOT)
CHIRP = ROOT / "tests" / "data" / "chirp"


@pytest.fixture(scope="module")
def managers() -> dict[str, Manager]:
    """The six managers of the shipped pipeline."""
    loaded = load_pipeline(ROOT / "pipelines" / "fullstack.yaml", RESOURCES)
    assert loaded.problems == []
    return loaded.managers


def plan() -> dict[str, Any]:
    return {
        "title": "Chirp",
        "requirements": [
            {"id": "R-1", "text": "Posts are stored.", "quote": "People post short messages"},
            {"id": "R-2", "text": "Posts have at most 280 characters.", "quote": "at most 280 characters"},
        ],
        "constraints": [{"id": "C-1", "text": "SQLite.", "quote": "on SQLite", "requirements": ["R-1"]}],
        "criteria": [{"id": "S-1", "text": "281 characters are refused.", "requirements": ["R-2"]}],
        "components": [{"name": "database", "why": ["R-1", "R-2"]}],
        "assumptions": [{"id": "A-1", "text": "A skeleton.", "why": "something must start"}],
        "exclusions": [{"text": "No log-in.", "quote": "no login"}],
        "contradictions": [],
    }


REQUEST = Request(text="People post short\n  messages of at most 280 characters, on SQLite.\nThere is no login.")


def posts() -> dict[str, Any]:
    return {
        "id": "database_posts",
        "title": "Create table posts",
        "component": "database",
        "requirements": ["R-1", "R-2"],
        "outputs": ["migrations/0001_posts.sql"],
        "spec": {
            "kind": "table",
            "dialect": "sqlite",
            "table": "posts",
            "columns": [
                {"name": "id", "type": "TEXT", "null": False, "default": "''"},
                {
                    "name": "content",
                    "type": "VARCHAR(280)",
                    "null": False,
                    "check": "length(content) BETWEEN 1 AND 280",
                },
            ],
            "primary_key": ["id"],
            "foreign_keys": [],
            "indexes": [],
            "file": "migrations/0001_posts.sql",
        },
    }


def judged(names: tuple[str, ...], data: Json, managers: dict[str, Manager], **fields: Any) -> list[Problem]:
    usual: dict[str, Any] = {"plan": from_json(Plan, plan()), "request": REQUEST}
    return judge_answer(names, Judgement(data=data, managers=managers, **{**usual, **fields}))


def of_tasks(managers: dict[str, Manager], *tasks: JsonObject, **fields: Any) -> list[Problem]:
    return judged(names_for("tasks"), {"tasks": list(tasks)}, managers, **fields)


def rules(problems: list[Problem]) -> list[str]:
    return sorted({problem.name for problem in problems})


def test_a_good_plan_and_a_good_task_have_no_problem(managers: dict[str, Manager]) -> None:
    assert judged(names_for("plan"), plan(), managers) == []
    assert of_tasks(managers, posts()) == []


def test_the_golden_decomposition_is_exact(managers: dict[str, Manager]) -> None:
    given = json.loads((CHIRP / "plan.json").read_text())
    tasks = json.loads((CHIRP / "tasks.json").read_text())
    request = Request(text=(CHIRP / "request.md").read_text())
    assert judged(names_for("plan"), given, managers, request=request) == []
    assert judged(names_for("tasks"), tasks, managers, plan=from_json(Plan, given)) == []


def set_at(data: Any, path: str, value: Any) -> Any:
    made = deepcopy(data)
    *way, last = path.split(".")
    at = made
    for part in way:
        at = at[int(part) if part.isdigit() else part]
    at[int(last) if last.isdigit() else last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "rule", "pointer"),
    [
        ("requirements.0.quote", "People write novels", "quotes_request", "/requirements/0/quote"),
        ("requirements.0.quote", "  ", "quotes_request", "/requirements/0/quote"),
        ("constraints.0.quote", "on PostgreSQL", "quotes_request", "/constraints/0/quote"),
        ("exclusions.0.quote", "no logout", "quotes_request", "/exclusions/0/quote"),
        (
            "contradictions",
            [{"text": "x", "quotes": ["no login", "a login"]}],
            "quotes_request",
            "/contradictions/0/quotes/1",
        ),
        ("components.0.why", [], "traces_requirements", "/components/0"),
        ("components.0.why", ["R-1", "R-2", "R-9"], "traces_requirements", "/components/0/why"),
        ("components.0.why", ["R-1"], "traces_requirements", "/requirements/1"),
        ("criteria.0.requirements", [], "traces_requirements", "/criteria/0"),
        ("criteria.0.requirements", ["R-7"], "traces_requirements", "/criteria/0/requirements"),
        ("constraints.0.requirements", ["R-7"], "traces_requirements", "/constraints/0/requirements"),
        ("requirements.1.id", "R-1", "traces_requirements", "/requirements/1/id"),
    ],
)
def test_problems_of_plans(path: str, value: Any, rule: str, pointer: str, managers: dict[str, Manager]) -> None:
    found = judged(names_for("plan"), set_at(plan(), path, value), managers)
    assert (rule, pointer) in [(one.name, one.pointer) for one in found]
    assert {one.name for one in found} == {rule}


def test_white_space_of_a_quote_is_folded_and_front_matter_may_be_quoted(managers: dict[str, Manager]) -> None:
    request = Request(
        text="Nothing.", requirements=("People post short messages", "at most 280 characters"), stack="on SQLite"
    )
    found = judged(("quotes_request",), plan(), managers, request=request)
    assert [one.pointer for one in found] == ["/exclusions/0/quote"]


@pytest.mark.parametrize(
    ("path", "value", "rule", "severity", "pointer"),
    [
        ("id", "posts", "task_id", "error", "/tasks/0/id"),
        ("spec.kind", "tabel", "unknown_spec_kind", "error", "/tasks/0/spec/kind"),
        ("requirements", ["R-1", "R-2", "R-99"], "unknown_requirement", "error", "/tasks/0/requirements/2"),
        ("requirements", ["A-1", "C-1", "S-1", "R-1"], "covers_plan", "error", "/tasks"),
        ("outputs", ["/etc/passwd"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", ["a/../../b"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", [".git/config"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", ["**"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", ["**/*"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", ["."], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", ["app/"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", ["app//x"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", ["sub/.git/config"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("outputs", [".orch/journal.db"], "owned_outputs", "error", "/tasks/0/outputs/0"),
        ("spec.file", "elsewhere/0001_posts.sql", "owned_outputs", "error", "/tasks/0/spec/file"),
        ("spec.foreign_keys", [FK := {"columns": ["id"], "table": "usr", "references": ["id"], "on_delete": "cascade"}],
         "resolvable_references", "error", "/tasks/0/spec/foreign_keys/0/table"),
        ("needs", ["database_nothing"], "resolvable_references", "error", "/tasks/0/needs/0"),
        ("needs", ["database_posts"], "resolvable_references", "error", "/tasks/0/needs/0"),
        ("spec.primary_key", [], "range", "error", "/tasks/0/spec/primary_key"),
        ("spec.dialect", "oracle", "enum", "error", "/tasks/0/spec/dialect"),
        ("title", "Create table TBD", "exact_tasks", "error", "/tasks/0"),
        ("title", "Create robust, scalable and modern posts as needed, etc.", "exact_tasks", "warning", "/tasks/0"),
        ("component", "frontend", "task_id", "error", "/tasks/0/id"),
    ],
)  # fmt: skip
def test_problems_of_tasks(
    path: str, value: Any, rule: str, severity: str, pointer: str, managers: dict[str, Manager]
) -> None:
    found = [one for one in of_tasks(managers, set_at(posts(), path, value)) if one.name == rule]
    assert [(one.severity, one.pointer) for one in found] == [(severity, pointer)]


def test_an_unhandled_task_is_named(managers: dict[str, Manager]) -> None:
    lost = set_at(set_at(set_at(posts(), "spec", {"kind": "page"}), "component", "docs"), "title", "Write it")
    assert "unhandled_task" in rules(of_tasks(managers, lost))


def test_the_component_of_an_uncovered_requirement_has_to_answer(managers: dict[str, Manager]) -> None:
    (found,) = of_tasks(managers, set_at(posts(), "requirements", ["R-1"]))
    assert (found.name, found.owner, found.message) == (
        "covers_plan",
        "database",
        'R-2 has no task: "Posts have at most 280 characters."',
    )


def other(**fields: Any) -> dict[str, Any]:
    made = set_at(set_at(posts(), "id", "database_users"), "spec.table", "users")
    made = set_at(set_at(made, "outputs", ["migrations/0002_users.sql"]), "spec.file", "migrations/0002_users.sql")
    return {**made, **fields}


def test_two_tasks_of_one_id(managers: dict[str, Manager]) -> None:
    found = of_tasks(managers, posts(), other(id="database_posts"))
    assert [(one.name, one.pointer) for one in found if one.name == "task_id"] == [("task_id", "/tasks/1/id")]


def test_two_creators_of_one_table(managers: dict[str, Manager]) -> None:
    found = of_tasks(managers, posts(), set_at(other(), "spec.table", "posts"))
    assert [(one.name, one.owner) for one in found] == [("owned_outputs", "database_users")]


def module(**fields: Any) -> dict[str, Any]:
    spec = {
        "kind": "module",
        "file": "app/db.py",
        "purpose": "opens the database",
        "exports": [{"name": "connect", "signature": "connect() -> Connection", "returns": "an open connection"}],
    }
    made = {**posts(), "id": "backend_db", "component": "backend", "spec": spec, "outputs": ["app/db.py"]}
    return {**made, **fields}


def test_two_writers_of_one_file_need_an_order_unless_they_share_a_group(managers: dict[str, Manager]) -> None:
    shared = ["migrations/0001_posts.sql", "migrations/0002_users.sql"]
    assert of_tasks(managers, posts(), other(outputs=shared)) == []
    clash = module(outputs=["app/db.py", "migrations/0001_posts.sql"])
    (found,) = of_tasks(managers, posts(), clash)
    assert (found.rule, found.owner, found.pointer) == ("ORC454", "backend_db", "/tasks/1/outputs/1")
    later = {**clash, "action": "change", "inputs": ["migrations/0001_posts.sql"]}
    assert of_tasks(managers, posts(), later) == []
    assert of_tasks(managers, later, posts()) == []


def test_a_cycle_and_a_contradiction(managers: dict[str, Manager]) -> None:
    circle = of_tasks(managers, {**posts(), "inputs": ["app/db.py"]}, module(inputs=["migrations/0001_posts.sql"]))
    assert [(one.rule, one.name) for one in circle] == [("ORC456", "task_cycle")]
    key = {"columns": ["id"], "table": "users", "references": ["id"], "on_delete": "cascade"}
    against = of_tasks(managers, set_at(posts(), "spec.foreign_keys", [key]), other(needs=["database_posts"]))
    assert [(one.rule, one.owner) for one in against] == [("ORC457", "database_users")]


def test_foreign_keys_in_a_circle_are_no_cycle(managers: dict[str, Manager]) -> None:
    key = {"columns": ["id"], "table": "users", "references": ["id"], "on_delete": "cascade"}
    one = set_at(posts(), "spec.foreign_keys", [key])
    two = set_at(other(), "spec.foreign_keys", [{**key, "table": "posts"}])
    assert of_tasks(managers, one, two) == []


def test_a_task_is_split_as_long_as_a_level_is_left(managers: dict[str, Manager]) -> None:
    split = {**posts(), "complexity": "split"}
    assert of_tasks(managers, split, depth=1) == []
    assert [one.rule for one in of_tasks(managers, split, depth=0)] == ["ORC462"]


def test_structural_rules_need_not_be_named_and_nothing_is_said_twice(managers: dict[str, Manager]) -> None:
    wrong = {"tasks": [set_at(posts(), "id", "posts")]}
    assert [one.name for one in judged(("covers_plan",), wrong, managers)] == ["task_id"]
    assert [one.name for one in judged(("covers_plan", "task_id", "task_id"), wrong, managers)] == ["task_id"]
    assert judged((), wrong, managers) == []


def test_an_unknown_rule_is_refused(managers: dict[str, Manager]) -> None:
    with pytest.raises(UnknownName, match="quote_request"):
        judged(("quote_request",), plan(), managers)


def test_every_rule_says_what_it_is() -> None:
    assert {*names_for("plan"), *names_for("tasks")} == set(RULES.names())
    for name in RULES.names():
        found = RULES.module(name)
        assert name == found.NAME
        assert (found.__doc__ or "").startswith(f"{found.ID} {name}: ")
        assert ("plan" if name in names_for("plan") else "tasks") == found.JUDGES
    assert set(ALWAYS) < set(names_for("tasks"))


def kinds() -> Iterator[tuple[str, Kind]]:
    for name in RESOURCES.names("managers"):
        file = RESOURCES.find("managers", name)
        assert file is not None
        loaded = load_manager(file, RESOURCES)
        assert loaded.problems == []
        yield from ((f"{name}/{kind.name}", kind) for kind in loaded.managers[name].specs.values())


KINDS = dict(kinds())


def example(kind: Kind, text: str) -> Task:
    """An example as a task: a spec in YAML, or only words, which say nothing but a title."""
    document, _ = load_yaml(text, "example")
    spec = document.data if document is not None and isinstance(document.data, dict) else {"kind": kind.name}
    title = "Make it" if len(spec) > 1 else text.strip()
    return Task(id="x_y", title=title, component="x", spec=spec)


@pytest.mark.parametrize("name", KINDS)
def test_good_examples_are_exact_and_bad_ones_are_not(name: str) -> None:
    kind = KINDS[name]
    assert list(judge_task(example(kind, kind.good), kind)) == []
    assert measure(example(kind, kind.good), kind).score >= 0.9
    bad = list(judge_task(example(kind, kind.bad), kind))
    assert [one.severity for one in bad if one.name == "exact_tasks"] == ["error"]


@pytest.mark.parametrize("name", KINDS)
def test_what_is_expected_counts(name: str) -> None:
    """Each facet of `expect` that a good example says lowers the score when it is taken out."""
    kind = KINDS[name]
    good = example(kind, kind.good)
    without = {facet: _without(to_json(good.spec), facet.split(".")) for facet in kind.expect}
    said = {facet: spec for facet, spec in without.items() if spec != good.spec}
    assert said
    for facet, spec in said.items():
        bare = Task(id="x_y", title="Make it", component="x", spec=spec)
        measured = measure(bare, kind)
        assert facet in measured.missing, facet
        assert measured.score < measure(good, kind).score


def _without(spec: Any, path: list[str]) -> Any:
    head, *rest = path
    if head == "*":
        return [_without(item, rest) for item in spec]
    if not rest:
        return {key: value for key, value in spec.items() if key != head}
    return {key: _without(value, rest) if key == head else value for key, value in spec.items()}


@pytest.mark.parametrize(
    ("text", "vague"),
    [
        ("Store posts securely and efficiently", ("securely", "efficiently")),
        ("Validate where possible, and so on", ("where possible", "and so on")),
        ("It should usually work", ("should", "usually")),
        ("Handle errors", ("handle errors",)),
        ('Show the text "fast and modern"', ()),
        ("Call `make clean` and GET /api/fast/posts", ()),
        ("SELECT good FROM better", ()),
        ("A breakfast menu with cleaners", ()),
        ("Refuse 281 characters with 422", ()),
    ],
)
def test_vague_words_are_found_outside_code_quotes_and_paths(text: str, vague: tuple[str, ...]) -> None:
    kind = KINDS["database/table"]
    assert measure(Task(id="x_y", title=text, component="x", spec={"kind": "table"}), kind).vague == vague


def test_a_weak_word_weighs_half_of_a_vague_one_and_saying_nothing_is_zero() -> None:
    kind = KINDS["database/table"]
    exact = from_json(Task, posts())
    scores = {}
    for word in ("red", "should", "robust"):
        task = from_json(Task, {**posts(), "title": " ".join(["twenty words"] * 9 + ["and", word])})
        scores[word] = measure(task, kind).score
    assert scores["red"] == measure(exact, kind).score == 1
    assert 1 - scores["should"] == pytest.approx((1 - scores["robust"]) / 2)
    assert measure(Task(id="x_y", title="Create posts", component="x", spec={"kind": "table"}), kind).score == 0


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Create TBD", True),
        ("TODO: columns", True),
        ("Create a TODO list", False),
        ("What ???", True),
        ("Put <your name> here", True),
        ("Render <button> and <form>", False),
    ],
)
def test_placeholders_block(text: str, held: bool) -> None:
    kind = KINDS["database/table"]
    measured = measure(Task(id="x_y", title=text, component="x", spec={"kind": "table"}), kind)
    assert bool(measured.placeholders) is held


def test_a_facet_without_anything_to_say_it_of_is_not_missing() -> None:
    kind = KINDS["database/table"]
    task = from_json(Task, set_at(posts(), "spec.foreign_keys", []))
    assert measure(task, kind).missing == ()


def test_a_removal_says_enough_with_what_its_schema_requires() -> None:
    kind = KINDS["database/table"]
    bare = {key: value for key, value in posts()["spec"].items() if key not in ("indexes", "file")}
    create = from_json(Task, {**posts(), "spec": bare})
    remove = from_json(Task, {**posts(), "spec": bare, "action": "remove"})
    assert measure(create, kind).missing == ("indexes",)
    assert measure(remove, kind).missing == ()
