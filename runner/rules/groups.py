"""ORC405 unreachable_group, ORC406 rest_group, ORC407 idle_second_seat, ORC408 parallel_over_limit: groups and seats.

Bad: a group after the one without `match`; a last group with `match`, so that tasks fall through; `second_from` with
`max: 1`. Good: the first match wins, and the last group takes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.load import Loaded
from runner.records import Manager, Problem
from runner.records.catalogue import finding

_DEFAULT_AGENTS = 8


def judge(loaded: Loaded) -> Iterator[Problem]:
    """What is wrong with the groups and seats of each manager."""
    for name, manager in loaded.managers.items():
        yield from _groups(loaded, name, manager)
        yield from _seats(loaded, name)
        yield from _parallel(loaded, name, manager)


def _groups(loaded: Loaded, name: str, manager: Manager) -> Iterator[Problem]:
    for index, group in enumerate(manager.groups):
        where, pointer = loaded.in_manager(name, "groups", index), f"/groups/{index}"
        before = manager.groups[:index]
        taker = next((g for g in before if g.match is None or g.match == group.match or g.name == group.name), None)
        if taker is not None:
            why = "takes everything" if taker.match is None else "matches the same, and comes first"
            why = "has the same name" if taker.name == group.name else why
            message = f'group "{group.name}" is unreachable: "{taker.name}" {why}'
            yield finding("ORC405", message, where, pointer=pointer, hint="move it up, or remove it")
    if manager.groups and manager.groups[-1].match is not None:
        last = len(manager.groups) - 1
        message = f'the last group "{manager.groups[-1].name}" has "match": tasks would fall through'
        where = loaded.in_manager(name, "groups", last, "match", key=True)
        yield finding("ORC406", message, where, pointer=f"/groups/{last}/match", hint="end with a group without match")


def _seats(loaded: Loaded, name: str) -> Iterator[Problem]:
    data = loaded.data[name]
    holders: list[tuple[tuple[str | int, ...], object]] = [(("agents",), data.get("agents", {}))]
    holders += [(("groups", i, "agents"), group.get("agents", {})) for i, group in enumerate(data.get("groups", ()))]
    for base, holder in holders:
        seats = holder.get("seats", {}) if isinstance(holder, dict) else {}
        if seats.get("max") == 1 and "second_from" in seats:
            where = loaded.in_manager(name, *base, "seats", "second_from", key=True)
            yield finding("ORC407", '"second_from" means nothing with "max: 1"', where, hint="remove one of them")


def _parallel(loaded: Loaded, name: str, manager: Manager) -> Iterator[Problem]:
    limit = loaded.pipeline.limits.agents if loaded.pipeline is not None else None
    if limit is not None and manager.agents.parallel > limit and "parallel" in loaded.data[name].get("agents", {}):
        where = loaded.in_manager(name, "agents", "parallel")
        message = f'"parallel" of "{name}" is {manager.agents.parallel}, and at most {limit} agents run at once'
        yield finding("ORC408", message, where, hint="lower it, or raise limits.agents")
