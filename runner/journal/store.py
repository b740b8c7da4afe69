"""What lasts of a run: keyed entries, events and the run's own row, in SQLite (WAL, synchronous=FULL).

Every statement of orch's SQL stands in this file. Writes go through one thread that commits whatever has queued up as
one transaction (group commit): `await put(...)` returns when its entry is on the disk, `event(...)` returns at once and
is durable with the next commit. Keys name what they belong to and are never positions, so that a step that runs again
after a crash finds its own results whatever order things finish in.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from runner.errors import CannotStart, OrchError
from runner.journal.holder import Hold, Holder, hold, holder_of
from runner.records import Event, Json, JsonObject

EVENT_DELAY = 0.05
"""Seconds after which events are committed when nothing else asks for a commit."""

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "ceph", "glusterfs"})

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  run TEXT PRIMARY KEY, created REAL NOT NULL, data TEXT NOT NULL, sources TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
  run TEXT NOT NULL, kind TEXT NOT NULL, step TEXT NOT NULL, item TEXT NOT NULL, task TEXT NOT NULL,
  round INTEGER NOT NULL, attempt INTEGER NOT NULL, turn INTEGER NOT NULL, hash TEXT NOT NULL,
  at REAL NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (run, kind, step, item, task, round, attempt, turn, hash));
CREATE TABLE IF NOT EXISTS events (
  run TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
  data TEXT NOT NULL, PRIMARY KEY (run, seq));
"""
_FIELDS = ("run", "kind", "step", "item", "task", "round", "attempt", "turn", "hash")
_PUT = (
    "INSERT OR REPLACE INTO entries (run, kind, step, item, task, round, attempt, turn, hash, at, data)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)
_EVENT = "INSERT INTO events (run, seq, at, kind, subject, data) VALUES (?,?,?,?,?,?)"
_RUN = "INSERT INTO runs (run, created, data, sources) VALUES (?,?,?,?)"
_PATCH = "UPDATE runs SET data = json_patch(data, ?) WHERE run = ?"

Statement = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What an entry belongs to; fields that do not apply keep their defaults."""

    run: str
    kind: str
    step: str = ""
    item: str = ""
    task: str = ""
    round: int = 0
    attempt: int = 0
    turn: int = 0
    hash: str = ""


class JournalBroken(OrchError):
    """The journal cannot be written: the disk is full or the file is damaged."""


@dataclass(frozen=True, slots=True)
class _Write:
    statements: tuple[Statement, ...]
    done: Future[None] | None


class Journal:
    """One journal of a project. Reading is cheap and synchronous; `close` (or `with`) writes what is still queued."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._broken: JournalBroken | None = None
        self._reader = _connect(path)
        self._lock = threading.Lock()
        self._seqs: dict[str, int] = {}
        self._listeners: list[Callable[[Event], None]] = []
        self._hidden: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: Path) -> Journal:
        """The journal at `path`, made when it is not there. Raises CannotStart on a network volume, and where the file
        is damaged or may not be written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            refuse_network_volume(path.parent)
            return cls(path)
        except (OSError, sqlite3.Error) as error:
            hint = "put the file aside when it is damaged; else see that its folder can be written"
            raise CannotStart(f"the journal {path} cannot be opened: {error}", hint) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Commits what is queued and lets go of the file."""
        if self._writer is not None:
            self._queue.put(None)
            self._writer.join()
            self._writer = None
        with self._lock:
            self._reader.close()

    def hide(self, secrets: Iterable[str]) -> None:
        """From now on these texts are kept, and said, as `***`: a command may print what it was told in confidence."""
        # As they stand inside JSON; the longest first, since one may be a part of another.
        self._hidden = tuple(sorted((_dump(text)[1:-1] for text in secrets), key=len, reverse=True))

    # entries

    async def put(self, key: Key, data: Json) -> None:
        """Keeps `data` under `key`, durably when this returns. Raises JournalBroken."""
        await asyncio.wrap_future(self.post(key, data))

    def post(self, key: Key, data: Json) -> Future[None]:
        """Like `put`, without waiting: what is posted or put later is never durable before it."""
        return self._submit(((_PUT, (*dataclasses.astuple(key), time.time(), self._text(data))),))

    def get(self, key: Key) -> Json | None:
        """The data under exactly this key, or None."""
        found = self.entries(**dataclasses.asdict(key))
        return found[0][1] if found else None

    def entries(self, run: str, kind: str, **fields: str | int) -> list[tuple[Key, Json]]:
        """Every entry of a kind in the order of first writing; `fields` (step=, task=, ...) narrow the choice."""
        where = {"run": run, "kind": kind, **fields}
        unknown = set(where) - set(_FIELDS)
        if unknown:
            raise TypeError(f"no such key field: {', '.join(sorted(unknown))}")
        names = " AND ".join(f"{name} = ?" for name in where)
        sql = f"SELECT {', '.join(_FIELDS)}, data FROM entries WHERE {names} ORDER BY at, rowid"  # noqa: S608
        rows = self._read(sql, where.values())
        return [(Key(**dict(zip(_FIELDS, row[:-1], strict=True))), json.loads(row[-1])) for row in rows]

    # events

    def event(self, run: str, kind: str, subject: str = "", data: JsonObject | None = None) -> Event:
        """Says an event: listeners hear it at once, it is durable with the next commit or within 50 ms."""
        with self._lock:
            seq = self._seqs.get(run) or self._last_seq(run)
            self._seqs[run] = seq + 1
        text = self._text(data or {})
        said = json.loads(text) if self._hidden else dict(data or {})
        event = Event(seq=seq + 1, at=time.time(), kind=kind, subject=subject, data=said)
        row = (run, event.seq, event.at, kind, subject, text)
        self._enqueue(_Write(((_EVENT, row),), None))
        for listener in tuple(self._listeners):
            listener(event)
        return event

    def events(self, run: str, after: int = 0) -> list[Event]:
        """The durable events of a run whose `seq` is greater than `after`."""
        rows = self._read(
            "SELECT seq, at, kind, subject, data FROM events WHERE run = ? AND seq > ? ORDER BY seq", (run, after)
        )
        return [Event(seq=r[0], at=r[1], kind=r[2], subject=r[3], data=json.loads(r[4])) for r in rows]

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Calls `callback` with every event from now on; returns the function that stops it."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def flush(self) -> None:
        """Returns when everything that was said or posted so far is durable."""
        self._submit(()).result()

    # runs

    def create_run(self, run: str, data: JsonObject) -> None:
        """A new run's row; `data["sources"]` (path -> content) is kept beside it. Raises CannotStart if it exists."""
        if self._read("SELECT 1 FROM runs WHERE run = ?", (run,)):
            raise CannotStart(f'there is already a run "{run}"', f"go on with it: orch resume {run}")
        rest = {key: value for key, value in data.items() if key != "sources"}
        row = (run, time.time(), _dump(rest), _dump(data.get("sources", {})))
        self._submit(((_RUN, row),)).result()

    def run(self, run: str) -> JsonObject:
        """The run's row with its sources. Raises CannotStart when there is no such run."""
        rows = self._read("SELECT data, sources, created FROM runs WHERE run = ?", (run,))
        if not rows:
            known = ", ".join(str(row["run"]) for row in self.runs()[-5:]) or "none"
            raise CannotStart(f'there is no run "{run}" in {self.path}', f"the latest runs: {known}")
        data, sources, created = rows[0]
        return {"run": run, "created": created, **json.loads(data), "sources": json.loads(sources)}

    def update_run(self, run: str, **fields: Json) -> None:
        """Changes fields of the run's row, durably. Objects merge key by key; None removes a field."""
        self._submit(((_PATCH, (self._text(fields), run)),)).result()

    def runs(self) -> list[JsonObject]:
        """Every run, oldest first, without its sources."""
        rows = self._read("SELECT run, created, data FROM runs ORDER BY created, run", ())
        return [{"run": run, "created": created, **json.loads(data)} for run, created, data in rows]

    def tag(self, run: str) -> str:
        """What marks the processes of a run on this machine: another project may have a run of the same name."""
        home = hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:12]
        return f"{run}@{home}"

    def hold(self, run: str) -> Hold:
        """Makes this process the only one that works on `run` until the hold is released or the process ends.

        Raises CannotStart naming the process that holds it.
        """
        return hold(self.path.parent / "holders" / run, run)

    def holder(self, run: str) -> Holder | None:
        """The process that works on `run` now, or None."""
        return holder_of(self.path.parent / "holders" / run)

    # writing

    def _text(self, data: Json) -> str:
        text = _dump(data)
        for secret in self._hidden:
            text = text.replace(secret, "***")
        return text

    def _submit(self, statements: tuple[Statement, ...]) -> Future[None]:
        done: Future[None] = Future()
        self._enqueue(_Write(statements, done))
        return done

    def _enqueue(self, write: _Write) -> None:
        if self._broken is not None:
            raise self._broken
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_forever, name="journal", daemon=True)
            self._writer.start()
        self._queue.put(write)

    def _write_forever(self) -> None:
        connection = _connect(self.path)
        try:
            while (batch := self._next_batch()) is not None:
                self._commit(connection, batch)
        finally:
            connection.close()

    def _next_batch(self) -> list[_Write] | None:
        """Everything queued; events alone wait a moment for company. None at the end."""
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        deadline = time.monotonic() + EVENT_DELAY
        while True:
            events_only = all(write.done is None for write in batch)
            patience = max(0.0, deadline - time.monotonic()) if events_only else 0.0
            try:
                more = self._queue.get(timeout=patience) if patience else self._queue.get_nowait()
            except queue.Empty:
                return batch
            if more is None:
                self._queue.put(None)
                return batch
            batch.append(more)

    def _commit(self, connection: sqlite3.Connection, batch: list[_Write]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for write in batch:
                for sql, values in write.statements:
                    connection.execute(sql, values)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._broken = JournalBroken(
                f"the journal {self.path} cannot be written: {error}", "free the disk, then resume the run"
            )
            _settle(batch, self._broken)
        else:
            _settle(batch, None)

    def _read(self, sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._reader.execute(sql, tuple(values)).fetchall()

    def _last_seq(self, run: str) -> int:
        row = self._reader.execute("SELECT max(seq) FROM events WHERE run = ?", (run,)).fetchone()
        return int(row[0] or 0)


def _settle(batch: list[_Write], error: JournalBroken | None) -> None:
    for write in batch:
        if write.done is None or not write.done.set_running_or_notify_cancel():
            continue
        if error is None:
            write.done.set_result(None)
        else:
            write.done.set_exception(error)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
    connection.execute("PRAGMA journal_mode = WAL")
    # NORMAL would survive a killed process but not a power cut, and answers are paid for.
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(_SCHEMA)
    return connection


def _dump(data: Json) -> str:
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def refuse_network_volume(folder: Path, mounts: str | None = None) -> None:
    """Raises CannotStart where SQLite's locks cannot be trusted; `mounts` is the text of /proc/self/mounts."""
    if mounts is None:
        table = Path("/proc/self/mounts")
        mounts = table.read_text() if table.exists() else ""
    kind = _file_system(folder.resolve(), mounts)
    if kind in _NETWORK:
        raise CannotStart(
            f"the journal would stand on a network volume ({kind}): {folder}", "use a project folder on a local disk"
        )


def _file_system(folder: Path, mounts: str) -> str:
    best, kind = -1, ""
    for line in mounts.splitlines():
        words = line.split()
        if len(words) > 2 and folder.is_relative_to(words[1].replace("\\040", " ")) and len(words[1]) >= best:
            best, kind = len(words[1]), words[2]
    return kind
