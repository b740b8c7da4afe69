"""`kill -9` at thirty random moments of a run, then `orch resume`: nothing finished starts again, nothing is left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import runner
from runner.journal import Journal

TASKS = ("a", "b", "c", "d", "e", "f")
PIPELINE = """
version: 1
name: crash
models: {writer: [scripted/double]}
managers: [notes]
limits: {attempts: 3, agents: 4}
steps:
  decompose:
    uses: prompt
    with: {model: writer, prompt: Write the tasks., schema: tasks.schema.json}
  assign: {uses: assign, needs: [decompose], with: {tasks: "{{ steps.decompose.output }}"}}
  execute: {uses: execute, needs: [assign], with: {assignment: "{{ steps.assign.output }}"}}
"""
MANAGER = """
version: 1
name: notes
description: Notes, each in a file.
components: [{name: notes}]
handles: [{kinds: [note]}]
specs:
  note:
    schema:
      type: object
      required: [kind, note]
      properties: {kind: {const: note}, note: {type: string}, after: {type: array, items: {type: string}}}
    identity: [note]
    references: [{at: after.*, kind: note}]
    good: "kind: note, note: a"
    bad: some notes
groups: [{name: all}]
agents: {use: [scripted/double], seats: {max: 2, second_from: {tasks: 2, points: 2}}, parallel: 2, order_points: 2}
prompt: "{{ task.title }} {{ feedback }}"
checks:
  - name: written
    shell: grep -qx "note $NOTE" "notes/$NOTE.txt"
    env: {NOTE: "{{ task.spec.note }}"}
    at: [attempt, merge]
"""


def script() -> str:
    tasks = [
        {
            "id": f"notes_{name}", "title": f"Note {name}", "component": "notes", "requirements": ["A-1"],
            "outputs": [f"notes/{name}.txt"],
            "spec": {"kind": "note", "note": name, "after": ["a"] if name in "cd" else []},
        }
        for name in TASKS
    ]  # fmt: skip
    started = {"starts.log": "{task} {attempt}"}
    acts = {
        f"notes_{name}": [{"writes": {f"notes/{name}.txt": f"note {name}\n"}, "appends": started, "delay": 0.05}]
        for name in TASKS
    }
    acts["notes_b"].insert(0, {"writes": {"notes/b.txt": "wrong\n"}, "appends": started})
    return json.dumps({"models": {"decompose": [{"json": {"tasks": tasks}}]}, "agents": acts})


@dataclass(frozen=True)
class Place:
    """A project whose agent writes each start to a file outside the journal."""

    root: Path

    def start(self, *words: str, path: str = "") -> subprocess.Popen[bytes]:
        env = {"PATH": path + os.environ["PATH"], "HOME": os.environ["HOME"], "LANG": "C.UTF-8"}
        installed = str(Path(runner.__file__).resolve().parent.parent)
        with (self.root / "said.log").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "runner", *words],
                cwd=self.root, env={**env, "PYTHONPATH": installed}, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip

    def run(self) -> subprocess.Popen[bytes]:
        return self.start("run", "crash", "--workspace", "software")

    def name(self) -> str:
        with Journal.open(self.root / ".orch" / "journal.db") as journal:
            return next((str(row["run"]) for row in journal.runs()), "")

    def finished(self) -> set[str]:
        """Tasks whose result stands in the journal."""
        with Journal.open(self.root / ".orch" / "journal.db") as journal:
            return {str(data["task"]) for _, data in journal.entries(self.name(), "result")}

    def starts(self) -> list[str]:
        log = self.root / "starts.log"
        return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []

    def tree(self, software: str = "software") -> str:
        words = ("git", "-C", str(self.root / software), "rev-parse", "main^{tree}")
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    def left(self) -> list[str]:
        """Lock files, and processes that work in this folder."""
        locks = [str(path) for path in self.root.rglob("*.lock")]
        here = str(self.root)
        return locks + [link for pid in Path("/proc").glob("[0-9]*") if (link := cwd_of(pid)).startswith(here)]


def cwd_of(process: Path) -> str:
    try:
        return os.readlink(process / "cwd")
    except OSError:
        return ""


def make(root: Path) -> Place:
    for path, text in {
        "pipelines/crash.yaml": PIPELINE,
        "managers/notes.yaml": MANAGER,
        "scripted/double.yaml": script(),
    }.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Place(root)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, float]:
    """The tree of a run that nobody kills, and how many seconds it took."""
    place, began = make(tmp_path_factory.mktemp("undisturbed")), time.monotonic()
    assert place.run().wait(60) == 0, (place.root / "said.log").read_text()
    assert sorted(place.starts()) == sorted([*(f"notes_{name}" for name in TASKS), "notes_b"])
    return place.tree(), time.monotonic() - began


@pytest.mark.parametrize("seed", range(30))
def test_a_kill_at_a_random_moment_loses_and_repeats_nothing(
    tmp_path: Path, undisturbed: tuple[str, float], seed: int
) -> None:
    tree, seconds = undisturbed
    place = make(tmp_path)
    process = place.run()
    time.sleep(random.Random(seed).uniform(0.15, 1.0) * seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if not (tmp_path / ".orch" / "journal.db").exists() or not place.name():
        process = place.run()
        assert process.wait(60) == 0
    else:
        done, before = place.finished(), place.starts()
        again = place.start("resume", place.name()).wait(60)
        said = (tmp_path / "said.log").read_text()
        assert again in (0, 3), said
        assert again == 0 or "finished" in said
        assert {name for name in place.starts()[len(before) :] if name in done} == set()
    assert place.tree() == tree
    assert place.left() == []


DEADLY = """#!/bin/sh
case " $* " in *" init "* | *" config "* | *" hash-object "* | *" commit-tree "* | *" update-ref "* | *" read-tree "*)
  echo . >> "{count}"
  if [ $(wc -l < "{count}") -eq {number} ]; then kill -9 $PPID; sleep 1; exit 1; fi;;
esac
PATH="{path}" exec git "$@"
"""


@pytest.mark.parametrize(
    ("number", "given"),
    [*((number, ()) for number in (1, 4, 6, 7, 8)), (2, MINE := ("--workspace", "mine")), (7, MINE)],
)
def test_a_kill_while_the_workspace_is_made_leaves_one_workspace(
    tmp_path: Path, undisturbed: tuple[str, float], number: int, given: tuple[str, ...]
) -> None:
    """The git that orch calls ends orch instead of its number-th command that writes."""
    place, folder = make(tmp_path / "project"), tmp_path / "bin"
    folder.mkdir()
    deadly = folder / "git"
    deadly.write_text(DEADLY.format(count=tmp_path / "count", number=number, path=os.environ["PATH"]))
    deadly.chmod(0o755)
    assert place.start("run", "crash", *given, path=f"{folder}:").wait(60) == -signal.SIGKILL
    assert place.start("resume", place.name()).wait(60) == 0, (place.root / "said.log").read_text()
    made = [str(path.parent.relative_to(place.root)) for path in place.root.glob("**/.git") if path.is_dir()]
    beside = [str(path.relative_to(place.root)) for path in place.root.glob("out/*")]
    assert made == (["mine"] if given else beside)
    assert place.tree(made[0]) == undisturbed[0]
    assert place.left() == []
