"""What a second seat is worth: the same eight tasks of one group with one seat and with two, by the shipped doubles.

    python benchmarks/seats.py [--runs 5] [--delay 0.3] [--json out.json]

Each run is a whole `orch run` in a process and a folder of its own: real work trees, commits and merges; the agent is a
double that takes 0.3 s a task, and the check starts no process, so that the seats are measured and not the machine. The
goal is a ratio of at most 0.65 in the time from the first turn to the last merge (`schedule.seconds` of the report);
the wall time of the process stands beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TASKS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
DELAY = 0.3
GOAL = 0.65

PIPELINE = """\
version: 1
name: letters
managers: [letters]
limits: {time: 10m, agents: 4}
steps:
  list: {uses: command, with: {run: "true", output: none}}
  assign: {uses: assign, needs: [list], with: {tasks: "{{ steps.list.output }}"}}
  execute: {uses: execute, needs: [assign], with: {assignment: "{{ steps.assign.output }}"}}
"""
MANAGER = """\
version: 1
name: letters
description: Writes letters, each into a file of its own.
components: [{name: letters}]
handles: [{components: [letters]}]
specs:
  letter:
    schema:
      type: object
      required: [kind, letter]
      properties: {kind: {const: letter}, letter: {type: string}}
    identity: [letter]
    good: Write the letter alpha to letters/alpha.txt.
    bad: Write letters.
groups: [{name: letters}]
agents:
  use: [scripted/letters]
  seats: {max: SEATS}
  order_points: 2
checks:
  - {name: it is written, uses: file}
"""


@dataclass(frozen=True)
class Run:
    """One run with `seats` seats: seconds of the process, and of the tasks from first start to last end."""

    seats: int
    wall: float
    tasks: float
    most_at_once: int


def project(root: Path, seats: int, delay: float = DELAY) -> None:
    """Writes the project of the benchmark to `root`: eight independent tasks of one group."""
    listed = {"tasks": [_task(name) for name in TASKS]}
    acts = {
        f"letters_{name}": [{"writes": {f"letters/{name}.txt": f"letter {name}\n"}, "delay": delay}] for name in TASKS
    }
    files = {
        "pipelines/letters.yaml": PIPELINE,
        "managers/letters.yaml": MANAGER.replace("SEATS", str(seats)),
        "scripted/letters.yaml": json.dumps({"agents": acts}),
        "tasks.json": json.dumps(listed),
    }
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _task(name: str) -> dict[str, object]:
    return {
        "id": f"letters_{name}",
        "title": f"Write the letter {name}",
        "component": "letters",
        "action": "create",
        "requirements": ["R-1"],
        "outputs": [f"letters/{name}.txt"],
        "spec": {"kind": "letter", "letter": name},
    }


def measure(seats: int, delay: float) -> Run:
    """One run in a folder that is removed afterwards. Raises CalledProcessError when it fails."""
    with tempfile.TemporaryDirectory(prefix="orch-seats-") as name:
        root = Path(name)
        project(root, seats, delay)
        env = {"PATH": os.environ["PATH"], "HOME": name, "PYTHONPATH": str(CHECKOUT)}
        words = [sys.executable, "-m", "runner", "run", "letters", "--given", "list=tasks.json", "--progress", "quiet"]
        began = time.monotonic()
        subprocess.run(words, cwd=root, env=env, check=True, capture_output=True)
        wall = time.monotonic() - began
        (report,) = root.glob(".orch/runs/*/report.json")
        found = json.loads(report.read_text())["schedule"]
    return Run(seats, wall, found["seconds"], found["most_at_once"])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--delay", type=float, default=DELAY, help="seconds that the double takes for a task")
    options.add_argument("--json", type=Path, help="write the figures to this file")
    given = options.parse_args()
    runs = [measure(seats, given.delay) for _ in range(given.runs) for seats in (1, 2)]
    medians = {
        seats: {
            key: statistics.median(getattr(run, key) for run in runs if run.seats == seats) for key in ("tasks", "wall")
        }
        for seats in (1, 2)
    }
    ratios = {key: medians[2][key] / medians[1][key] for key in ("tasks", "wall")}
    print(f"{len(TASKS)} tasks of {given.delay:g} s, medians of {given.runs} interleaved runs\n")
    print(f"{'':14}{'one seat':>10}{'two seats':>11}{'ratio':>8}")
    for key, word in (("tasks", "tasks"), ("wall", "whole process")):
        print(f"{word:14}{medians[1][key]:>8.2f} s{medians[2][key]:>9.2f} s{ratios[key]:>8.2f}")
    print(f"\ngoal: {GOAL} for the tasks, {'met' if ratios['tasks'] <= GOAL else 'missed'}")
    if given.json:
        figures = {"goal": GOAL, "ratio": ratios, "medians": medians, "runs": [asdict(run) for run in runs]}
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
