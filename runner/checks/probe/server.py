"""Start the real server of the worktree, talk to it, stop it. Standard library only: imports cost start-up time."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

START = 30.0
ANSWER = 10.0
HOST = "127.0.0.1"


class NoServer(Exception):
    """The server did not start; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is parsed JSON, or the text where it is none."""

    status: int
    body: Any
    media: str


@dataclass(frozen=True, slots=True)
class Server:
    """A started server: where it listens and which file holds its database."""

    port: int
    database: Path


@contextlib.contextmanager
def started(options: Mapping[str, Any]) -> Iterator[Server]:
    """The server of this worktree on a free port with an empty database. Raises NoServer."""
    with tempfile.TemporaryDirectory(prefix="orch-http-") as folder:
        database = Path(folder, "app.db")
        port = _free_port()
        env = _environment(options, port, database)
        if options.get("migrate"):
            _migrate(_words(options["migrate"], port), env)
        log = Path(folder, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                _words(options["start"], port), env=env, stdout=output, stderr=output, start_new_session=True
            )
            try:
                _wait(process, port, log)
                yield Server(port, database)
            finally:
                _stop(process)


def _environment(options: Mapping[str, Any], port: int, database: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", options["port_env"]: str(port)}
    env[options["database_env"]] = options["database"].format(path=database)
    return {**env, **options["env"]}


def _words(argv: Sequence[str], port: int) -> list[str]:
    words = [word.replace("{port}", str(port)) for word in argv]
    return [sys.executable, *words[1:]] if words[0] in ("python", "python3") else words


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def _migrate(argv: Sequence[str], env: Mapping[str, str]) -> None:
    done = subprocess.run(argv, env=dict(env), capture_output=True, text=True, timeout=START, check=False)
    if done.returncode:
        raise NoServer(f"{' '.join(argv)} ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}")


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    limit = time.monotonic() + START
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.01)
    ended = "does not listen" if process.poll() is None else f"ended with {process.returncode}"
    raise NoServer(f"the server {ended}: {log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The database is thrown away: there is nothing that an orderly end would save.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER)

    def call(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None, token: str = ""
    ) -> Answer:
        """The answer; status 0 with the reason as body where there was none."""
        headers, content = headers_of(token), None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            return self._send(method, target(path, query), content, headers)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Answer(0, f"no answer: {error!r}", "")

    def _send(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        for last in (False, True):
            try:
                self._connection.request(method, path, content, dict(headers))
                response = self._connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()  # a kept-alive connection may be gone by now; a new one is no second try
                if last:
                    raise
        if "event-stream" in response.headers.get("Content-Type", ""):
            self._connection.close()
            return Answer(response.status, "", response.headers.get("Content-Type", ""))
        return Answer(response.status, _parsed(response.read()), response.headers.get("Content-Type", ""))


def headers_of(token: str) -> dict[str, str]:
    """The headers of a call with this bearer token."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def target(path: str, query: Mapping[str, Any] | None) -> str:
    """Path and query as they go over the wire."""
    given = {name: _spelled(value) for name, value in (query or {}).items()}
    return quote(path) + (f"?{urlencode(given)}" if given else "")


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return content.decode(errors="replace")


@dataclass
class Listener:
    """An open stream of server-sent events; `status` 0 where it did not open."""

    status: int = 0
    media: str = ""
    _events: queue.Queue[tuple[str, Any]] = field(default_factory=queue.Queue)
    _connection: http.client.HTTPConnection | None = None

    @classmethod
    def open(cls, port: int, path: str, token: str) -> Listener:
        """Open the stream and read it in the background until `close`."""
        connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER)
        try:
            connection.request("GET", target(path, None), headers=headers_of(token) | {"Accept": "text/event-stream"})
            response = connection.getresponse()
        except (OSError, http.client.HTTPException):
            return cls()
        one = cls(response.status, response.headers.get("Content-Type", ""), _connection=connection)
        threading.Thread(target=one._read, args=(response,), daemon=True).start()
        return one

    def _read(self, response: http.client.HTTPResponse) -> None:
        name, data = "message", ""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
            for raw in response:
                line = raw.decode(errors="replace").rstrip("\r\n")
                if not line and data:
                    self._events.put((name, _parsed(data.encode())))
                if not line:
                    name, data = "message", ""
                elif line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    data += line[5:].strip()

    def next(self, seconds: float) -> tuple[str, Any] | None:
        """The next event (name, data), or None when none comes within `seconds`."""
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Leave the stream."""
        if self._connection is not None and self._connection.sock is not None:
            with contextlib.suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)
