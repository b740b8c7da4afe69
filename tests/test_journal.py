"""The journal: what was put is there after kill -9, keys are exact, events count, one process holds a run."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from runner.errors import CannotStart
from runner.journal import Journal, JournalBroken, Key
from runner.journal.store import refuse_network_volume
from runner.records import Event


async def test_what_was_put_is_found_by_its_exact_key_only(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        key = Key(run="r", kind="answer", step="plan", attempt=1, hash="a")
        await journal.put(key, {"text": "é \ud800"})
        assert journal.get(key) == {"text": "é \ud800"}
        assert journal.get(Key(run="r", kind="answer", step="plan", attempt=2, hash="a")) is None
        await journal.put(key, {"text": "new"})
        assert journal.get(key) == {"text": "new"}


async def test_entries_stand_in_order_and_can_be_narrowed(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        await asyncio.gather(*(journal.put(Key(run="r", kind="item", step="s", item=str(n)), n) for n in range(50)))
        await journal.put(Key(run="other", kind="item", step="s", item="x"), "no")
        found = journal.entries("r", "item", step="s")
        assert [data for _, data in found] == list(range(50))
        assert journal.entries("r", "item", item="7")[0][1] == 7
        with pytest.raises(TypeError, match="colour"):
            journal.entries("r", "item", colour="red")


def test_events_are_counted_per_run_across_processes_and_heard_at_once(tmp_path: Path) -> None:
    heard: list[Event] = []
    for expected in (1, 2):
        with Journal.open(tmp_path / "journal.db") as journal:
            stop = journal.listen(heard.append)
            assert journal.event("r", "note", "s", {"message": "hello"}).seq == expected
            stop()
            journal.event("other", "note")
    with Journal.open(tmp_path / "journal.db") as journal:
        assert [event.seq for event in journal.events("r")] == [1, 2]
        assert journal.events("r", after=1)[0].data == {"message": "hello"}
    assert [event.seq for event in heard] == [1, 2]


def test_a_lonely_event_becomes_durable_by_itself(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.event("r", "note")
        for _ in range(500):
            if journal.events("r"):
                break
            time.sleep(0.01)
        assert len(journal.events("r")) == 1


def test_runs_merge_fields_and_keep_their_sources(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.create_run("a", {"status": "running", "options": {"x": 1}, "sources": {"p.yaml": "text"}})
        journal.update_run("a", status="ok", options={"y": 2})
        row = journal.run("a")
        assert (row["status"], row["options"], row["sources"]) == ("ok", {"x": 1, "y": 2}, {"p.yaml": "text"})
        assert "sources" not in journal.runs()[0]
        with pytest.raises(CannotStart, match="no run"):
            journal.run("b")


WRITER = """
import asyncio, sys
from pathlib import Path
from runner.journal import Journal, Key
async def main():
    journal = Journal.open(Path(sys.argv[1]))
    journal.hold("r")
    for n in range(100000):
        await journal.put(Key(run="r", kind="item", item=str(n)), n)
        print(n, flush=True)
asyncio.run(main())
"""


def test_kill_9_loses_nothing_that_was_put_and_frees_the_run(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) >= 30:
            break
    with Journal.open(path) as journal:
        holder = journal.holder("r")
        assert holder is not None
        assert (holder.pid, holder.reachable) == (writer.pid, True)
        with pytest.raises(CannotStart, match=f"process {writer.pid} is working"):
            journal.hold("r")
        os.kill(writer.pid, signal.SIGKILL)
        said = list(writer.stdout)
        writer.wait()
        writer.stdout.close()
        last = int(said[-1]) if said else 30
        assert not holder.reachable
        with journal.hold("r"):
            stored = [data for _, data in journal.entries("r", "item")]
        assert stored[: last + 1] == list(range(last + 1))
        assert len(stored) <= last + 2


def test_a_run_is_made_once(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.create_run("a", {})
        with pytest.raises(CannotStart, match="already a run"):
            journal.create_run("a", {})
        journal.update_run("a", status="ok")


async def test_a_broken_journal_says_so_and_does_not_hang(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        await journal.put(Key(run="r", kind="item"), 0)
        with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
            other.execute("DROP TABLE entries")
        for _ in range(2):
            with pytest.raises(JournalBroken, match="cannot be written"):
                await journal.put(Key(run="r", kind="item"), 1)


def test_network_volumes_are_refused(tmp_path: Path) -> None:
    refuse_network_volume(tmp_path, "disk / ext4 rw 0 0\nhost:/x /elsewhere nfs4 rw 0 0\n")
    with pytest.raises(CannotStart, match="network volume"):
        refuse_network_volume(tmp_path, f"disk / ext4 rw 0 0\nhost:/x {tmp_path} nfs4 rw 0 0\n")


def test_who_only_looks_does_not_keep_a_run_from_being_held(tmp_path: Path) -> None:
    holders = tmp_path / "holders"
    holders.mkdir()
    with Journal.open(tmp_path / "journal.db") as journal, (holders / "r").open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_EX)
        threading.Timer(0.1, lambda: fcntl.flock(looking, fcntl.LOCK_UN)).start()
        with journal.hold("r"):
            assert journal.holder("r") is not None


@pytest.mark.parametrize("broken", [".orch", ".orch/journal.db"])
def test_a_journal_that_cannot_be_opened_is_said(tmp_path: Path, broken: str) -> None:
    path = tmp_path / ".orch" / "journal.db"
    (tmp_path / broken).parent.mkdir(exist_ok=True)
    (tmp_path / broken).write_text("no journal " * 500)
    with pytest.raises(CannotStart, match="cannot be opened"):
        Journal.open(path)


def test_runs_of_one_name_in_two_projects_have_two_tags(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "a.db") as one, Journal.open(tmp_path / "b.db") as other:
        assert one.tag("r1") != other.tag("r1")
    with Journal.open(tmp_path / "a.db") as again:
        assert again.tag("r1") == one.tag("r1")
