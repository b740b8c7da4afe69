"""A cycle of references inside one kind (tables that hold foreign keys of each other) becomes create + alter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.managing.fields import found, named
from runner.managing.references import index_of, kinds_of, maker_of
from runner.needs import find_cycle
from runner.records import JsonObject, Kind, Manager, Reference, Task

_NUMBER = re.compile(r"^\d+(?=\D)")


def open_cycles(tasks: Sequence[Task], managers: Mapping[str, Manager]) -> list[Task]:
    """The tasks; where references of one kind close a cycle, the earliest task on it is split in two.

    Its items that close the cycle (`foreign_keys.1`) move to a second task, "action: change", that waits for both.
    Only references of the form `LIST.*.FIELD`, where the schema does not require LIST, can be moved.
    """
    opened = list(tasks)
    while (cycle := _cycle(opened, managers)) is not None:
        position = {task.id: place for place, task in enumerate(opened)}
        first = min(cycle, key=position.__getitem__)
        first_needs = cycle[cycle.index(first) + 1]
        opened[position[first] : position[first] + 1] = _split(opened[position[first]], first_needs, opened, managers)
    return opened


def _cycle(tasks: Sequence[Task], managers: Mapping[str, Manager]) -> tuple[str, ...] | None:
    kinds = kinds_of(managers)
    movable = {task.id: own for task in tasks if (own := _movable(task, kinds))}
    index = index_of([task for task in tasks if task.id in movable], managers)
    needs: dict[str, list[str]] = {}
    for name, references in movable.items():
        task = index.tasks[name]
        for reference in references:
            for _, value in found(task.spec, reference.at):
                makers = index.creators.get((task.kind, named(str(value))), ())
                needs.setdefault(name, []).extend(maker for maker in makers if maker != name)
    return find_cycle(needs) if needs else None


def _movable(task: Task, kinds: Mapping[str, Kind]) -> list[Reference]:
    kind = kinds.get(task.kind)
    if kind is None or task.action != "create":
        return []
    return [one for one in kind.references if task.kind in one.kinds and not one.soft and _is_movable(one, kind)]


def _is_movable(reference: Reference, kind: Kind) -> bool:
    parts = reference.at.split(".")
    return len(parts) == 3 and parts[1] == "*" and parts[0] not in kind.schema.get("required", ())


def _split(task: Task, other: str, tasks: Sequence[Task], managers: Mapping[str, Manager]) -> list[Task]:
    index = index_of(tasks, managers)
    maker = maker_of(index.tasks[other], index.kinds)
    name = maker[1] if maker else ""
    kept, moved = dict(task.spec), dict[str, list[JsonObject]]()
    for reference in _movable(task, index.kinds):
        key, _, leaf = reference.at.split(".")
        items = kept.get(key, [])
        moved[key] = [item for item in items if named(str(item.get(leaf))) == name]
        kept[key] = [item for item in items if item not in moved[key]]
    return [replace(task, spec=kept), _alter(task, other, moved, index.kinds[task.kind])]


def _alter(task: Task, other: str, moved: Mapping[str, list[JsonObject]], kind: Kind) -> Task:
    required = kind.schema.get("required", ())
    said = {"kind", *required, *(path.split(".")[0] for path in kind.identity)}
    spec = {key: value for key, value in task.spec.items() if key in said}
    spec.update({key: items for key, items in moved.items() if items})
    outputs = tuple(_later_file(path) for path in task.outputs)
    if task.spec.get("file"):
        spec["file"] = _later_file(str(task.spec["file"]))
    return replace(
        task,
        id=f"{task.id}_to_{other}"[:63],
        title=f"Alter {task.title}: {', '.join(key for key in moved if moved[key])} to what {other} creates",
        action="change",
        complexity="low",
        spec=spec,
        outputs=outputs,
        checks=(),
    )


def _later_file(path: str) -> str:
    """A numbered migration must sort behind the one that creates the other side: its number starts with 9."""
    folder, _, name = path.rpartition("/")
    stem, dot, ending = name.partition(".")
    numbered = _NUMBER.sub(lambda digits: "9" + digits.group()[1:], stem)
    return f"{folder}/{numbered}_alter{dot}{ending}" if folder else f"{numbered}_alter{dot}{ending}"
