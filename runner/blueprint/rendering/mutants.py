"""Faults put into generated files, one for each place that enforces something (`mutants.yaml` of a pack)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runner.blueprint.rendering.endpoint import constant
from runner.blueprint.rendering.pack import Pack
from runner.records import Task

_PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: where `find` (a regular expression) stands in `file`, `replace` stands then.

    `task` is the task whose checks must fail, `requirements` what then fails with it.
    """

    name: str
    layer: str
    task: str
    requirements: tuple[str, ...]
    file: str
    find: str
    replace: str
    every: bool = False

    def apply(self, folder: Path) -> bool:
        """Put the fault into the files of `folder`; whether anything changed."""
        path = folder / self.file
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        after = re.sub(self.find, self.replace, before, count=0 if self.every else 1)
        if after != before:
            path.write_text(after, encoding="utf-8")
        return after != before


def mutants(pack: Pack, tasks: Iterable[Task]) -> tuple[Mutant, ...]:
    """Every fault that follows from the specs of these tasks, in the order of tasks and of mutants.yaml."""
    file = pack.folder / "mutants.yaml"
    entries = yaml.safe_load(file.read_text(encoding="utf-8"))["mutants"] if file.is_file() else []
    return tuple(mutant for task in tasks for entry in entries for mutant in _of(entry, task))


def _of(entry: Mapping[str, Any], task: Task) -> Iterator[Mutant]:
    spec = dict(task.spec)
    if spec["kind"] != entry["kind"] or entry.get("role", spec.get("role")) != spec.get("role"):
        return
    if not _fields(spec, entry.get("of", {})):
        return
    for item in spec.get(entry["each"], ()) if "each" in entry else (spec,):
        values = item if isinstance(item, Mapping) else {}
        matches = entry.get("matches", {}).items()
        if _fields(values, entry.get("where", {})) and all(re.search(regex, values[key]) for key, regex in matches):
            yield _mutant(entry, task, item)


def _fields(values: Mapping[str, Any], wanted: Mapping[str, object]) -> bool:
    return all(_holds(values.get(key), value) for key, value in wanted.items())


def _holds(value: object, wanted: object) -> bool:
    return bool(value) if wanted is True else (value or False) == wanted


def _mutant(entry: Mapping[str, Any], task: Task, item: object) -> Mutant:
    words = {**_words(dict(task.spec)), **_words(item)}
    return Mutant(
        name=f"{task.id}: {entry['name']}{_which(item, task)}",
        layer=entry["layer"],
        task=task.id,
        requirements=task.requirements,
        file=str(task.spec["file"]),
        find=_PLACE.sub(lambda found: re.escape(words[found[1]]), entry["find"]),
        replace=_PLACE.sub(lambda found: words[found[1]].replace("\\", r"\\"), entry["replace"]),
        every=entry.get("every", False),
    )


def _which(item: object, task: Task) -> str:
    if item is task.spec or (isinstance(item, Mapping) and "kind" in item):
        return ""
    return f" {_words(item).get('name') or _words(item).get('event') or _words(item)['joined']}"


def _words(item: object) -> dict[str, str]:
    """The fields of an item as text, and what is computed from them."""
    if not isinstance(item, Mapping):
        text = ", ".join(item) if isinstance(item, list) else str(item)
        return {"joined": text, "path": text.split(" ", 1)[-1]}
    words = {key: str(value) for key, value in item.items() if isinstance(value, str | int | float)}
    words["joined"] = ", ".join(item.get("columns", ())) if _names(item.get("columns")) else ""
    words |= {"above": str(item["max"] + 1)} if "max" in item else {}
    words |= {"below": str(item["min"] - 1)} if "min" in item else {}
    return words | {"constant": constant(words.get("name", ""))}


def _names(columns: object) -> bool:
    return isinstance(columns, list) and all(isinstance(column, str) for column in columns)
