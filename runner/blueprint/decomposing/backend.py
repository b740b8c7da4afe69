"""What every endpoint stands on: the application, its database, the health check, the OpenAPI document."""

# ruff: noqa: E501 - SQL is easier to compare on one line; its names come from checked identifiers.

from __future__ import annotations

from collections.abc import Sequence

from runner.blueprint.decomposing.calls import Call, endpoint_task
from runner.blueprint.decomposing.shape import Shape, ids
from runner.blueprint.decomposing.tasks import task
from runner.records import Json

ENVIRONMENT: list[dict[str, Json]] = [
    {"name": "HOST", "default": "127.0.0.1", "purpose": "address the server listens on"},
    {"name": "PORT", "default": "8000", "purpose": "port the server listens on"},
    {"name": "DATABASE_PATH", "default": "data/app.db", "purpose": "file of the SQLite database"},
]


def tasks(shape: Shape) -> list[dict[str, Json]]:
    """The application, the database module, the health endpoint."""
    asked = shape.asked("health")
    return [_application(shape), _database(shape), *([endpoint_task(shape, health(shape))] if asked else [])]


def _application(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "module",
        "file": "app/main.py",
        "purpose": "Builds the FastAPI application: reads settings, applies migrations, includes every router of app/routes, serves app/static.",
        "role": "application",
        "exports": [
            {
                "name": "create_app",
                "signature": "create_app() -> FastAPI",
                "returns": "the application, its migrations applied when it starts",
            },
            {"name": "app", "signature": "app: FastAPI"},
        ],
        "uses": ["app/database.py"],
        "settings": {
            "title": shape.title,
            "description": shape.summary or shape.title,
            "version": "1.0.0",
            "environment": ENVIRONMENT,
        },
    }
    outputs = ["app/main.py", "app/__init__.py", "app/__main__.py", "app/config.py", "app/routes/__init__.py"]
    served = ids(shape.page_ids, shape.asked("storage"), shape.asked("health"), shape.artefact("api", "python"))
    return task(
        "backend_application",
        "Application: settings, discovered routers, static page, error answers",
        "backend",
        spec,
        served,
        complexity="medium",
        needs=["backend_database"],
        outputs=outputs,
    )


def _database(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "module",
        "file": "app/database.py",
        "purpose": "Opens SQLite with foreign keys on, gives each request a connection, applies the migrations in the order of their names, each once.",
        "role": "database",
        "exports": [
            {
                "name": "connect",
                "signature": "connect(path: Path) -> sqlite3.Connection",
                "returns": "a connection with foreign keys enforced",
            },
            {
                "name": "migrate",
                "signature": "migrate(path: Path) -> list[str]",
                "returns": "the names of the migrations applied by this call",
            },
            {
                "name": "get_connection",
                "signature": "get_connection(request: Request) -> Iterator[sqlite3.Connection]",
                "returns": "the request's connection",
            },
            {
                "name": "transaction",
                "signature": "transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]",
                "returns": "commits on success, rolls back on an error",
            },
            {
                "name": "now",
                "signature": "now() -> str",
                "returns": "the current time, ISO 8601 in UTC with microseconds",
            },
            {"name": "new_id", "signature": "new_id() -> str", "returns": "a random UUID of 36 characters"},
        ],
        "settings": {"migrations": "migrations/sqlite", "busy_timeout_seconds": 10},
    }
    served = ids(shape.asked("storage"))
    return task(
        "backend_database",
        "Database: connections, transactions, migrations",
        "backend",
        spec,
        served,
        outputs=["app/database.py", "app/migrate.py"],
    )


def health(shape: Shape) -> Call:
    """The endpoint that the container's health check calls."""
    return Call(
        "health",
        "GET",
        "/api/health",
        "say that the server and its database answer",
        "health",
        "none",
        shape.asked("health"),
        [
            {"status": 200, "when": "the database answers", "fields": [{"name": "status", "type": "string"}]},
            {"status": 503, "when": "the database does not answer"},
        ],
        [{"name": "database", "sql": "SELECT 'ok' AS status", "rows": "one"}],
        "database",
        extra={"role": "health"},
        complexity="low",
        component="backend",
    )


def openapi(shape: Shape, calls: Sequence[Call]) -> dict[str, Json]:
    """The task that exports the OpenAPI document once every endpoint is there."""
    spec: dict[str, Json] = {
        "kind": "module",
        "file": "app/openapi.py",
        "purpose": "Writes the OpenAPI document of the application to openapi.json; a test keeps the two equal.",
        "role": "openapi",
        "exports": [
            {
                "name": "document",
                "signature": "document() -> str",
                "returns": "the OpenAPI document as JSON text, keys sorted",
            }
        ],
        "uses": ["app/main.py"],
        "settings": {"output": "openapi.json"},
    }
    inputs = ["app/main.py", *(call.file for call in calls)]
    served = ids(shape.asked("documents"), shape.artefact("openapi", "api"))
    return task(
        "api_openapi",
        "Export the OpenAPI document of the application",
        "api",
        spec,
        served,
        inputs=inputs,
        outputs=["app/openapi.py", "openapi.json"],
    )
