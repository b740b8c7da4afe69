"""What every test gets: an environment without any provider, and a network that ends at this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROVIDERS = ("OPENAI", "ANTHROPIC", "CLAUDE", "CODEX", "GEMINI", "GOOGLE_API", "AZURE_OPENAI", "AWS_", "MISTRAL")
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "PYTHONDONTWRITEBYTECODE")
LOOPBACK = ("127.", "::1", "localhost")


class OutsideConnection(AssertionError):
    """A test tried to reach something that is not this machine."""


def _is_outside(sock: socket.socket, address: object) -> bool:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return False
    return not str(address[0]).startswith(LOOPBACK)


@pytest.fixture(autouse=True)
def _closed_world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
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
    yield


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "TERM": "dumb", "PYTHONUNBUFFERED": "1"}


Orch = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def orch(tmp_path: Path) -> Orch:
    """Run the real command line in a process of its own: `orch("lint", "x.yaml", cwd=...)`."""

    def call(*words: str, cwd: Path = tmp_path, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "runner", *words],
            cwd=cwd,
            env={**_environment(Path(os.environ["HOME"])), "PYTHONPATH": _import_path(), **env},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return call


def _import_path() -> str:
    # The same `runner` that this process imports, wherever it is installed.
    import runner  # noqa: PLC0415

    return str(Path(runner.__file__).resolve().parent.parent)
