"""One process at a time works on a run.

The lock is the kernel's (`flock`), so that it ends with its process however that ends, also in another container; the
file names the holder by boot id, pid and start time, so that a person is told whom to stop and `orch cancel` never
signals a stranger that got the same pid.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from runner.errors import CannotStart

PATIENCE = 1.0
"""Seconds that a lock which no living process of this machine has is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process: `start` is its start time in clock ticks since boot ("" where the system does not say)."""

    boot: str
    pid: int
    start: str

    @property
    def reachable(self) -> bool:
        """Whether this is still that process, as seen from here: same boot, same pid, same start."""
        return self.boot == _boot() and self.start == process_start(self.pid)


class Hold:
    """A held run; `release` (or `with`) lets go of it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def hold(path: Path, run: str) -> Hold:
    """Takes the lock of `run`. Raises CannotStart naming the process that has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if not _locked(descriptor):
        holder = _read(descriptor)
        os.close(descriptor)
        who = f"process {holder.pid}" if holder else "another process"
        raise CannotStart(f'{who} is working on run "{run}"', f"wait for it, or stop it: orch cancel {run}")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(_myself())).encode(), 0)
    return Hold(descriptor)


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now. Who only looks (`holder_of`) has it for a moment, so that one is waited for."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            holder = _read(descriptor)
            if (holder is not None and holder.reachable) or time.monotonic() > until:
                return False
        time.sleep(0.01)


def holder_of(path: Path) -> Holder | None:
    """Who holds the lock at `path`, or None when nobody does."""
    if not path.exists():
        return None
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)
    finally:
        os.close(descriptor)
    return None


def process_start(pid: int) -> str:
    """When the process started, in clock ticks since boot; "" when there is none, or no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The name stands in brackets and may hold spaces and brackets itself: count from the last one.
    return stat.rpartition(")")[2].split()[19]


def _myself() -> Holder:
    return Holder(boot=_boot(), pid=os.getpid(), start=process_start(os.getpid()))


def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def _read(descriptor: int) -> Holder | None:
    text = os.pread(descriptor, 4096, 0)
    if not text:
        return None
    return Holder(**json.loads(text))
