"""Dependencies, container, compose file and workflow."""

from __future__ import annotations

from runner.blueprint.decomposing.shape import Shape, ids
from runner.blueprint.decomposing.tasks import task
from runner.records import Json

_ENVIRONMENT: list[dict[str, Json]] = [
    {"name": "HOST", "default": "0.0.0.0", "purpose": "address the server listens on"},  # noqa: S104 - inside a container
    {"name": "PORT", "default": "8000", "purpose": "port the server listens on"},
    {"name": "DATABASE_PATH", "default": "/data/app.db", "purpose": "file of the SQLite database"},
]


def tasks(shape: Shape) -> list[dict[str, Json]]:
    """Four artefacts, each for its own reason; none that nobody asked for or assumes."""
    return [made for make in (_dependencies, _dockerfile, _compose, _ci) if (made := make(shape))["requirements"]]


def _probed(shape: Shape) -> dict[str, Json]:
    """The health check of a container, where the application has one."""
    return {"health_check": {"path": "/api/health", "interval_seconds": 30}} if shape.asked("health") else {}


def _dependencies(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "infra",
        "artefact": "dependencies",
        "tool": "pip",
        "file": "requirements.txt",
        "settings": {
            "role": "dependencies",
            "python": "3.11",
            "runtime": ["fastapi", "uvicorn"],
            "development": ["httpx", "pytest", "ruff"],
            "development_file": "requirements-dev.txt",
            "project_file": "pyproject.toml",
            "ignore_file": ".gitignore",
            "ignored": ["__pycache__/", "*.pyc", ".venv/", ".pytest_cache/", ".ruff_cache/", "data/"],
        },
    }
    served = ids(shape.asked("operations"), shape.asked("tests"), shape.artefact("python"))
    outputs = ["requirements.txt", "requirements-dev.txt", "pyproject.toml", ".gitignore"]
    return task(
        "infrastructure_dependencies",
        "Pin the dependencies and configure the tools",
        "infrastructure",
        spec,
        served,
        outputs=outputs,
    )


def _dockerfile(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "infra",
        "artefact": "dockerfile",
        "tool": "docker",
        "file": "Dockerfile",
        "image": "python:3.11.11-slim-bookworm",
        "ports": [8000],
        "environment": _ENVIRONMENT,
        **_probed(shape),
        "commands": ["python -m app"],
        "service": True,
        "volumes": ["/data"],
        "settings": {"role": "dockerfile", "ignore_file": ".dockerignore", "user": "app"},
    }
    served = ids(shape.asked("operations"), shape.artefact("dockerfile", "compose"))
    probe = shape.asked("health")
    return task(
        "infrastructure_dockerfile",
        f"Container image{' with a health check' if probe else ''}",
        "infrastructure",
        spec,
        ids(served, probe) if served else [],
        needs=["infrastructure_dependencies"],
        inputs=["app/main.py", *(["app/routes/health.py"] if probe else [])],
        outputs=["Dockerfile", ".dockerignore"],
    )


def _compose(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "infra",
        "artefact": "compose",
        "tool": "docker compose",
        "file": "compose.yaml",
        "ports": [8000],
        "environment": _ENVIRONMENT,
        "service": True,
        "volumes": ["app-data:/data"],
        "resources": {"memory": "256m", "cpus": "0.5"},
        **_probed(shape),
        "settings": {"role": "compose", "service": "app"},
    }
    served = ids(shape.asked("operations"), shape.artefact("compose"))
    return task(
        "infrastructure_compose",
        "Compose file that starts the container",
        "infrastructure",
        spec,
        served,
        needs=["infrastructure_dockerfile"],
    )


def _ci(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "kind": "infra",
        "artefact": "workflow",
        "tool": "github actions",
        "file": ".github/workflows/ci.yml",
        "triggers": ["push", "pull_request"],
        "image": "ubuntu-24.04",
        "commands": [
            "pip install -r requirements-dev.txt",
            "ruff check .",
            "python -m app.migrate",
            "python -m app.migrate",
            "python -m pytest",
        ],
        "settings": {"role": "workflow", "python": "3.11", "timeout_minutes": 10},
    }
    served = ids(shape.asked("operations"), shape.asked("tests"), shape.artefact("ci"))
    return task(
        "infrastructure_ci",
        "Workflow that lints and tests every push",
        "infrastructure",
        spec,
        served,
        needs=["infrastructure_dependencies"],
    )
