"""The seam of step types: one module a type, with `OPTIONS` (JSON Schema of `with`) and `run`.

A step type does its effects through its context, so that it can be read, and tested, as a function of values. Beside
these two names a module may hold, and the engine uses them where they are there:

- `VERBATIM`: options whose `{{ }}` the engine leaves alone, because the type fills them in its own way;
- `WORKS`: True for a type that works in the workspace (`--breakdown` stops before it);
- `EVIDENCE`: True for a type whose output says what checks showed: no file may take its place (`--given`);
- `async settle(contexts, results, join)`: under `foreach`, called once all items have ended, with the contexts and the
  results by item; it may replace results (judge the joined answers, ask some items again) and publish the whole;
- `async given(context, output)`: judges and publishes what `--given` supplies in place of `run`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runner.agents.base import Agent, Emit
from runner.models.base import Answer, Ask
from runner.records import Assignment, Evidence, Json, JsonObject, Manager, Pipeline, Plan, Request, Step, TaskResult

if TYPE_CHECKING:
    from runner.executors.single import Done
    from runner.journal import Journal
    from runner.positions import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """`output` is what `steps.NAME.output` finds; `failures` make the step failed and say why; `checks` is evidence."""

    output: Json = None
    checks: tuple[Evidence, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What a step type gets: values first, then effects as functions.

    `options` is `with`, filled; `address` is "step" or "step/item"; `scope` what templates and expressions see.
    `schemas(name)` reads a file of schemas; `render(template, inline, variables)` fills one.
    `ask(alias, Ask)` sends one request, journalled: an answer that reached us is never bought twice.
    `run_orders(assignment, round, done, feedback)` carries out tasks in the run's workspace.
    `run_checks(assignment, results, at)` runs checks of accepted tasks again on the run's head.
    `work(act, owns, checks, passed, attempt, network)` does one piece of work in a tree of its own (executors.single).
    `publish(kind, data)` makes a plan, tasks, an assignment, results or verdicts known to report and templates.
    `document` is the file that `--given` named, so that problems in it have positions.
    """

    run: str
    step: Step
    item: str
    address: str
    options: Mapping[str, Json]
    scope: JsonObject
    pipeline: Pipeline
    managers: Mapping[str, Manager]
    request: Request
    plan: Plan | None
    root: Path
    journal: Journal
    emit: Emit
    schemas: Callable[[str], JsonObject]
    render: Callable[[str, str, JsonObject], str]
    ask: Callable[[str, Ask], Awaitable[Answer]]
    deterministic: Callable[[str], bool]
    agent: Callable[[str | list[str]], Agent]
    run_orders: Callable[..., Awaitable[tuple[TaskResult, ...]]]
    run_checks: Callable[..., Awaitable[Mapping[str, tuple[Evidence, ...]]]]
    work: Callable[..., Awaitable[Done]]
    run_pipeline: Callable[..., Awaitable[Json]]
    publish: Callable[[str, Json], None]
    assignment: Callable[[], Assignment | None]
    document: Document | None = None


class StepModule(Protocol):
    """What a module in the table of step types holds."""

    @property
    def OPTIONS(self) -> JsonObject: ...  # noqa: N802

    async def run(self, context: StepContext) -> StepResult:
        """The result. Raises errors.Transient where `retry` may help, errors.StepFailed with the reason."""
        ...
