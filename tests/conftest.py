"""What every test gets: an environment without any provider, and a network that ends at this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import runner
from runner.journal import Journal

ROOT = Path(__file__).resolve().parent.parent
PROVIDERS = ("OPENAI", "ANTHROPIC", "CLAUDE", "CODEX", "GEMINI", "GOOGLE_API", "AZURE_OPENAI", "AWS_", "MISTRAL")
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "PYTHONDONTWRITEBYTECODE")
LOOPBACK = ("127.", "::1", "localhost")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks at the built chirp stays on one worker, so that it is built once."""
    for item in items:
        if "built" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("built"))


class OutsideConnection(AssertionError):
    """A test tried to reach something that is not this machine."""


def _is_outside(sock: socket.socket, address: object) -> bool:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return False
    return not str(address[0]).startswith(LOOPBACK)


@pytest.fixture(autouse=True)
def _closed_world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No variable of a model provider, a home of its own, and no connection beyond the loopback."""
    for name in list(os.environ):
        if name.startswith(PROVIDERS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(sock: socket.socket, address: object) -> None:
        if _is_outside(sock, address):
            raise OutsideConnection(f"a test tried to connect to {address}")
        connect(sock, address)

    def guarded_ex(sock: socket.socket, address: object) -> int:
        if _is_outside(sock, address):
            raise OutsideConnection(f"a test tried to connect to {address}")
        return connect_ex(sock, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "TERM": "dumb", "PYTHONUNBUFFERED": "1"}


def run_orch(
    words: Sequence[str], cwd: Path, home: Path, timeout: float, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The real command line in a process of its own, with the same `runner` that this process imports."""
    installed = str(Path(runner.__file__).resolve().parent.parent)
    return subprocess.run(
        [sys.executable, "-m", "runner", *words],
        cwd=cwd,
        env={**_environment(home), "PYTHONPATH": installed, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


Orch = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def orch(tmp_path: Path) -> Orch:
    """Run the real command line in a process of its own: `orch("lint", "x.yaml", cwd=...)`."""

    def call(*words: str, cwd: Path = tmp_path, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
        return run_orch(words, cwd, Path(os.environ["HOME"]), timeout, env)

    return call


@dataclass(frozen=True)
class Built:
    """The main job, done once for all tests that look at it: never change what is in `root`, copy it."""

    root: Path
    finished: subprocess.CompletedProcess[str]

    @property
    def workspace(self) -> Path:
        return self.root / "out" / "spec"

    @cached_property
    def report(self) -> dict[str, Any]:
        (path,) = (self.root / ".orch" / "runs").glob("*/report.json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def published(self, kind: str) -> Any:
        """What the run's journal holds as plan, tasks, assignment, results or verdicts."""
        with Journal.open(self.root / ".orch" / "journal.db") as journal:
            found = [data for key, data in journal.entries(self.report["run"], "published") if key.item == kind]
        return found[-1]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Chirp, built from its request by the README's first command, offline."""
    root = tmp_path_factory.mktemp("main_job")
    request = ROOT / "examples" / "chirp" / "spec.md"
    words = ("run", "fullstack", "--request", str(request), "--offline", "--progress", "plain")
    return Built(root, run_orch(words, root, tmp_path_factory.mktemp("home"), timeout=600))
