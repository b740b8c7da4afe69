"""What waits for what: declared needs, typed references, inputs and `after` become edges (SPECS.md, Dependencies).

Typed fields only; prose never makes an edge. Every problem names its task as `owner` and its place as `pointer`.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runner.managing.fields import found, identity, named
from runner.managing.globs import is_glob, overlap
from runner.managing.ranks import successors, topological
from runner.managing.select import Choice, choose, matches
from runner.needs import find_cycle
from runner.records import Edge, Kind, Manager, Problem, Reference, Task

Maker = tuple[str, str]
"""A kind and an identity."""


@dataclass(slots=True)
class Index:
    """The tasks by what they make: identities (created, and touched later), files."""

    tasks: Mapping[str, Task]
    kinds: Mapping[str, Kind]
    creators: dict[Maker, list[str]] = field(default_factory=dict)
    touchers: dict[Maker, list[str]] = field(default_factory=dict)
    writers: dict[str, list[str]] = field(default_factory=dict)


def edges(
    tasks: Sequence[Task], managers: Mapping[str, Manager], choices: Mapping[str, Choice | None] | None = None
) -> tuple[tuple[Edge, ...], list[Problem]]:
    """Every edge once, with the first reason that made it, and the problems of needs, references and identities.

    `choices` are those of `select.choose`, where they are known already. Soft edges stand last; one that would close a
    cycle is dropped. Cycles of hard edges are left for `circles`.
    """
    index = index_of(tasks, managers)
    problems = [*_double_creators(index)]
    hard: dict[tuple[str, str], Edge] = {}
    soft: dict[tuple[str, str], Edge] = {}
    for edge in _task_edges(index, problems):
        (soft if edge.soft else hard).setdefault((edge.before, edge.after), edge)
    for edge in _after(index, managers, choices, hard):
        soft.setdefault((edge.before, edge.after), edge)
    kept = _without_closing(list(index.tasks), hard.values(), [edge for pair, edge in soft.items() if pair not in hard])
    return (*hard.values(), *kept), problems


def index_of(tasks: Sequence[Task], managers: Mapping[str, Manager]) -> Index:
    """The tasks by identity and by file."""
    kinds = kinds_of(managers)
    index = Index(tasks={task.id: task for task in tasks}, kinds=kinds)
    for task in tasks:
        maker = maker_of(task, kinds)
        if maker is not None:
            held = index.creators if task.action == "create" else index.touchers
            held.setdefault(maker, []).append(task.id)
        for output in task.outputs:
            index.writers.setdefault(output, []).append(task.id)
    return index


def kinds_of(managers: Mapping[str, Manager]) -> dict[str, Kind]:
    """Every kind that one of the managers declares, by name."""
    return {name: kind for manager in managers.values() for name, kind in manager.specs.items()}


def maker_of(task: Task, kinds: Mapping[str, Kind]) -> Maker | None:
    """What the task makes or touches: its kind and identity; None where its kind is not known or a field is missing."""
    kind = kinds.get(task.kind)
    name = identity(task.spec, kind.identity) if kind else ""
    return (task.kind, name) if name else None


def _task_edges(index: Index, problems: list[Problem]) -> Iterator[Edge]:
    for place, task in enumerate(index.tasks.values()):
        yield from _after_create(task, index)
        yield from _referred(task, place, index, problems)
        yield from _from_inputs(task, index)
        yield from _declared(task, place, index, problems)


def _double_creators(index: Index) -> Iterator[Problem]:
    for (kind, name), makers in index.creators.items():
        if len(makers) > 1:
            yield Problem(
                "ORC454",
                "owned_outputs",
                f'{" and ".join(makers)} both create {kind} "{name}"',
                pointer=f"/tasks/{list(index.tasks).index(makers[1])}",
                hint='let one create it; the others say "action: change" or go',
                owner=makers[1],
            )


def _after_create(task: Task, index: Index) -> Iterator[Edge]:
    maker = maker_of(task, index.kinds) if task.action != "create" else None
    for creator in index.creators.get(maker, ()) if maker else ():
        yield Edge(before=creator, after=task.id, why=f"{task.action} after create")


def _referred(task: Task, place: int, index: Index, problems: list[Problem]) -> Iterator[Edge]:
    kind = index.kinds.get(task.kind)
    for reference in kind.references if kind else ():
        for pointer, value in found(task.spec, reference.at):
            makers = _makers(str(value), reference, index)
            if not makers and not reference.soft:
                problems.append(_unresolved(task, place, pointer, str(value), reference, index))
            why = ".".join(map(str, pointer))
            yield from (Edge(before=m, after=task.id, why=why, soft=reference.soft) for m in makers if m != task.id)


def _makers(value: str, reference: Reference, index: Index) -> list[str]:
    name = named(value)
    return [maker for kind in reference.kinds for maker in index.creators.get((kind, name), ())]


def _unresolved(
    task: Task, place: int, pointer: tuple[str | int, ...], value: str, reference: Reference, index: Index
) -> Problem:
    known = sorted({name for kind, name in index.creators if kind in reference.kinds})
    close = difflib.get_close_matches(named(value), known, n=1)
    meant = f'; did you mean "{close[0]}"?' if close else ""
    kinds = " or ".join(reference.kinds)
    return Problem(
        "ORC453",
        "resolvable_references",
        f'{task.id}: nothing creates {kinds} "{value}" ({".".join(map(str, pointer))}){meant}',
        pointer=f"/tasks/{place}/spec/" + "/".join(map(str, pointer)),
        hint=f"created are: {', '.join(known)}" if known else f"no task creates any {kinds}",
        owner=task.id,
    )


def _from_inputs(task: Task, index: Index) -> Iterator[Edge]:
    for path in task.inputs:
        for writer in _writers(path, index):
            if writer != task.id and _reads_from(task, path, index.tasks[writer]):
                yield Edge(before=writer, after=task.id, why=f"inputs: {path}")


def _writers(path: str, index: Index) -> Iterable[str]:
    if not is_glob(path) and path in index.writers:
        return index.writers[path]
    return [name for output, names in index.writers.items() if _may_meet(path, output) for name in names]


def _may_meet(path: str, output: str) -> bool:
    return (is_glob(path) or is_glob(output)) and overlap(path, output)


def _reads_from(task: Task, path: str, writer: Task) -> bool:
    # Two that both write the file would wait for each other: who creates it goes first, then nobody is preferred.
    if path not in task.outputs:
        return True
    return task.action != "create" and writer.action == "create"


def _declared(task: Task, place: int, index: Index, problems: list[Problem]) -> Iterator[Edge]:
    for number, need in enumerate(task.needs):
        pointer = f"/tasks/{place}/needs/{number}"
        if need == task.id:
            problems.append(_need_problem(task, f"{task.id} needs itself", pointer, "take it out"))
        elif need not in index.tasks:
            close = difflib.get_close_matches(need, list(index.tasks), n=1)
            meant = f'; did you mean "{close[0]}"?' if close else ""
            problems.append(_need_problem(task, f'{task.id} needs "{need}", which is no task{meant}', pointer, ""))
        else:
            if index.tasks[need].component != task.component:
                problems.append(_foreign_need(task, need, pointer))
            yield Edge(before=need, after=task.id, why="needs")


def _need_problem(task: Task, message: str, pointer: str, hint: str) -> Problem:
    hint = hint or '"needs" names tasks of the same component; what others make is named by a reference or by "inputs"'
    return Problem("ORC453", "resolvable_references", message, pointer=pointer, hint=hint, owner=task.id)


def _foreign_need(task: Task, need: str, pointer: str) -> Problem:
    return Problem(
        "ORC453",
        "resolvable_references",
        f'{task.id} needs "{need}" of another component',
        severity="warning",
        pointer=pointer,
        hint='across components say it by a reference of the spec, or by "inputs"',
        owner=task.id,
    )


def _after(
    index: Index,
    managers: Mapping[str, Manager],
    choices: Mapping[str, Choice | None] | None,
    hard: Iterable[tuple[str, str]],
) -> Iterator[Edge]:
    if not any(manager.after for manager in managers.values()):
        return
    owned: dict[str, list[Task]] = {}
    for task in index.tasks.values():
        choice = choices[task.id] if choices is not None else choose(task, managers)
        owned.setdefault(choice.manager if choice else "", []).append(task)
    for manager in managers.values():
        if manager.after and manager.name in owned:
            yield from _manager_after(manager, owned, hard)


def _manager_after(
    manager: Manager, owned: Mapping[str, list[Task]], hard: Iterable[tuple[str, str]]
) -> Iterator[Edge]:
    others = (task for name, tasks in owned.items() if name != manager.name for task in tasks)
    before = {task.id for task in others if any(matches(match, task) for match in manager.after)}
    # The last of them are enough: what they wait for is done earlier anyway.
    before -= {one for one, later in hard if later in before}
    for task in owned[manager.name]:
        yield from (Edge(before=b, after=task.id, why=f"after of {manager.name}", soft=True) for b in sorted(before))


def _without_closing(names: list[str], hard: Iterable[Edge], soft: list[Edge]) -> list[Edge]:
    """The soft edges without those that would close a cycle with what is there already."""
    hard = list(hard)
    if not soft or len(topological(names, successors([*hard, *soft]))) == len(names):
        return soft
    after = successors(hard)
    kept = []
    for edge in soft:
        if edge.before not in reachable(edge.after, after):
            kept.append(edge)
            after.setdefault(edge.before, []).append(edge.after)
    return kept


def reachable(name: str, after: Mapping[str, Iterable[str]]) -> set[str]:
    """The task itself and all that waits for it, directly or through others."""
    seen = {name}
    stack = [name]
    while stack:
        for later in after.get(stack.pop(), ()):
            if later not in seen:
                seen.add(later)
                stack.append(later)
    return seen


def circles(tasks: Sequence[Task], found: Iterable[Edge]) -> list[Problem]:
    """What can never start: a declared need against an inferred edge (ORC457), else one cycle as a path (ORC456)."""
    hard = {(edge.before, edge.after): edge.why for edge in found if not edge.soft}
    place = {task.id: number for number, task in enumerate(tasks)}
    against = [
        pair for pair, why in hard.items() if why == "needs" and hard.get((pair[1], pair[0]), "needs") != "needs"
    ]
    problems = [_contradiction(before, after, hard[after, before], place) for before, after in against]
    needs: dict[str, list[str]] = {task.id: [] for task in tasks}
    for before, after in hard:
        if (before, after) not in against:
            needs[after].append(before)
    cycle = find_cycle(needs)
    return [*problems, *([_cycle(cycle, hard, place)] if cycle else [])]


def _contradiction(before: str, after: str, why: str, place: Mapping[str, int]) -> Problem:
    return Problem(
        "ORC457",
        "contradicting_need",
        f'{after}: "needs" says that {before} is first, {why} of {before} says that {after} is first',
        pointer=f"/tasks/{place[after]}/needs",
        hint=f'take {before} out of the "needs" of {after}',
        owner=after,
    )


def _cycle(cycle: Sequence[str], hard: Mapping[tuple[str, str], str], place: Mapping[str, int]) -> Problem:
    steps = [f"{cycle[0]}"] + [f"{to} ({hard[to, one]})" for one, to in itertools.pairwise(cycle)]
    return Problem(
        "ORC456",
        "task_cycle",
        f"tasks need each other: {' -> '.join(steps)}",
        pointer=f"/tasks/{place[cycle[0]]}",
        hint="take one of these needs, references or inputs out",
        owner=cycle[0],
    )
