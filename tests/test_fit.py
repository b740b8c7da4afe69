"""The fit gate. Table: shapes refused with a quote | stacks refused | exclusions and side remarks do not refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.blueprint import agent, model
from runner.blueprint.fit import unfit
from runner.records import Request, Task, from_json

REQUESTS = Path(__file__).parent / "data" / "requests"
EXAMPLES = Path(__file__).parents[1] / "examples"
SERVED = [*sorted(REQUESTS.glob("served_*.md")), *sorted(EXAMPLES.glob("*/spec.md"))]


def judged(text: str) -> str:
    return unfit(text, model.plan({"request": text}))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("command_line", ["a command-line tool", "Build a command-line tool that counts words in files."]),
        ("game", ["a game", "A 2D platformer game"]),
        ("rust_library", ["a library", "Write a Rust library"]),
        ("model_training", ["a model training job", "Train a machine-learning model"]),
        ("phone_app", ["a phone app", "We need a phone app for gardeners."]),
        ("static_page", ["a static page", "with no backend"]),
        ("stack", ["Python, FastAPI and SQLite", "Rust, Actix"]),
        ("insists", ["Python, FastAPI and SQLite", "The backend must be written in Go."]),
        ("nothing", ["store things", "the meaning of life"]),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_in_words_that_quote_it(name: str, words: list[str]) -> None:
    text = (REQUESTS / f"refused_{name}.md").read_text()
    reason = judged(text)
    assert [word for word in words if word not in reason] == []


@pytest.mark.parametrize("path", SERVED, ids=lambda path: f"{path.parent.name}_{path.stem}")
def test_a_request_that_can_be_served_is_not_refused(path: Path) -> None:
    assert judged(path.read_text()) == ""


@pytest.mark.parametrize(
    "line",
    [
        "No command-line client.",
        "A command-line tool is out of scope.",
        "We do not want a phone app.",
        "A mobile app comes later.",
        "Members can add a game.",
        "Each library has a name of up to 50 characters.",
        "The shop opens in spring.",
        "Users go to the list.",
    ],
)
def test_a_mention_does_not_refuse(line: str) -> None:
    assert judged(f"# Notes\n\n- A user can write a note.\n- {line}\n") == ""


@pytest.mark.parametrize(
    "text",
    [
        "Train a model that classifies images.",
        "# Cats\n\nPlease fine-tune the language model on our notes.\n\n- A user can write a note.\n",
        "# Cats\n\n- We want to train a small neural network.\n- A user can write a note.\n",
    ],
)
def test_training_is_refused_by_its_words_alone(text: str) -> None:
    assert "not a model training job" in unfit(text)


@pytest.mark.parametrize(
    "line",
    ["A coach can train a member.", "Each member has a model of up to 20 characters.", "A user can add a train."],
)
def test_training_people_is_no_training_of_a_model(line: str) -> None:
    assert judged(f"# Club\n\n- A user can write a note.\n- {line}\n") == ""


@pytest.mark.parametrize("name", ["command_line", "game", "model_training", "nothing", "static_page"])
def test_a_plan_of_nothing_assumes_nothing(name: str) -> None:
    plan = model.plan({"request": (REQUESTS / f"refused_{name}.md").read_text()})
    assert (plan["entities"], plan["assumptions"]) == ([], [])


@pytest.mark.parametrize("path", sorted(REQUESTS.glob("*.md")), ids=lambda path: path.stem)
def test_every_assumption_is_behind_a_task(path: Path) -> None:
    plan = model.plan({"request": path.read_text()})
    tasks = [task for part in plan["components"] for task in model.tasks({"plan": plan, "component": part})]
    named = {id_ for task in tasks for id_ in task["requirements"]}
    assert {entry["id"] for entry in plan["assumptions"]} <= named


@pytest.mark.parametrize(
    "stack", ["Python", "Python 3.11, FastAPI and SQLite", "python, docker", "JavaScript, HTML and CSS"]
)
def test_the_blueprints_own_stack_is_served(stack: str) -> None:
    assert judged(f"---\nstack: {stack}\n---\n# Notes\n\n- A user can write a note.\n") == ""


@pytest.mark.parametrize("stack", ["Rust", "Python, Django", "Ruby on Rails", "PostgreSQL and Python", "Node.js"])
def test_another_stack_is_refused(stack: str) -> None:
    assert stack in judged(f"---\nstack: {stack}\n---\n# Notes\n\n- A user can write a note.\n")


@pytest.mark.parametrize(
    "line",
    [
        "The backend is written in Django.",
        "It must use MongoDB.",
        "Use React for the front end.",
        "Data are stored in PostgreSQL.",
        "All data is kept in a Postgres database.",
        "The server is written in Go with Postgres.",
        "Please write it with Django and MongoDB.",
        "Frontend: React",
        "We prefer Vue.js on the front end.",
        "It is deployed on AWS.",
        "The database is PostgreSQL, not MySQL.",
        "Do not use MongoDB, use PostgreSQL.",
        "The API uses GraphQL.",
        "The app runs on Kubernetes.",
        "Tech: Node.js, Express and MongoDB",
        "Store the notes in MongoDB.",
        "The backend is not written in Python but in Go.",
    ],
)
def test_a_stack_that_the_request_states_is_refused_in_its_words(line: str) -> None:
    assert line in judged(f"# Notes\n\n- A user can write a note.\n- {line}\n")


@pytest.mark.parametrize(
    "text",
    [
        "# Notes\n\n## Tech stack\n\n- React\n",
        "# Notes in Django\n",
        "# N\n\n| Part | What |\n|--|--|\n| Database | MySQL |\n",
    ],
)
def test_a_stack_in_a_heading_a_list_or_a_table_is_refused(text: str) -> None:
    assert "Python, FastAPI and SQLite" in judged(
        f"{text}\n## Notes\n\n- A user can write a note.\n- Anyone can read notes.\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "No MongoDB.",
        "We do not use MongoDB, MySQL or Redis.",
        "SQLite is used instead of PostgreSQL.",
        "The data is stored in SQLite, not in PostgreSQL.",
        "MongoDB is not needed.",
        "The data is kept in SQLite or PostgreSQL.",
        "It must be written in Python with FastAPI.",
        "Data are stored in SQLite.",
        "A user can write a note about PostgreSQL.",
        "Users react to notes and go to the server room.",
        "Kubernetes comes later.",
        "It replaces our old PHP server.",
        "The old system was written in Java.",
        "Express delivery is used for parcels.",
        "A note has a language, which is java, python or go.",
        "We used to run on MySQL.",
    ],
)
def test_a_stack_that_is_excluded_served_or_only_spoken_of_does_not_refuse(line: str) -> None:
    assert judged(f"# Notes\n\n- A user can write a note.\n- {line}\n") == ""


_MISSED = ("Notes glow in the dark.", "The moon is full.", "Doors open sideways.")


def test_fewer_than_half_of_the_sentences_is_too_little() -> None:
    half = "# Notes\n\n- A user can write a note.\n- Anyone can read notes.\n"
    enough, less = ("".join(f"- {line}\n" for line in _MISSED[:count]) for count in (2, 3))
    assert judged(half + enough) == ""
    assert judged(half + less) == "only 2 of 5 sentences were understood; the rest is listed under not understood"


@pytest.mark.parametrize("line", ["It must use MongoDB.", "- ".join(f"{line}\n" for line in _MISSED)])
def test_the_plan_of_a_refused_request_begins_with_the_reason_and_builds_nothing(line: str) -> None:
    text = f"# Notes\n\n- A user can write a note.\n- {line}\n"
    plan = model.plan({"request": text})
    assert plan["summary"].removeprefix("Not built: ").startswith(judged(text))
    assert [plan[key] for key in ("entities", "assumptions", "criteria", "questions")] == [[], [], [], []]
    assert plan["not_understood"]


def test_the_agent_refuses_before_a_workspace_is_made() -> None:
    text = (REQUESTS / "refused_rust_library.md").read_text()
    plan = model.plan({"request": text})
    tasks = [task for part in plan["components"] for task in model.tasks({"plan": plan, "component": part})]
    records = tuple(from_json(Task, task) for task in tasks)
    assert "not a library" in agent.fits(records, Request(text=text), plan)


def test_the_agent_takes_what_the_model_planned() -> None:
    text = (EXAMPLES / "lending" / "spec.md").read_text()
    plan = model.plan({"request": text})
    tasks = [task for part in plan["components"] for task in model.tasks({"plan": plan, "component": part})]
    assert agent.fits(tuple(from_json(Task, task) for task in tasks), Request(text=text), plan) == ""
