"""All tasks of a run as what they build: tables, endpoints, modules by role, components by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runner.records import Task

Spec = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Specs by what they are; tasks that remove something do not count."""

    tasks: tuple[Task, ...]

    @classmethod
    def of(cls, tasks: Iterable[Task]) -> World:
        return cls(tuple(task for task in tasks if task.action != "remove"))

    def _kind(self, kind: str) -> tuple[Spec, ...]:
        return tuple(dict(task.spec) for task in self.tasks if task.kind == kind)

    @cached_property
    def tables(self) -> Mapping[str, Spec]:
        """Table specs by name, in the order of their migrations; indexes of tasks of their own are added to them."""
        found = {
            spec["table"]: spec for spec in sorted(self._kind("table"), key=lambda spec: str(spec.get("file", "")))
        }
        for index in self._kind("index"):
            if index["table"] in found:
                table = found[index["table"]]
                found[index["table"]] = {**table, "indexes": [*table.get("indexes", ()), index]}
        return found

    @cached_property
    def endpoints(self) -> tuple[Spec, ...]:
        """Endpoint specs by tag, then path, then method."""
        return tuple(sorted(self._kind("endpoint"), key=lambda s: (s.get("tag", ""), s["path"], s["method"])))

    @cached_property
    def modules(self) -> Mapping[str, Spec]:
        """Module specs by role (those that have one)."""
        return {spec["role"]: spec for spec in self._kind("module") if spec.get("role")}

    @cached_property
    def components(self) -> Mapping[str, Spec]:
        """User interface components by name."""
        return {spec["name"]: spec for spec in self._kind("ui_component")}

    @cached_property
    def infra(self) -> Mapping[str, Spec]:
        """Infra specs by artefact."""
        return {spec["artefact"]: spec for spec in self._kind("infra")}

    @cached_property
    def title(self) -> str:
        """What the software is called."""
        settings = self.modules.get("application", {}).get("settings", {})
        return str(settings.get("title") or "Application")
