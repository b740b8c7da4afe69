"""One seat or two for a group (DESIGN 5): parts that share neither an output nor a path, packed by points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from runner.managing.globs import is_glob, overlap
from runner.managing.ranks import topological
from runner.records import SeatPolicy, Task

MIN_POINTS = 2
"""A second seat is worth its session only if each seat has at least so many points of its own parts."""

MOST_ASIDE = 32
"""So many sources and sinks are set aside at most: a group that is one part even then (a chain) stays on one seat."""

Paths = Mapping[str, frozenset[str]]
"""For each task of a group the nearest tasks of the group that it waits for, also through tasks of other groups."""


def split(tasks: Sequence[Task], paths: Paths, policy: SeatPolicy) -> tuple[tuple[str, ...], ...]:
    """The task ids of each seat, one seat or two. `second_from` counts the whole group, both numbers."""
    whole = (tuple(task.id for task in tasks),)
    if policy.max < 2 or len(tasks) < policy.tasks or sum(task.points for task in tasks) < policy.points:
        return whole
    first, parts, last = _opened(tasks, paths)
    one, two = _packed(parts)
    if min(_points(one), _points(two)) < MIN_POINTS:
        return whole
    one = [*first, *one]
    (two if _points(two) < _points(one) else one).extend(last)
    place = {task.id: index for index, task in enumerate(tasks)}
    return tuple(tuple(sorted((task.id for task in seat), key=place.__getitem__)) for seat in (one, two))


def why(tasks: Sequence[Task], number: int, policy: SeatPolicy) -> str:
    """Why `split` gave a group so many seats."""
    points = _points(tasks)
    if number > 1:
        many = f"{len(tasks)} tasks (a second from {policy.tasks}) and {points} points (from {policy.points})"
        return f"{number} seats: {many}"
    if points < policy.points:
        return f"1 seat: {_are(points, 'point')} below second_from.points {policy.points}"
    if len(tasks) < policy.tasks:
        return f"1 seat: {_are(len(tasks), 'task')} below second_from.tasks {policy.tasks}"
    if policy.max < 2:
        return f"1 seat: seats.max is {policy.max}"
    return f"1 seat: its tasks share files or wait for each other, so that no two parts of {MIN_POINTS} points are left"


def _are(number: int, word: str) -> str:
    return f"{number} {word} is" if number == 1 else f"{number} {word}s are"


def in_group_paths(groups: Iterable[Sequence[str]], after: Mapping[str, Sequence[str]]) -> list[Paths]:
    """For each group: who waits for whom inside it, also through tasks of other groups."""
    members = [list(group) for group in groups]
    order = topological(dict.fromkeys([*after, *(name for names in after.values() for name in names)]), after)
    return [_reached(group, order, after) for group in members]


def _reached(group: list[str], order: list[str], after: Mapping[str, Sequence[str]]) -> Paths:
    # One bit for each task of the group: the sets of ancestors are united by one machine operation.
    bits = {name: 1 << index for index, name in enumerate(group)}
    reached: dict[str, int] = {}
    waits = dict.fromkeys(group, 0)
    for name in order:
        carried = reached.pop(name, 0)
        if name in bits:
            waits[name] = carried
            carried = bits[name]
        if carried:
            for later in after.get(name, ()):
                reached[later] = reached.get(later, 0) | carried
    return {name: frozenset(_names(mask, group)) for name, mask in waits.items()}


def _names(mask: int, group: list[str]) -> Iterable[str]:
    while mask:
        low = mask & -mask
        yield group[low.bit_length() - 1]
        mask ^= low


def _opened(tasks: Sequence[Task], paths: Paths) -> tuple[list[Task], list[list[Task]], list[Task]]:
    """Sources set aside, the parts of what is left, sinks set aside."""
    first: list[Task] = []
    last: list[Task] = []
    left = list(tasks)
    parts = _parts(left, paths)
    while len(parts) == 1 and len(left) > 2 and len(first) + len(last) < MOST_ASIDE:
        source = _shared_source(left, paths)
        sink = None if source and _splits(source, left, paths) else _joining_sink(left, paths)
        if sink is None and source is None:
            break
        if sink is not None:
            last.append(sink)
            left = _without(left, sink)
        elif source is not None:
            first.append(source)
            left = _without(left, source)
        parts = _parts(left, paths)
    return first, parts, last


def _shared_source(left: list[Task], paths: Paths) -> Task | None:
    """The task that waits for none of the others and that most others need; None when nobody needs anything."""
    names = {task.id for task in left}
    needed = Counter(before for task in left for before in paths[task.id])
    sources = [task for task in left if needed[task.id] and names.isdisjoint(paths[task.id])]
    return max(sources, key=lambda task: needed[task.id], default=None)


def _joining_sink(left: list[Task], paths: Paths) -> Task | None:
    """A task that nobody else needs and without which several parts are left; those that join most are tried."""
    needed = {before for task in left for before in paths[task.id]}
    sinks = [task for task in reversed(left) if task.id not in needed and len(paths[task.id]) > 1]
    sinks.sort(key=lambda task: -len(paths[task.id]))
    return next((sink for sink in sinks[:MOST_ASIDE] if _splits(sink, left, paths)), None)


def _splits(task: Task, left: list[Task], paths: Paths) -> bool:
    return len(_parts(_without(left, task), paths)) > 1


def _without(tasks: list[Task], gone: Task) -> list[Task]:
    return [task for task in tasks if task is not gone]


def _parts(tasks: Sequence[Task], paths: Paths) -> list[list[Task]]:
    """The tasks in parts that share no output and no path, in the order of their first tasks."""
    root = {task.id: task.id for task in tasks}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for one, other in _joined(tasks, paths):
        if one in root and other in root:
            root[find(other)] = find(one)
    parts: dict[str, list[Task]] = {}
    for task in tasks:
        parts.setdefault(find(task.id), []).append(task)
    return list(parts.values())


def _joined(tasks: Sequence[Task], paths: Paths) -> Iterable[tuple[str, str]]:
    writers: dict[str, str] = {}
    for task in tasks:
        yield from ((before, task.id) for before in paths[task.id])
        for output in task.outputs:
            if output in writers:
                yield writers[output], task.id
            writers[output] = task.id
    for glob in filter(is_glob, writers):
        yield from ((writers[glob], writers[other]) for other in writers if overlap(glob, other))


def _packed(parts: list[list[Task]]) -> tuple[list[Task], list[Task]]:
    """Two seats: each part, the largest first, goes to the seat with fewer points."""
    seats: tuple[list[Task], list[Task]] = ([], [])
    loads = [0, 0]
    for points, part in sorted(((_points(part), part) for part in parts), key=lambda pair: -pair[0]):
        lighter = 0 if loads[0] <= loads[1] else 1
        seats[lighter].extend(part)
        loads[lighter] += points
    return seats


def _points(tasks: Iterable[Task]) -> int:
    return sum(task.points for task in tasks)
