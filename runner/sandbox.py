"""What a process may touch, and how it ends: bubblewrap where it runs, the same process handling without it.

A command sees its writable folders, read-only interpreters, a clean environment, its own /tmp, processes and loopback
network. It leads a process group of its own: SIGINT, five seconds, SIGKILL, and nothing is left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runner.errors import CannotStart
from runner.records import Finished

Mode = Literal["auto", "required", "none"]

GRACE = 5.0
"""Seconds between SIGINT and SIGKILL."""
KEPT = 64 * 1024
"""Bytes of output that are kept from the beginning, and as many from the end."""
TAG = "ORCH_PROCESS"
"""The environment variable by which processes of a run are found again after orch itself was killed."""

_PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
_ETC = (
    *("alternatives", "ca-certificates", "debian_version", "group", "hosts", "ld.so.cache", "ld.so.conf"),
    *("ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "os-release", "passwd", "pki", "protocols"),
    *("services", "ssl", "timezone"),
)
# Checks run probes of ours inside the sandbox; in a checkout they stand outside every interpreter.
_PACKAGE = Path(__file__).resolve().parent
# Linux takes 128 KiB a word, the name of a variable included, and a quarter of the stack (8 MiB or more) for all.
_LONGEST_WORD, _LONGEST_WORDS = 127 * 1024, 1024 * 1024
_MERGED = ("bin", "lib", "lib32", "lib64", "sbin")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`name` is "bubblewrap" or "none"; `reason` says why, when it is none; `program` is the path of bwrap."""

    name: Literal["bubblewrap", "none"]
    reason: str = ""
    program: str = ""

    @classmethod
    def choose(cls, mode: Mode = "auto") -> Sandbox:
        """The sandbox that works here, found by running it. Raises CannotStart where one is required and none works."""
        if mode == "none":
            return cls("none", "switched off")
        sandbox, reason = _probe()
        if sandbox:
            return sandbox
        if mode == "required":
            raise CannotStart(
                f"no sandbox works here: {reason}",
                "install bubblewrap and allow user namespaces, or say `sandbox: auto`",
            )
        return cls("none", reason)

    async def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 -- a process is ended with a grace, a cancelled await is not
        stdin: str | bytes | None = None,
        network: bool = False,
        tag: str = "",
    ) -> Finished:
        """How `argv` ended. A program that is not there ends with 127, one that cannot be started (a word or variable
        is too long, or holds a zero byte) with 126, one that ran into `timeout` (seconds) with 124.

        `writable`, `readable` and `cwd` exist at their own paths; only the first may be written to, but for `.git` in
        it. `env` is added to the clean environment. Cancelling ends the processes.
        """
        with tempfile.TemporaryDirectory(prefix="orch-") as home:
            token = f"{tag}:{uuid.uuid4().hex}"
            outside = {**_environment(home if self.name == "none" else "/tmp"), **(env or {}), TAG: token}  # noqa: S108
            words = [str(word) for word in argv]
            if not _program(words[0], cwd, outside["PATH"]):
                return Finished(exit_code=127, output=f"{words[0]}: no such program", seconds=0.0)
            if self.name == "bubblewrap":
                words = [*self._wrap(cwd, writable, readable, network), "--", *words]
            if wrong := _unfit([*words, *outside.values()]):
                return Finished(exit_code=126, output=f"{argv[0]}: {wrong}", seconds=0.0)
            with _standard_input(home, stdin) as given:
                return await _carry_out(words, cwd, outside, timeout, given)

    def _wrap(self, cwd: Path, writable: Sequence[Path], readable: Sequence[Path], network: bool) -> list[str]:
        words = [self.program, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
        words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", *_system()]  # noqa: S108
        words += _ro("/etc/resolv.conf") if network else ["--unshare-net"]
        here = cwd.resolve()
        seen = any(here.is_relative_to(path.resolve()) for path in (*writable, *readable))
        for path, flag in _binds(writable, (*readable, *interpreters(), _PACKAGE, *(() if seen else (here,)))):
            words += [flag, str(path), str(path)]
        return [*words, "--chdir", str(here)]


def _probe() -> tuple[Sandbox | None, str]:
    program = shutil.which("bwrap")
    if not program:
        return None, "bubblewrap (bwrap) is not installed"
    sandbox = Sandbox("bubblewrap", "", program)
    with tempfile.TemporaryDirectory(prefix="orch-") as folder:
        words = [*sandbox._wrap(Path(folder), (Path(folder),), (), False), "--", "/bin/sh", "-c", "touch probe"]
        try:
            env = _environment("/")
            ended = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False, env=env)
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, f"bubblewrap does not run: {error}"
        if ended.returncode == 0 and Path(folder, "probe").exists():
            return sandbox, ""
    said = (ended.stderr.strip().splitlines() or [f"exit {ended.returncode}"])[-1]
    return None, f"bubblewrap does not work here: {said}"


def interpreters() -> tuple[Path, ...]:
    """Folders outside /usr that hold the running Python and, where it is installed, Node."""
    found = [Path(sys.prefix), Path(sys.base_prefix), Path(os.path.realpath(sys.executable)).parent.parent]
    if node := shutil.which("node"):
        found.append(Path(os.path.realpath(node)).parent.parent)
    home = Path.home()
    outside = (path.resolve() for path in found)
    fitting = (path for path in outside if not path.is_relative_to("/usr") and not home.is_relative_to(path))
    return tuple(dict.fromkeys(fitting))


def _environment(home: str) -> dict[str, str]:
    here = [str(Path(sys.prefix, "bin")), *(str(path / "bin") for path in interpreters())]
    usual = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {
        "LANG": "C.UTF-8",
        **kept,
        "PATH": os.pathsep.join(dict.fromkeys([*here, *usual])),
        "HOME": home,
        "TMPDIR": home,
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _ro(path: str) -> list[str]:
    return ["--ro-bind-try", path, path]


def _system() -> Iterator[str]:
    yield from _ro("/usr")
    for name in _MERGED:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), str(path))
        else:
            yield from _ro(str(path))
    for name in _ETC:
        yield from _ro(f"/etc/{name}")


def _binds(writable: Iterable[Path], readable: Iterable[Path]) -> list[tuple[Path, str]]:
    """Outer folders first, so that an inner one can say something else than the folder around it."""
    flags = {path.resolve(): "--ro-bind" for path in readable if path.exists()}
    for path in writable:
        flags[path.resolve()] = "--bind"
        if (path / ".git").exists():
            flags.setdefault(path.resolve() / ".git", "--ro-bind")
    return sorted(flags.items(), key=lambda item: len(item[0].parts))


def _program(word: str, cwd: Path, path: str) -> bool:
    return os.access(cwd / word, os.X_OK) if "/" in word else shutil.which(word, path=path) is not None


def _unfit(texts: Sequence[str]) -> str:
    """Why the system cannot start a program with these words and variables, "" when it can."""
    if any("\0" in text for text in texts):
        return "a word or variable holds a zero byte"
    sizes = [len(os.fsencode(text)) + 1 for text in texts]
    if max(sizes) > _LONGEST_WORD or sum(sizes) > _LONGEST_WORDS:
        return "its words and variables are too long; hand long values over by `stdin`"
    return ""


@contextlib.contextmanager
def _standard_input(home: str, stdin: str | bytes | None) -> Iterator[int]:
    if stdin is None:
        yield asyncio.subprocess.DEVNULL
        return
    file = Path(home, "stdin")
    file.write_bytes(stdin.encode() if isinstance(stdin, str) else stdin)
    with file.open("rb") as given:
        file.unlink()
        yield given.fileno()


async def _carry_out(words: list[str], cwd: Path, env: dict[str, str], seconds: float | None, stdin: int) -> Finished:
    started = time.monotonic()
    output = _Output()
    # A pipe of our own: asyncio's would make us wait for every process that still holds it, not for the command alone.
    async with output.pipe() as stdout:
        process = await _started(words, cwd, env, stdin, stdout)
        try:
            timed_out = not await _ends_within(process, seconds)
        finally:
            # A cancelled command is ended like one that ran out of time; nobody may interrupt the cleaning up.
            await asyncio.shield(_end(process, env[TAG]))
    code = 124 if timed_out else process.returncode
    return Finished(
        exit_code=code if code is not None else -signal.SIGKILL,
        output=output.text(),
        seconds=round(time.monotonic() - started, 3),
        timed_out=timed_out,
    )


async def _started(
    words: list[str], cwd: Path, env: dict[str, str], stdin: int, stdout: int
) -> asyncio.subprocess.Process:
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *words, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stdout, start_new_session=True
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # Cancelled on the way: asyncio would end the one process it knows, and nothing that this one started.
        await _end(await starting, env[TAG])
        raise


async def _ends_within(process: asyncio.subprocess.Process, seconds: float | None) -> bool:
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _end(process: asyncio.subprocess.Process, token: str) -> None:
    if process.returncode is None and _interrupt(process.pid):
        await _ends_within(process, GRACE)
    _signal_group(process.pid, signal.SIGKILL)
    await process.wait()
    until = time.monotonic() + GRACE
    while end_processes(token) and time.monotonic() < until:  # noqa: ASYNC110 -- the kernel takes a moment
        await asyncio.sleep(0.005)


def _interrupt(group: int) -> bool:
    """SIGINT to the command and its children; whether there were any.

    Bubblewrap gets none: it would take all of them down with it at once.
    """
    found = False
    for pid, fields in _processes():
        if fields.group == group and fields.name != "bwrap":
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
                found = True
    return found


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_processes(tag: str) -> int:
    """Kill every process of a tag that `run` was given, or of one token of it; returns how many there were."""
    wanted, count = f"{TAG}={tag}".encode(), 0
    for pid, _ in _processes():
        if pid != os.getpid() and _carries(pid, wanted):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                count += 1
    return count


def _carries(pid: int, wanted: bytes) -> bool:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(variable == wanted or variable.startswith(wanted + b":") for variable in variables)


@dataclass(frozen=True, slots=True)
class _Process:
    name: str
    group: int


def _processes() -> Iterator[tuple[int, _Process]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            name, _, rest = text.partition("(")[2].rpartition(")")
            yield int(entry), _Process(name, int(rest.split()[2]))


class _Output:
    """The beginning and the end of what a process says."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._held = 0
        self._dropped = 0

    @contextlib.asynccontextmanager
    async def pipe(self) -> AsyncIterator[int]:
        """The end to write to; leaving waits until all of it was read, at most a second."""
        ours, theirs = os.pipe()
        stream = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(ours, "rb", buffering=0)
        )
        reading = asyncio.create_task(self._read(stream))
        try:
            yield theirs
        finally:
            os.close(theirs)
            await asyncio.wait({reading}, timeout=1.0)
            reading.cancel()
            transport.close()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(KEPT):
            self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        room = KEPT - len(self._head)
        self._head += chunk[:room]
        if rest := chunk[room:]:
            self._tail.append(rest)
            self._held += len(rest)
        while self._tail and self._held - len(self._tail[0]) >= KEPT:
            gone = len(self._tail.popleft())
            self._held -= gone
            self._dropped += gone

    def text(self) -> str:
        """What was said, as text; in the middle of a long one stands how much was left out."""
        tail = b"".join(self._tail)
        over = max(0, len(tail) - KEPT)
        left_out = self._dropped + over
        middle = f"\n... {left_out} bytes left out ...\n" if left_out else ""
        return self._head.decode(errors="replace") + middle + tail[over:].decode(errors="replace")
