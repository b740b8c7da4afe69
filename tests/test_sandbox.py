"""Real processes, with bubblewrap and without: what they see, what they may touch, how they end."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runner.errors import CannotStart
from runner.sandbox import KEPT, Sandbox, _processes, end_processes

SERVER_AND_CALL = """
import http.server, threading, urllib.request
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").status)
"""


@pytest.fixture(params=["auto", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return Sandbox.choose(request.param)


@pytest.fixture
def bubblewrap() -> Sandbox:
    return Sandbox.choose("required")


def marked(mark: str) -> list[int]:
    """The processes whose command line holds `mark`."""
    found = []
    for pid, _ in _processes():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words and pid != os.getpid():
            found.append(pid)
    return found


def test_bubblewrap_is_chosen_where_it_runs(bubblewrap: Sandbox) -> None:
    assert (bubblewrap.name, bubblewrap.reason) == ("bubblewrap", "")


def test_without_bubblewrap_auto_says_why_and_required_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Sandbox.choose("auto") == Sandbox("none", "bubblewrap (bwrap) is not installed")
    with pytest.raises(CannotStart, match="not installed"):
        Sandbox.choose("required")


def test_a_bubblewrap_that_does_not_run_is_not_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    chosen = Sandbox.choose("auto")
    assert chosen.name == "none"
    assert "No permissions to create new namespace" in chosen.reason


async def test_a_command_writes_in_its_folder_and_answers(sandbox: Sandbox, tmp_path: Path) -> None:
    ended = await sandbox.run(["sh", "-c", "cat > kept; echo out; echo err >&2; exit 3"], cwd=tmp_path, stdin="given")
    if sandbox.name == "bubblewrap":
        assert not (tmp_path / "kept").exists()
    words = ["sh", "-c", "cat > kept; echo out; echo err >&2; exit 3"]
    ended = await sandbox.run(words, cwd=tmp_path, writable=(tmp_path,), stdin="given")
    assert (ended.exit_code, ended.output, ended.timed_out) == (3, "out\nerr\n", False)
    assert (tmp_path / "kept").read_text() == "given"


async def test_the_running_python_works_inside(sandbox: Sandbox, tmp_path: Path) -> None:
    words = ["python", "-c", "import sys, msgspec; print(sys.prefix)"]
    assert (await sandbox.run(words, cwd=tmp_path)).output.strip() == sys.prefix


async def test_the_environment_is_clean(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sesame")
    ended = await sandbox.run(["env"], cwd=tmp_path, env={"GIVEN": "yes"})
    names = {line.partition("=")[0] for line in ended.output.splitlines()}
    assert "GIVEN" in names
    assert names <= {
        *("GIVEN", "PATH", "HOME", "TMPDIR", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
        *("PYTHONDONTWRITEBYTECODE", "ORCH_PROCESS", "PWD"),
    }


async def test_nothing_outside_can_be_written_or_read(bubblewrap: Sandbox, tmp_path: Path) -> None:
    inside, outside, shown = (tmp_path / name for name in ("inside", "outside", "shown"))
    for folder in (inside, outside, shown):
        folder.mkdir()
        (folder / "secret").write_text("sesame")
    script = (
        f"cat {outside}/secret; cat {shown}/secret; echo x > {shown}/new; echo x > /usr/new; echo x > {outside}/new"
    )
    ended = await bubblewrap.run(["sh", "-c", script], cwd=inside, writable=(inside,), readable=(shown,))
    assert ended.output.count("sesame") == 1
    assert not (shown / "new").exists()
    assert not (outside / "new").exists()
    assert "new" not in os.listdir("/usr")


async def test_git_directory_of_a_worktree_is_read_only(bubblewrap: Sandbox, tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    script = "echo gitdir: mine > .git; rm -f .git; echo ok > file"
    await bubblewrap.run(["sh", "-c", script], cwd=tmp_path, writable=(tmp_path,))
    assert (tmp_path / ".git").read_text() == "gitdir: elsewhere\n"
    assert (tmp_path / "file").exists()


async def test_a_server_inside_is_reached_from_inside_only(bubblewrap: Sandbox, tmp_path: Path) -> None:
    ended = await bubblewrap.run(["python", "-c", SERVER_AND_CALL], cwd=tmp_path, timeout=60)
    assert ended.output.splitlines()[-1] == "200"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        refused = await bubblewrap.run(["python", "-c", connect], cwd=tmp_path)
        allowed = await bubblewrap.run(["python", "-c", connect], cwd=tmp_path, network=True)
    assert "ConnectionRefusedError" in refused.output
    assert allowed.exit_code == 0


async def test_a_program_that_is_not_there_ends_with_127(sandbox: Sandbox, tmp_path: Path) -> None:
    assert (await sandbox.run(["no-such-program"], cwd=tmp_path)).exit_code == 127
    assert (await sandbox.run(["./no-such-program"], cwd=tmp_path)).exit_code == 127


async def test_long_output_keeps_its_beginning_and_its_end(sandbox: Sandbox, tmp_path: Path) -> None:
    script = "print('first'); print('x' * 3_000_000); print('last')"
    output = (await sandbox.run(["python", "-c", script], cwd=tmp_path)).output
    assert output.startswith("first\n")
    assert output.endswith("last\n")
    assert "bytes left out" in output
    assert len(output) < 2 * KEPT + 100


async def test_late_is_interrupted_first_so_that_it_can_clean_up(sandbox: Sandbox, tmp_path: Path) -> None:
    script = "trap 'echo cleaned; exit 0' INT; echo ready; while true; do sleep 0.05; done"
    ended = await sandbox.run(["sh", "-c", script], cwd=tmp_path, timeout=1)
    assert (ended.exit_code, ended.timed_out) == (124, True)
    assert ended.output == "ready\ncleaned\n"


async def test_what_ignores_the_interrupt_is_killed(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.sandbox.GRACE", 0.2)
    mark = f"stubborn-{sandbox.name}"
    script = f"import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(600)  # {mark}"
    ended = await sandbox.run(["python", "-c", script], cwd=tmp_path, timeout=0.5)
    assert ended.timed_out
    assert marked(mark) == []


async def test_nothing_is_left_behind_not_even_a_daemon(sandbox: Sandbox, tmp_path: Path) -> None:
    mark = f"daemon-{sandbox.name}"
    daemon = f"import time; time.sleep(600)  # {mark}"
    script = f"""(setsid python -c '{daemon}' &) ; python -c '{daemon}' & sleep 0.3; echo bye"""
    ended = await sandbox.run(["sh", "-c", script], cwd=tmp_path, timeout=30)
    assert (ended.exit_code, ended.output) == (0, "bye\n")
    assert marked(mark) == []


async def test_cancelling_ends_the_processes(sandbox: Sandbox, tmp_path: Path) -> None:
    mark = f"cancelled-{sandbox.name}"
    script = f"open('started', 'w'); import time; time.sleep(600)  # {mark}"
    running = asyncio.create_task(sandbox.run(["python", "-c", script], cwd=tmp_path, writable=(tmp_path,)))
    while not (tmp_path / "started").exists():  # noqa: ASYNC110 -- a file is all that the process can say
        await asyncio.sleep(0.01)
    assert marked(mark)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert marked(mark) == []


async def test_cancelling_at_any_moment_of_a_start_leaves_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    mark = f"early-{sandbox.name}"
    script = f"sleep 600 & sleep 600 # {mark}"
    for step in range(12):
        running = asyncio.create_task(sandbox.run(["sh", "-c", script], cwd=tmp_path))
        await asyncio.sleep(step * 0.002)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert marked(mark) == []


@pytest.mark.parametrize("mode", ["auto", "none"])
def test_processes_of_a_killed_run_are_found_again(mode: str, tmp_path: Path) -> None:
    mark = f"orphan-{mode}"
    started = tmp_path / "started"
    inner = f"import time; open('started', 'w'); time.sleep(600)  # {mark}"
    outer = f"""
import asyncio
from pathlib import Path
from runner.sandbox import Sandbox
folder = Path({str(tmp_path)!r})
asyncio.run(Sandbox.choose({mode!r}).run(["python", "-c", {inner!r}], cwd=folder, writable=(folder,), tag="run-1"))
"""
    child = subprocess.Popen([sys.executable, "-c", outer], env={**os.environ, **_import_path()})
    waiter = threading.Event()
    while not started.exists():
        waiter.wait(0.01)
    child.kill()
    child.wait()
    end_processes("run-")
    if mode == "none":
        assert len(marked(mark)) == 1
    assert end_processes("run-1") == (1 if mode == "none" else 0)
    while marked(mark):
        waiter.wait(0.01)


def _import_path() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(sys.modules["runner"].__file__ or "").resolve().parent.parent)}
