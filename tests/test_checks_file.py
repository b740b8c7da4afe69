"""The file check: documents and artefacts against their specs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checking import context, task
from runner.checks import file
from runner.checks.base import CheckOutcome

README = """# Chirp

## Start

Run `python -m app`, see [the API](docs/api.md#posts), [us](https://example.com) or [below](#start).

```sh run
test -f README.md
```

```sh
exit 1
```

## Endpoints

| `POST` | `/api/posts` | stores a post |
"""
DOCUMENT: dict[str, Any] = {
    "file": "README.md",
    "audience": "developers",
    "title": "Chirp",
    "sections": [
        {"heading": "Start", "says": "how", "examples": ["python -m app"]},
        {"heading": "Endpoints", "says": "which"},
    ],
    "covers": ["POST /api/posts"],
}


async def judged(folder: Path, kind: str, files: dict[str, str], spec: dict[str, Any], **options: Any) -> CheckOutcome:
    worktree = folder / "worktree"
    for name, text in files.items():
        (worktree / name).parent.mkdir(parents=True, exist_ok=True)
        (worktree / name).write_text(text)
    return await file.run(context(worktree, task(kind, **spec), uses="file", options=options))


async def test_a_document_as_specified_passes(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, "document", {"README.md": README, "docs/api.md": "# API"}, DOCUMENT)
    assert outcome.passed, outcome.output
    assert "the example at line 7 ran" in outcome.output


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("## Start", "## Begin", 'has no heading "Start"'),
        ("## Start", "```\n## Start\n```", 'has no heading "Start"'),
        ("# Chirp\n", "# Chirp\n\n## Endpoints\n", "in another order"),
        ("python -m app", "python app.py", "does not hold the example `python -m app`"),
        ("/api/posts", "/api/likes", "does not mention POST /api/posts"),
        ("docs/api.md", "docs/gone.md", "links to docs/gone.md#posts, which is not there"),
        ("docs/api.md", "../../etc/passwd", "which is not there"),
        ("test -f README.md", "test -f GONE.md", "the example at line 7 ended with 1"),
    ],
)
async def test_a_document_that_differs_is_red(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in README
    outcome = await judged(tmp_path, "document", {"README.md": README.replace(old, new), "docs/api.md": "x"}, DOCUMENT)
    assert outcome.passed is False
    assert words in outcome.output


DOCKERFILE = """FROM python:3.11.9-slim AS base
ENV PORT=8000 DATABASE_PATH=/data/app.db
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s CMD python -c "open('/api/health')"
CMD ["python", "-m", "app"]
"""
IMAGE: dict[str, Any] = {
    "artefact": "image",
    "tool": "docker",
    "file": "Dockerfile",
    "image": "python:3.11.9-slim",
    "ports": [8000],
    "environment": [{"name": "PORT"}, {"name": "DATABASE_PATH"}],
    "volumes": ["/data"],
    "health_check": {"path": "/api/health", "interval_seconds": 30},
    "commands": ["python -m app"],
    "service": True,
}
CODE = "import os\nport = os.environ['PORT']\nhome = os.environ.get('HOME')\n"


async def test_an_artefact_as_specified_passes(tmp_path: Path) -> None:
    outcome = await judged(tmp_path, "infra", {"Dockerfile": DOCKERFILE, "app/main.py": CODE}, IMAGE)
    assert outcome.passed, outcome.output


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("python:3.11.9-slim", "python:latest", "python:latest is not pinned"),
        ("python:3.11.9-slim", "python", "the image python is not pinned"),
        ("python:3.11.9-slim", "python:3.12.1-slim", "does not use the image python:3.11.9-slim"),
        ("8000", "80001", "does not name the port 8000"),
        ("DATABASE_PATH", "DB", "does not set DATABASE_PATH"),
        ("/api/health", "/health", "has no health check"),
        ("30s", "45s", "every 30 seconds"),
        ('"-m", "app"', '"app.py"', "does not run `python -m app`"),
        ("VOLUME /data", "VOLUMES /x", "no instruction"),
        ("FROM python", "# FROM python", "does not start with FROM"),
    ],
)
async def test_an_artefact_that_differs_is_red(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in DOCKERFILE
    outcome = await judged(tmp_path, "infra", {"Dockerfile": DOCKERFILE.replace(old, new)}, IMAGE)
    assert outcome.passed is False
    assert words in outcome.output


async def test_a_setting_that_the_code_reads_and_nobody_sets_is_red(tmp_path: Path) -> None:
    code = CODE + "key = os.getenv('MAIL_KEY')\n"
    outcome = await judged(tmp_path, "infra", {"Dockerfile": DOCKERFILE, "app/main.py": code}, IMAGE)
    assert "does not set MAIL_KEY, which the code reads" in outcome.output


WORKFLOW: dict[str, Any] = {
    "artefact": "workflow",
    "tool": "ci",
    "file": "ci.yml",
    "triggers": ["push", "pull_request"],
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("on: [push, pull_request]\n", ""),
        ("on:\n  push:\n  pull_request: {branches: [main]}\n", ""),
        ("on: push\n", "is not triggered by pull_request"),
        ("on: [push\n", "ci.yml"),
        ("on: [push, pull_request]\nservices: {db: {image: 'postgres:latest'}}\n", "is not pinned"),
        ("on: [push, pull_request]\nservices:\n  db:\n    image: postgres:latest\n", "postgres:latest is not pinned"),
    ],
)
async def test_a_workflow_is_read_as_yaml(tmp_path: Path, text: str, words: str) -> None:
    outcome = await judged(tmp_path, "infra", {"ci.yml": text}, WORKFLOW)
    assert outcome.passed is (words == "")
    assert words in outcome.output


@pytest.mark.parametrize(
    ("name", "text", "passed"),
    [
        ("a.json", '{"a": 1}', True),
        ("a.json", "{a: 1}", False),
        ("a.json", "[" * 100_000, False),
        ("a.toml", "a = 1", True),
        ("a.toml", "a = ", False),
        ("a.py", "a = 1", True),
        ("a.py", "a = = 1", False),
        ("a.yaml", "a: 1\na: 2\n", False),
        ("a.txt", "", True),
    ],
)
async def test_known_files_have_to_parse(tmp_path: Path, name: str, text: str, passed: bool) -> None:
    outcome = await judged(tmp_path, "note", {name: text}, {"file": name})
    assert outcome.passed is passed


async def test_options_say_what_a_file_holds_and_lacks(tmp_path: Path) -> None:
    files = {"a.md": "# One\n\ntext of 3 words\n"}
    good = await judged(tmp_path, "note", files, {"file": "a.md"}, holds=[r"\d words"], headings=["One"])
    assert good.passed, good.output
    bad = await judged(tmp_path, "note", files, {"file": "a.md"}, holds=["^none"], lacks=["3 w"], headings=["Two"])
    assert bad.output.count("\n") == 2


@pytest.mark.parametrize(("name", "words"), [("gone.md", "is missing"), ("../out.md", "leads out of the worktree")])
async def test_a_file_has_to_be_there(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "out.md").write_text("x")
    outcome = await judged(tmp_path, "note", {"a.md": "x"}, {"file": name})
    assert outcome.passed is False
    assert words in outcome.output
