"""Write exclusion and shared resources: who holds which file or unit, and what a task would have to wait for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.managing.globs import is_glob, overlap
from runner.records import Task


class Holdings:
    """What running tasks hold: their outputs (a glob holds all it overlaps) and units of named resources."""

    def __init__(
        self, tasks: Iterable[Task], capacities: Mapping[str, int], demands: Mapping[str, Mapping[str, int]]
    ) -> None:
        self._outputs = {task.id: task.outputs for task in tasks}
        self._meets = _meetings(self._outputs.values())
        self._holders: dict[str, set[str]] = {}
        self._free = dict(capacities)
        self._demands = demands
        self._used: set[str] = set()

    def blocker(self, task: str, mates: Iterable[str] = ()) -> str:
        """What the task has to wait for ("file app.py", "resource gpu"), or ""; `mates` are of its own order."""
        for resource, amount in self._demands.get(task, {}).items():
            if self._free[resource] < amount:
                return f"resource {resource}"
        own = {task, *mates}
        for output in self._outputs[task]:
            for met in self._meets.get(output, (output,)):
                if self._holders.get(met, own) - own:
                    return f"file {met}"
        return ""

    def holders(self, blocker: str) -> tuple[str, ...]:
        """The tasks that hold the file which `blocker` names."""
        return tuple(sorted(self._holders.get(blocker.removeprefix("file "), ())))

    def demands(self, task: str) -> bool:
        """Whether it wants units of a resource."""
        return bool(self._demands.get(task))

    def hold(self, task: str) -> None:
        """The task is in an order now."""
        self._used.add(task)
        for output in self._outputs[task]:
            self._holders.setdefault(output, set()).add(task)
        for resource, amount in self._demands.get(task, {}).items():
            self._free[resource] -= amount

    def free(self, task: str) -> list[str]:
        """The task holds nothing any more; what may wait for it, named as by `blocker`. Twice is once."""
        if task not in self._used:
            return []
        self._used.remove(task)
        freed = []
        for output in self._outputs[task]:
            self._holders[output].discard(task)
            if not self._holders[output]:
                del self._holders[output]
                freed.append(f"file {output}")
        for resource, amount in self._demands.get(task, {}).items():
            self._free[resource] += amount
            freed.append(f"resource {resource}")
        return freed


def _meetings(outputs: Iterable[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """For each output that overlaps others: all that it overlaps, itself included. Only globs make that happen."""
    names = dict.fromkeys(name for task in outputs for name in task)
    meets: dict[str, list[str]] = {}
    for glob in filter(is_glob, names):
        for other in names:
            if overlap(glob, other):
                meets.setdefault(glob, []).append(other)
                if not is_glob(other):
                    meets.setdefault(other, [other]).append(glob)
    return {name: tuple(others) for name, others in meets.items()}
