"""The main job offline: `orch run fullstack --request examples/chirp/spec.md --offline` from a folder of its own.

    python benchmarks/main_job.py [--request FILE] [--runs 1] [--json out.json]

Wall time of the run, CPU and peak memory of orch's own process and of the children that it waited for (git; what runs
inside a sandbox ends with it, and the kernel counts it for nobody). `own` is the wall time in which no check was
running: the blueprint's checks start servers, databases and the generated tests, several side by side, so that their
sum may be more than the wall time. Goal: own time <= 5 s, peak <= 250 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
REQUEST = CHECKOUT / "examples" / "chirp" / "spec.md"
COUNTED = """\
import atexit, json, resource, runpy, sys
kept = sys.argv.pop(1)
def keep():
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    used = {"own_cpu": own.ru_utime + own.ru_stime, "children_cpu": others.ru_utime + others.ru_stime}
    json.dump({**used, "own_peak": own.ru_maxrss / 1024, "largest_child": others.ru_maxrss / 1024}, open(kept, "w"))
atexit.register(keep)
runpy.run_module("runner", run_name="__main__")
"""


@dataclass(frozen=True)
class Figures:
    """Seconds and MiB of one run; `own` without checks, `generated_tests` in checks that run the generated tests."""

    wall: float
    own: float
    checks: float
    generated_tests: float
    own_cpu: float
    children_cpu: float
    own_peak: float
    largest_child: float
    exit_code: int
    tasks: int
    load: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--request", type=Path, default=REQUEST)
    options.add_argument("--runs", type=int, default=1)
    options.add_argument("--json", type=Path, help="write the figures to this file")
    given = options.parse_args()
    runs = [measure(given.request.resolve()) for _ in range(given.runs)]
    names = list(asdict(runs[0]))
    medians = {name: statistics.median(getattr(run, name) for run in runs) for name in names}
    print(f"{given.request.name}, medians of {given.runs}; the machine's load was {medians['load']:.1f}\n")
    for name, value in medians.items():
        print(f"{name.replace('_', ' '):16}{value:>9.1f} {unit(name)}")
    if given.json:
        given.json.write_text(json.dumps({"medians": medians, "runs": [asdict(run) for run in runs]}, indent=2) + "\n")


def unit(name: str) -> str:
    """What a figure is counted in."""
    if name in ("tasks", "exit_code", "load"):
        return ""
    return "MiB" if name in ("own_peak", "largest_child") else "s"


def measure(request: Path) -> Figures:
    """One run in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="orch-main-") as name:
        root = Path(name)
        began, load = time.monotonic(), os.getloadavg()[0]
        used = _started(root, request)
        wall = time.monotonic() - began
        (report,) = root.glob(".orch/runs/*/report.json")
        tasks = json.loads(report.read_text())["tasks"]
        checks = _checks(root)
    tests = [end - start for (_, check, _), (start, end) in checks.items() if re.search(r"\btests?\b", check)]
    return Figures(
        wall=wall,
        own=wall - covered(checks.values()),
        checks=sum(end - start for start, end in checks.values()),
        generated_tests=sum(tests),
        tasks=len(tasks),
        load=load,
        **used,  # type: ignore[arg-type]
    )


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Seconds in which at least one of the spans was open."""
    seconds, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        seconds += max(0.0, end - max(start, until))
        until = max(until, end)
    return seconds


def _started(root: Path, request: Path) -> dict[str, float]:
    """How orch ended, and what it and its children used."""
    kept = root / "used.json"
    words = ["run", "fullstack", "--request", str(request), "--offline", "--progress", "quiet"]
    env = {"PATH": os.environ["PATH"], "HOME": str(root), "PYTHONPATH": str(CHECKOUT)}
    ended = subprocess.run(
        [sys.executable, "-c", COUNTED, str(kept), *words], cwd=root, env=env, check=False, capture_output=True
    )
    used: dict[str, float] = json.loads(kept.read_text())
    return {**used, "exit_code": ended.returncode}


def _checks(root: Path) -> dict[tuple[str, str, float], tuple[float, float]]:
    """When each check ran: by task, name and seconds, since what is known of a tree is said again without running."""
    journal = sqlite3.connect(root / ".orch" / "journal.db")
    rows = journal.execute("SELECT at, subject, data FROM events WHERE kind = 'check_finished' ORDER BY seq").fetchall()
    journal.close()
    found: dict[tuple[str, str, float], tuple[float, float]] = {}
    for at, subject, text in rows:
        data = json.loads(text)
        found.setdefault((subject, data["name"], data["seconds"]), (at - data["seconds"], at))
    return found


if __name__ == "__main__":
    main()
