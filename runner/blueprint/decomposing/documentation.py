"""README, API reference, description of the data."""

# ruff: noqa: E501 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing.calls import Call
from runner.blueprint.decomposing.shape import Shape, ids
from runner.blueprint.decomposing.tasks import task
from runner.records import Json

_COMMANDS = [
    "python3 -m venv .venv",
    ".venv/bin/pip install -r requirements-dev.txt",
    ".venv/bin/python -m app.migrate",
    ".venv/bin/python -m app",
    ".venv/bin/python -m pytest",
]


def tasks(shape: Shape, calls: Sequence[Call], tables: Sequence[str]) -> list[dict[str, Json]]:
    """Three documents, each where it is asked for or assumed; what they cover must exist first."""
    made = [_readme(shape), _api(shape, calls), _data(shape, tables)]
    return [task for task in made if task["requirements"]]


def _readme(shape: Shape) -> dict[str, Json]:
    sections: list[dict[str, Json]] = [
        {"heading": "What it does", "says": does(shape)},
        {
            "heading": "Install",
            "says": "Create a virtual environment and install the pinned dependencies.",
            "examples": _COMMANDS[:2],
        },
        {
            "heading": "Migrate",
            "says": "Apply the migrations; a second call changes nothing. The server does the same when it starts.",
            "examples": [_COMMANDS[2]],
        },
        {"heading": "Start", "says": "Start the server, then open http://127.0.0.1:8000.", "examples": [_COMMANDS[3]]},
        {"heading": "Settings", "says": "Environment variables of the server."},
        {
            "heading": "Test",
            "says": "Run the tests; they start servers of their own on free ports.",
            "examples": [_COMMANDS[4]],
        },
    ]
    composed = bool(shape.asked("operations") or shape.artefact("compose"))
    if composed:
        sections.append(
            {
                "heading": "Containers",
                "says": "Build and start the container; the data stay in the volume app-data.",
                "examples": ["docker compose up --build"],
            }
        )
    if shape.asked("documents"):
        sections.append(
            {
                "heading": "Documents",
                "says": "The API is described in docs/api.md and openapi.json, the tables in docs/data.md.",
            }
        )
    spec: dict[str, Json] = {
        "kind": "document",
        "file": "README.md",
        "title": shape.title,
        "audience": "a developer who runs it for the first time",
        "sections": sections,
        "covers": [],
        "examples": _COMMANDS,
        "settings": {"role": "readme"},
    }
    served = ids(shape.asked("documents"), shape.artefact("readme"))
    return task(
        "documentation_readme",
        f"Write README.md: {shape.title}",
        "documentation",
        spec,
        served,
        inputs=["app/main.py", "requirements.txt", *(["compose.yaml"] if composed else [])],
    )


def does(shape: Shape) -> str:
    """One sentence on what the software is about."""
    tables = ", ".join(thing.table.replace("_", " ") for thing in shape.things)
    people = "People sign up and log in; they work" if shape.accounts else "People work"
    verbs = ", ".join(sorted({link.verb.replace("_", " ") for link in shape.links}))
    told = " Notifications arrive as they happen." if shape.notify else ""
    return f"{shape.title}: {people[0].lower()}{people[1:]} with {tables}" + (f" ({verbs})." if verbs else ".") + told


def _api(shape: Shape, calls: Sequence[Call]) -> dict[str, Json]:
    login: list[dict[str, Json]] = (
        [
            {
                "heading": "Authentication",
                "says": "Sign up or log in, then send the token as `Authorization: Bearer TOKEN`.",
            }
        ]
        if shape.accounts
        else []
    )
    spec: dict[str, Json] = {
        "kind": "document",
        "file": "docs/api.md",
        "title": f"The API of {shape.title}",
        "audience": "a developer who writes a client",
        "sections": [*login, {"heading": "Endpoints", "says": "Each endpoint with its input bounds and its answers."}],
        "covers": [call.identity for call in calls],
        "settings": {"role": "api"},
    }
    served = ids(shape.asked("documents"), shape.artefact("api"))
    return task(
        "documentation_api",
        f"Write docs/api.md: The API of {shape.title}",
        "documentation",
        spec,
        served,
        inputs=["openapi.json"],
    )


def _data(shape: Shape, tables: Sequence[str]) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "document",
        "file": "docs/data.md",
        "title": f"The data of {shape.title}",
        "audience": "a developer who reads or changes the database",
        "sections": [
            {
                "heading": "Migrations",
                "says": "Files in migrations/sqlite are applied in the order of their names, each once; migrations/postgresql holds the same for PostgreSQL.",
            },
            {"heading": "Tables", "says": "Each table with its columns, keys, checks and indexes."},
        ],
        "covers": list(tables),
        "settings": {"role": "data"},
    }
    return task(
        "documentation_data",
        f"Write docs/data.md: The data of {shape.title}",
        "documentation",
        spec,
        shape.asked("documents"),
    )
