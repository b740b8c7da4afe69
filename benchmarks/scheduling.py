"""Scheduling quality and cost: the real dispatcher on a simulated clock.

    python benchmarks/scheduling.py --data FOLDER [--json out.json]

Instances: PSPLIB's RCPSP sets j30 and j60 (R. Kolisch, A. Sprecher, 1996; `.sm` files with `optimum.csv`), graphs of
the Standard Task Graph Set (Kasahara laboratory), and generated application graphs. Each activity is a seat of its own;
what an activity uses of a resource is a demand on a shared capacity. Durations are known, or known only up to lognormal
noise. The table shows makespan / optimum (or / lower bound, / best known) and the time of a decision.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.managing.assign import assign
from runner.managing.ranks import upward
from runner.managing.schedule import Dispatcher
from runner.records import (
    AgentPolicy,
    AssignedGroup,
    Assignment,
    Edge,
    Kind,
    Manager,
    Match,
    Reference,
    Seat,
    Task,
)


@dataclass(frozen=True)
class Instance:
    """Durations by task, edges, capacities and demands of resources; `best` is the optimum or a lower bound."""

    name: str
    durations: Mapping[str, float]
    edges: Sequence[tuple[str, str]]
    best: float
    capacities: Mapping[str, int] = field(default_factory=dict)
    demands: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    slots: int = 1_000_000


def read_sm(path: Path, best: float) -> Instance:
    """A PSPLIB single-mode file; the two dummy jobs are dropped."""
    lines = path.read_text().splitlines()
    links = _section(lines, "PRECEDENCE RELATIONS:", 2)
    requests = _section(lines, "REQUESTS/DURATIONS:", 3)
    amounts = [int(word) for word in _section(lines, "RESOURCEAVAILABILITIES:", 2)[0]]
    capacities = {f"R{place}": amount for place, amount in enumerate(amounts)}
    rows = {row[0]: [int(word) for word in row[2:]] for row in requests}
    durations = {job: float(row[0]) for job, row in rows.items() if row[0] > 0}
    demands = {job: {f"R{place}": amount for place, amount in enumerate(rows[job][1:]) if amount} for job in durations}
    edges = [(row[0], later) for row in links for later in row[3:] if row[0] in durations and later in durations]
    return Instance(path.name, durations, edges, best, capacities, demands)


def _section(lines: Sequence[str], title: str, skip: int) -> list[list[str]]:
    start = lines.index(title) + skip
    found = []
    for line in lines[start:]:
        if line.startswith("*"):
            break
        found.append(line.split())
    return found


def read_stg(path: Path, slots: int) -> Instance:
    """A Standard Task Graph; tasks of no duration weigh nothing. `best` is max(longest path, work / slots)."""
    rows = [[int(word) for word in line.split()] for line in path.read_text().splitlines()[1:] if line.split()]
    rows = [row for row in rows if len(row) > 2 and len(row) == 3 + row[2]]
    durations = {str(row[0]): float(row[1]) for row in rows}
    edges = [(str(before), str(row[0])) for row in rows for before in row[3:]]
    after: dict[str, list[str]] = {}
    for before, later in edges:
        after.setdefault(before, []).append(later)
    bound = max(max(upward(durations, after).values()), sum(durations.values()) / slots)
    return Instance(f"{path.name}/{slots}", durations, edges, bound, slots=slots)


def one_seat_each(instance: Instance) -> tuple[Assignment, Mapping[str, Manager]]:
    """The instance as an assignment in which every task has a seat of its own."""
    tasks = tuple(
        Task(id=name, title=name, component="x", spec={"kind": "x"}, complexity="high") for name in instance.durations
    )
    edges = tuple(Edge(before=before, after=after, why="needs") for before, after in instance.edges)
    groups = tuple(
        AssignedGroup(manager="x", name=name, tasks=(name,), seats=(Seat(id=f"x.{name}.1", tasks=(name,)),))
        for name in instance.durations
    )
    manager = Manager(name="x", description="", handles=(), agents=AgentPolicy(parallel=1_000_000, order_points=4))
    return Assignment(tasks=tasks, groups=groups, edges=edges), {"x": manager}


def simulate(dispatcher: Dispatcher, durations: Mapping[str, float]) -> float:
    """The makespan: tasks of an order run one after the other, each is finished at once at its end."""
    clock, number = 0.0, 0
    running: list[tuple[float, int, str, tuple[str, ...]]] = []
    while True:
        for order in dispatcher.take():
            number += 1
            heapq.heappush(running, (clock + durations[order.tasks[0]], number, order.id, order.tasks))
        if not running:
            break
        clock, _, order_id, tasks = heapq.heappop(running)
        dispatcher.finished_task(order_id, tasks[0], "verified")
        if len(tasks) > 1:
            heapq.heappush(running, (clock + durations[tasks[1]], number, order_id, tasks[1:]))
        else:
            dispatcher.release(order_id)
    if not dispatcher.finished:
        raise AssertionError(f"not everything ran: {dispatcher.waiting_for}")
    return clock


def ratio(instance: Instance, noise: float, seed: int) -> float:
    """Makespan / best; with noise the dispatcher sees the durations times a lognormal factor, never the true ones."""
    chance = random.Random(seed)
    guesses = {name: value * chance.lognormvariate(0, noise) for name, value in instance.durations.items()}
    assignment, managers = one_seat_each(instance)
    dispatcher = Dispatcher(
        assignment,
        managers,
        instance.slots,
        weights=guesses,
        capacities=instance.capacities,
        demands=instance.demands,
    )
    return simulate(dispatcher, instance.durations) / instance.best


def psplib(folder: Path) -> list[Instance]:
    """The instances of a set whose optimum is proven."""
    best = dict(line.split(",") for line in (folder / "optimum.csv").read_text().split())
    return [read_sm(folder / name, float(value)) for name, value in best.items() if ".." not in value]


def application(seed: int) -> tuple[list[Task], dict[str, Manager], dict[str, float]]:
    """A generated application of 20 to 120 tasks: tables, endpoints on them, components that call these, tests."""
    chance = random.Random(seed)
    size = chance.randint(20, 120)
    counts = {"table": size // 5, "endpoint": size * 2 // 5, "page": size // 5}
    counts["check"] = size - sum(counts.values())
    before = {"table": ["table"], "endpoint": ["table"], "page": ["endpoint", "page"], "check": ["endpoint", "page"]}
    tasks: list[Task] = []
    for kind, count in counts.items():
        for number in range(count):
            known = [task for task in tasks if task.kind in before[kind]]
            uses = chance.sample(known, min(len(known), chance.randint(0 if kind == "table" else 1, 3)))
            shared = ("app/routes.py",) if kind == "endpoint" and chance.random() < 0.1 else ()
            tasks.append(
                Task(
                    id=f"{kind}_{number}",
                    title=f"Create {kind} {number}",
                    component=kind,
                    complexity=chance.choice(["low", "medium", "medium", "high"]),
                    spec={"kind": kind, "name": f"{kind} {number}", "uses": [str(task.spec["name"]) for task in uses]},
                    outputs=(f"{kind}/{number}", *shared),
                )
            )
    durations = {task.id: task.points * chance.lognormvariate(0, 0.5) for task in tasks}
    return tasks, {kind: _manager(kind, tuple(counts)) for kind in counts}, durations


def _manager(name: str, kinds: tuple[str, ...]) -> Manager:
    references = (Reference(at="uses.*", kinds=kinds),)
    kind = Kind(name=name, schema={}, identity=("name",), good="", bad="", references=references)
    return Manager(name=name, description="", handles=(Match(kinds=(name,)),), specs={name: kind})


def application_ratio(seed: int, slots: int = 8, tries: int = 60) -> tuple[float, float, float]:
    """Makespan / best known: with seats; with seats and known durations; with one agent a task.

    The best known is the least of these and of `tries` schedules with random ranks that know the durations.
    """
    tasks, managers, durations = application(seed)
    assignment, problems = assign(tasks, managers)
    if problems:
        raise AssertionError(problems)
    alone = _unseated(assignment)
    blind = simulate(Dispatcher(assignment, managers, slots), durations)
    known = simulate(Dispatcher(assignment, managers, slots, weights=durations), durations)
    best = min(blind, known, *_tried(assignment, managers, durations, slots, tries))
    free = simulate(Dispatcher(alone, managers, slots), durations)
    best_free = min(free, *_tried(alone, managers, durations, slots, tries))
    return blind / best, known / best, free / best_free


def _tried(
    assignment: Assignment, managers: Mapping[str, Manager], durations: Mapping[str, float], slots: int, tries: int
) -> list[float]:
    chance = random.Random(0)
    found = []
    for _ in range(tries):
        weights = {task: value * chance.lognormvariate(0, 0.6) for task, value in durations.items()}
        found.append(simulate(Dispatcher(assignment, managers, slots, weights=weights), durations))
    return found


def _unseated(assignment: Assignment) -> Assignment:
    groups = [
        AssignedGroup(
            manager=group.manager, name=group.name, tasks=(task,), seats=(Seat(id=f"s.{task}", tasks=(task,)),)
        )
        for group in assignment.groups
        for task in group.tasks
    ]
    return Assignment(tasks=assignment.tasks, groups=tuple(groups), edges=assignment.edges)


def cost(count: int, slots: int = 64) -> dict[str, float]:
    """Milliseconds a task of the dispatcher alone, and seconds to make it, on a layered graph of `count` tasks."""
    chance = random.Random(1)
    names = [f"t{number}" for number in range(count)]
    edges = [
        (names[before], names[number])
        for number in range(100, count)
        for before in chance.sample(range(max(0, number - 400), number - 50), 2)
    ]
    instance = Instance("layers", dict.fromkeys(names, 1.0), edges, 1.0, slots=slots)
    assignment, managers = one_seat_each(instance)
    started = time.perf_counter()
    dispatcher = Dispatcher(assignment, managers, slots)
    made = time.perf_counter()
    simulate(dispatcher, instance.durations)
    return {"make_s": made - started, "ms_a_task": (time.perf_counter() - made) * 1000 / count}


def mean_ratio(instances: Sequence[Instance], noise: float) -> float:
    """The mean over the instances; with noise the mean over five seeds each."""
    seeds = range(1) if noise == 0 else range(5)
    return statistics.fmean(ratio(one, noise, seed) for one in instances for seed in seeds)


def rows(data: Path | None) -> dict[str, float]:
    """Every measured number by name."""
    found: dict[str, float] = {}
    if data is not None:
        for name in ("j30", "j60"):
            instances = psplib(data / name)
            found[f"{name} ({len(instances)})"] = mean_ratio(instances, 0.0)
            found[f"{name}, noise 0.5"] = mean_ratio(instances, 0.5)
        files = sorted(path for path in (data / "stg").iterdir() if path.suffix == ".stg")
        graphs = [read_stg(path, slots) for path in files for slots in (2, 4, 8, 16)]
        if graphs:
            found[f"stg ({len(graphs)}) / bound"] = mean_ratio(graphs, 0.0)
    ratios = [application_ratio(seed) for seed in range(20)]
    names = ("seats", "seats, durations known", "one agent a task")
    for name, values in zip(names, zip(*ratios, strict=True), strict=True):
        found[f"applications / best known, {name}"] = statistics.fmean(values)
    for count in (1_000, 10_000, 100_000):
        measured = cost(count)
        found[f"{count} tasks: ms a decision"] = measured["ms_a_task"]
        found[f"{count} tasks: s to rank"] = measured["make_s"]
    return found


def main(say: Callable[[str], None] = print) -> None:
    """Print the table; `--json` writes it too."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with j30/, j60/ and stg/")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    words = parser.parse_args()
    found = rows(words.data)
    width = max(map(len, found))
    for name, value in found.items():
        say(f"{name:<{width}}  {value:8.4f}")
    if words.json:
        words.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
