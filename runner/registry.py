"""Names to implementations: one table a seam, imported when used; third parties by entry point `orch.<seam>`.

To extend orch, write one module that satisfies the seam's Protocol (it stands in the `base` module of its room)
and add one line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType


class UnknownName(LookupError):
    """No implementation has this name; `known` lists the names that exist."""

    def __init__(self, seam: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f'unknown {seam} "{name}"; known: {", ".join(known)}')
        self.seam, self.name, self.known = seam, name, known


class NotShipped(LookupError):
    """The name is reserved, and this version of orch has no adapter for it."""


@dataclass(frozen=True)
class Table:
    """One seam: `modules` maps each shipped name to the module that implements it ("" where none is shipped yet)."""

    seam: str
    modules: Mapping[str, str]

    def names(self) -> tuple[str, ...]:
        """Every shipped name, in the table's order."""
        return tuple(self.modules)

    def __contains__(self, name: str) -> bool:
        return name in self.modules or any(point.name == name for point in self._points())

    def ships(self, name: str) -> bool:
        """Whether something implements `name`; a shipped name may be reserved for a later version."""
        return bool(self.modules[name]) if name in self.modules else name in self

    def module(self, name: str) -> ModuleType:
        """The module that implements `name`. Raises UnknownName, or NotShipped for a reserved name."""
        if name in self.modules:
            if not self.modules[name]:
                raise NotShipped(f'this version of orch has no adapter for "{name}"')
            return importlib.import_module(self.modules[name])
        for point in self._points():
            if point.name == name:
                return importlib.import_module(point.module)
        raise UnknownName(self.seam, name, self.names())

    def _points(self) -> tuple[metadata.EntryPoint, ...]:
        return tuple(metadata.entry_points(group=f"orch.{self.seam}"))


STEPS = Table(
    "steps",
    {
        "prompt": "runner.steps.prompt",
        "agent": "runner.steps.agent",
        "command": "runner.steps.command",
        "assign": "runner.steps.assign",
        "execute": "runner.steps.execute",
        "validate": "runner.steps.validate",
        "approve": "",
        "pipeline": "",
    },
)

MODELS = Table(
    "models",
    {
        "blueprint": "runner.blueprint.model",
        "scripted": "runner.models.scripted",
        "none": "runner.models.none",
        "openai": "",
        "anthropic": "",
    },
)

AGENTS = Table(
    "agents",
    {
        "blueprint": "runner.blueprint.agent",
        "scripted": "runner.agents.scripted",
        "claude-code": "",
        "codex": "",
        "openai": "",
        "anthropic": "",
    },
)

CHECKS = Table(
    "checks",
    {
        "command": "runner.checks.command",
        "file": "runner.checks.file",
        "db": "runner.checks.db",
        "http": "runner.checks.http",
        "export": "runner.checks.export",
        "tests": "runner.checks.tests",
        "rubric": "runner.checks.rubric",
    },
)

RULES = Table(
    "rules",
    {
        "quotes_request": "runner.rules.quotes_request",
        "traces_requirements": "runner.rules.traces_requirements",
        "exact_tasks": "runner.rules.exact_tasks",
        "resolvable_references": "runner.rules.resolvable_references",
        "owned_outputs": "runner.rules.owned_outputs",
        "covers_plan": "runner.rules.covers_plan",
        "task_cycle": "runner.rules.task_cycle",
        "contradicting_need": "runner.rules.contradicting_need",
        "task_id": "runner.rules.task_id",
        "unhandled_task": "runner.rules.unhandled_task",
        "unknown_spec_kind": "runner.rules.unknown_spec_kind",
        "unknown_requirement": "runner.rules.unknown_requirement",
        "split_depth": "runner.rules.split_depth",
    },
)

FILE_RULES = Table(
    "file_rules",
    {
        "needs": "runner.rules.needs",
        "uses": "runner.rules.uses",
        "options": "runner.rules.options",
        "expressions": "runner.rules.expressions",
        "names": "runner.rules.names",
        "foreach": "runner.rules.foreach",
        "conditions": "runner.rules.conditions",
        "secrets": "runner.rules.secrets",
        "static": "runner.rules.static",
        "scripts": "runner.rules.scripts",
        "backends": "runner.rules.backends",
        "judging": "runner.rules.judging",
        "defaults": "runner.rules.defaults",
        "templates": "runner.rules.templates",
        "groups": "runner.rules.groups",
        "handles": "runner.rules.handles",
        "specs": "runner.rules.specs",
        "examples": "runner.rules.examples",
        "checks": "runner.rules.checks",
        "check_values": "runner.rules.check_values",
        "effects": "runner.rules.effects",
    },
)

EXECUTORS = Table("executors", {"local": "runner.executors.local"})

REPORTERS = Table(
    "reporters",
    {
        "plain": "runner.reporters.plain",
        "json": "runner.reporters.json",
        "tty": "runner.reporters.tty",
        "quiet": "runner.reporters.quiet",
    },
)
