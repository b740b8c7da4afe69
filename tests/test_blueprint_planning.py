# ruff: noqa: E501 - sentences stand on one line.
"""The blueprint's plans. Table: every line accounted for | quotes | nothing claimed that is not served | exclusions |
components | determinism | arbitrary text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.blueprint import model
from runner.blueprint.decomposing import decompose_all
from runner.blueprint.english import base_verb, plural, singular
from runner.blueprint.reading import fold, read
from runner.errors import StepFailed
from runner.models.base import Ask
from runner.records import Json, Plan, Request, from_json
from runner.rules.answers import judge_answer
from runner.rules.base import Judgement

ROOT = Path(__file__).parents[1]
PLAN_SCHEMA = json.loads((ROOT / "schemas" / "plan.schema.json").read_text())
TASKS_SCHEMA = json.loads((ROOT / "schemas" / "tasks.schema.json").read_text())
PATHS = [
    *sorted((ROOT / "examples").glob("*/spec.md")),
    *sorted((ROOT / "tests" / "data" / "requests").glob("*.md")),
    ROOT / "tests" / "data" / "chirp" / "request.md",
]
NAMES = [f"{path.parent.name}_{path.stem}" for path in PATHS]


def planned(text: str, **inputs: Json) -> dict[str, Json]:
    return model.plan({"request": text, **inputs})


def quotes(plan: dict[str, Json]) -> list[str]:
    entries = [*plan["requirements"], *plan["constraints"], *plan["exclusions"]]
    return [entry["quote"] for entry in entries]


def unaccounted(text: str, plan: dict[str, Json]) -> list[str]:
    """Lines with a statement that no quote, exclusion or not_understood entry holds."""
    known = [*quotes(plan), *(line["text"] for line in plan["not_understood"])]
    return [statement.quote for statement in read(text).statements if not any(statement.quote in one for one in known)]


def understood(line: str, head: str = "# Notes\n\n- A user can write a note of up to 500 characters.\n") -> bool:
    return line in quotes(planned(f"{head}- {line}\n"))


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_every_line_is_accounted_for(path: Path) -> None:
    text = path.read_text()
    plan = planned(text)
    known = [*quotes(plan), *(line["text"] for line in plan["not_understood"])]
    body = text.split("---\n", 2)[2] if text.startswith("---\n") else text
    for line in body.split("\n"):
        bare = fold(re.sub(r"^\s*(?:[-*]|#+ .*|```.*)\s*", "", line))
        pieces = sorted((one for one in known if one in bare), key=len, reverse=True)
        left = bare if not any(bare in one for one in known) else ""
        for piece in pieces:
            left = left.replace(piece, "")
        assert left.strip() == "", line
    assert unaccounted(text, plan) == []


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_plans_are_valid_and_the_rules_of_plans_have_nothing_to_say(path: Path) -> None:
    text = path.read_text()
    plan = planned(text)
    jsonschema.validate(plan, PLAN_SCHEMA)
    request = Request(text=text)
    assert judge_answer(["quotes_request", "traces_requirements"], Judgement(data=plan, request=request)) == []
    assert from_json(Plan, plan).title


def test_nothing_of_chirp_is_left_over() -> None:
    plan = planned((ROOT / "examples" / "chirp" / "spec.md").read_text())
    assert plan["not_understood"] == []
    assert len(plan["requirements"]) >= 20
    assert [component["name"] for component in plan["components"]] == [
        "database", "backend", "authentication", "api", "realtime", "frontend", "infrastructure", "testing", "documentation",
    ]  # fmt: skip


def test_the_seeds_sentence_is_a_plan_of_its_own() -> None:
    text = (
        "Build a Twitter-like social media platform where users can post short messages, follow other users, like and "
        "comment on posts, and receive real-time notifications."
    )
    plan = planned(text)
    assert plan["not_understood"] == []
    assert [entity["table"] for entity in plan["entities"]] == ["users", "posts", "comments"]
    assert "twitter-like" in " ".join(entry["text"] for entry in plan["assumptions"])


@pytest.mark.parametrize(
    "line",
    [
        "A user can write a note in Klingon.",
        "Notes are end-to-end encrypted.",
        "The 95th percentile of all answers is under 200 ms.",
        "A user can like a note with one click.",
        "A user can write a note of up to 500 characters, and translate it.",
        "A user can follow another user in secret.",
        "A user can add an image.",
        "Each note has a video.",
        "A user can read minds.",
        "Notes are listed newest first on Mondays.",
        "Only administrators can delete a note.",
        "A user can write a note of up to 400 characters.",
        "A user is notified by email when someone likes their note.",
        "A user can delete their own notes within 5 minutes.",
        "The page is beautiful.",
    ],
)
def test_a_sentence_that_is_not_wholly_served_is_not_claimed(line: str) -> None:
    plan = planned(
        f"# Notes\n\n- A user can write a note of up to 500 characters.\n- A user can like a note.\n- {line}\n"
    )
    assert line not in quotes(plan)
    assert line in [entry["text"] for entry in plan["not_understood"]]


@pytest.mark.parametrize(
    "line",
    [
        "Users can like a note only once, and take the like back.",
        "Only the author can delete a note.",
        "The author of a note can edit and delete it.",
        "A user can edit and delete their own notes.",
        "Notes are listed newest first, 15 at a time.",
        "Every list shows 10 entries at a time and at most 50.",
        "Notes can be filtered by author.",
        "A user can comment on a note with up to 200 characters.",
        "People sign up with a username and a password of at least 12 characters.",
        "Anyone can read notes.",
        "Passwords are stored as hashes.",
        "An empty note is refused.",
        "A user can follow each other.",
        "It comes with a README, a Dockerfile and a CI workflow.",
    ],
)
def test_sentences_of_the_field_are_understood(line: str) -> None:
    assert understood(line)


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_numbers_of_a_quote_stand_in_the_specs_that_serve_it(path: Path) -> None:
    plan = planned(path.read_text())
    if not plan["entities"]:
        return
    said: dict[str, str] = {}
    for task in decompose_all(plan):
        for id_ in task["requirements"]:
            said[id_] = said.get(id_, "") + json.dumps(task["spec"])
    for entry in plan["requirements"]:
        missing = set(re.findall(r"\d+", entry["quote"])) - set(re.findall(r"\d+", said[entry["id"]]))
        assert missing == set(), entry


@pytest.mark.parametrize(
    "lines",
    [
        "## Out of scope\n\n- A user can like a note.",
        "## Not wanted\n\nA user can like a note.",
        "Not wanted:\n\n- A user can like a note.",
        "- A user can like a note in version 2.",
        "- There is no liking: a user can like a note in v2.",
    ],
)
def test_exclusions_outrank_signals(lines: str) -> None:
    plan = planned(f"# Notes\n\n- A user can write a note.\n\n{lines}\n")
    assert [
        relation for entity in plan["entities"] for relation in entity["relations"] if relation["kind"] == "link"
    ] == []
    assert len(plan["exclusions"]) >= 1


def test_no_login_means_no_accounts() -> None:
    plan = planned((ROOT / "tests" / "data" / "requests" / "served_no_login.md").read_text())
    assert [entity["table"] for entity in plan["entities"]] == ["entries"]
    assert "authentication" not in [component["name"] for component in plan["components"]]


def test_only_components_that_a_manager_declares_are_planned() -> None:
    managers = [
        {"name": "x", "components": [{"name": name} for name in ("database", "backend", "api", "authentication")]}
    ]
    plan = planned("# Notes\n\n- A user can write a note.\n", managers=managers)
    assert [component["name"] for component in plan["components"]] == ["database", "backend", "authentication", "api"]


def test_a_component_that_only_another_model_can_plan_is_asked_for_and_exclusions_outrank() -> None:
    known = [{"name": name} for name in ("database", "backend", "api", "authentication")]
    managers = {"p": {"components": [{"name": "payments", "signals": ["invoice"]}, *known]}}
    text = "# Notes\n\n- A user can write a note.\n- {} come every month.\n"
    asked = planned(text.format("Invoices"), managers=managers)["questions"]
    assert any('Line 4 says "invoice": should the component payments be built?' in question for question in asked)
    excluded = planned("# Notes\n\n- A user can write a note.\n- No invoices.\n", managers=managers)["questions"]
    assert not any("payments" in question for question in excluded)


def test_sql_of_the_request_is_taken_as_it_stands() -> None:
    plan = planned((ROOT / "examples" / "recipes" / "spec.md").read_text())
    table = next(task["spec"] for task in decompose_all(plan) if task["spec"].get("table") == "tips")
    assert [column["name"] for column in table["columns"]] == ["id", "user_id", "topic", "content", "created_at"]
    assert [column["type"] for column in table["columns"]] == [
        "UUID",
        "UUID",
        "VARCHAR(40)",
        "VARCHAR(200)",
        "TIMESTAMP",
    ]
    assert table["foreign_keys"] == [
        {"columns": ["user_id"], "table": "users", "references": ["id"], "on_delete": "cascade"}
    ]
    assert "length(topic) > 2" in table["columns"][2]["check"]


def test_the_same_request_gives_the_same_bytes() -> None:
    text = PATHS[0].read_text()
    assert json.dumps(planned(text)) == json.dumps(planned(text))


async def test_the_model_answers_plans_and_tasks_and_nothing_else() -> None:
    opened = model.open_model("", {}, ROOT)
    text = PATHS[0].read_text()
    answer = await opened.send(Ask(address="plan", messages=(), inputs={"request": text}, schema=PLAN_SCHEMA))
    assert answer.data == planned(text)
    inputs = {"plan": answer.data, "component": answer.data["components"][0]}
    tasks = await opened.send(Ask(address="decompose/database", messages=(), inputs=inputs, schema=TASKS_SCHEMA))
    assert tasks.data["tasks"][0]["id"] == "database_users"
    with pytest.raises(StepFailed, match="cannot answer this schema"):
        await opened.send(Ask(address="x", messages=(), schema={"$id": "urn:orch:other"}))
    assert opened.deterministic
    assert model.SPENDS is False
    assert model.ready("", {}, ROOT, True) == ""


def test_a_component_that_it_does_not_know_is_said() -> None:
    plan = planned("# Notes\n\n- A user can write a note.\n")
    with pytest.raises(StepFailed, match='no tasks for the component "mobile"'):
        model.tasks({"plan": plan, "component": "mobile"})


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("post", "posts"),
        ("reply", "replies"),
        ("box", "boxes"),
        ("person", "people"),
        ("house", "houses"),
        ("class", "classes"),
        ("day", "days"),
        ("loan_request", "loan_requests"),
        ("status", "statuses"),
        ("movie", "movies"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many
    assert singular(many) == one
    assert singular(one) == one


def test_verbs() -> None:
    assert [base_verb(verb) for verb in ("follows", "replies", "watches", "likes")] == [
        "follow",
        "reply",
        "watch",
        "like",
    ]


WORDS = st.sampled_from(
    [
        "a",
        "the",
        "user",
        "users",
        "can",
        "cannot",
        "post",
        "posts",
        "like",
        "comment",
        "on",
        "only",
        "once",
        "up",
        "to",
        "280",
        "characters",
        "and",
        ",",
        ".",
        ":",
        "-",
        "*",
        "#",
        "|",
        "```",
        ">",
        ";",
        "(",
        ")",
        "each",
        "has",
        "title",
        "between",
        "3",
        "30",
        "not",
        "newest",
        "first",
        "is",
        "notified",
        "when",
        "someone",
        "CREATE",
        "TABLE",
        "(",
        "id",
        "unique",
        "optional",
        "no",
        "login",
        "\n",
        "\n\n",
        "-",
        "##",
        "",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join)))
def test_any_text_gives_a_valid_plan_in_which_every_statement_is_accounted_for(text: str) -> None:
    plan = planned(text)
    whole = fold(text.replace("\r", "\n"))
    for quote in quotes(plan) if whole and read(text).statements else []:
        assert fold(quote) in whole
    if read(text).statements:
        jsonschema.validate(plan, PLAN_SCHEMA)
        assert unaccounted(text, plan) == []
