"""Whose lines a task may remove: its own, of what it needs, and, later in a run, of what needs it or what it fixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runner.records import Assignment, JsonObject


class Relations:
    """Needs of an assignment, followed all the way; soft edges are an order of work and no need."""

    def __init__(self, assignment: Assignment, plan: JsonObject | None) -> None:
        self._tasks = {task.id: task for task in assignment.tasks}
        self._plan = plan or {}
        self._before: dict[str, list[str]] = {}
        self._after: dict[str, list[str]] = {}
        for edge in assignment.edges:
            if not edge.soft:
                self._before.setdefault(edge.after, []).append(edge.before)
                self._after.setdefault(edge.before, []).append(edge.after)

    def needs(self, task: str) -> frozenset[str]:
        """All that the task needs, directly or not."""
        return _closure(task, self._before)

    def dependents(self, task: str) -> frozenset[str]:
        """All that needs the task, directly or not."""
        return _closure(task, self._after)

    def fixes(self, task: str) -> frozenset[str]:
        """For a task whose action is `fix`: the tasks that serve a requirement of what it repairs."""
        one = self._tasks[task]
        if one.action != "fix":
            return frozenset()
        wanted = self._requirements(one.requirements)
        return frozenset(name for name, other in self._tasks.items() if self._requirements(other.requirements) & wanted)

    def may_remove(self, task: str, *, reopened: bool) -> frozenset[str]:
        """The tasks whose lines a merge of `task` may remove; `reopened`: it was merged in an earlier round."""
        later = self.dependents(task) if reopened else frozenset()
        return frozenset({task}) | self.needs(task) | self.fixes(task) | later

    def _requirements(self, ids: Iterable[str]) -> set[str]:
        """The ids, and the requirements that the criteria and constraints among them belong to."""
        found = set(ids)
        stated: Sequence[Mapping[str, Sequence[str]]] = [
            *self._plan.get("criteria", ()),
            *self._plan.get("constraints", ()),
        ]
        for entry in stated:
            if entry["id"] in found:
                found |= set(entry.get("requirements", ()))
        return found


def _closure(start: str, edges: Mapping[str, list[str]]) -> frozenset[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        fresh = [name for name in edges.get(pending.pop(), ()) if name not in found]
        found.update(fresh)
        pending.extend(fresh)
    return frozenset(found - {start})
