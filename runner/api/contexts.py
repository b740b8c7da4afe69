"""Makes what a step type gets: values of the run, and effects as functions of its parts."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.agents.base import Emit
from runner.api.asking import Asking
from runner.api.choices import due
from runner.api.working import Working
from runner.errors import StepFailed
from runner.journal import Journal, Key
from runner.positions import Document
from runner.records import Assignment, Json, JsonObject, Manager, Pipeline, Plan, Request, Step, from_json, to_json
from runner.render import Renderer
from runner.schema import Schemas
from runner.steps.base import StepContext


@dataclass(kw_only=True)
class Contexts:
    """The parts of one run, and what its steps made known so far."""

    run: str
    pipeline: Pipeline
    managers: Mapping[str, Manager]
    request: Request
    inputs: Mapping[str, Json]
    root: Path
    journal: Journal
    emit: Emit
    asking: Asking
    working: Working
    renderer: Renderer
    schemas: Schemas
    documents: Mapping[str, Document] = field(default_factory=dict)
    _known: dict[str, Json] = field(default_factory=dict, init=False)
    _made: dict[str, dict[str, JsonObject]] = field(default_factory=lambda: {"plan": {}, "assignment": {}}, init=False)

    def __post_init__(self) -> None:
        for key, data in self.journal.entries(self.run, "published"):
            self._known[key.item] = data
        for kind, made in self._made.items():
            made |= {key.step: data for key, data in self.journal.entries(self.run, kind)}

    def scope(self, step: Step) -> JsonObject:
        """What expressions and templates of the step see beside `steps`; `plan` where a step that it needs made one."""
        found = self.plan(step)
        plan = {"plan": found} if found is not None else {}
        return {
            "inputs": dict(self.inputs),
            "request": self.request.text,
            "managers": self._managers,
            "run": {"id": self.run, "pipeline": self.pipeline.name},
            **plan,
        }

    def known(self, kind: str) -> Json | None:
        """What was published last as plan, tasks, assignment, results or verdicts."""
        return self._known.get(kind)

    def plan(self, step: Step) -> JsonObject | None:
        """The plan of the nearest step that this one needs, through others too.

        What another step publishes meanwhile is not seen: a prompt must not depend on which of two steps was faster,
        nor be another one when the run goes on after a crash."""
        return self._nearest("plan", [name for name in due(self.pipeline, step.name) if name != step.name])

    def _nearest(self, kind: str, names: Iterable[str]) -> JsonObject | None:
        """What the one of these steps published that stands last in the order of needs."""
        found = [name for name in names if name in self._made[kind]]
        return self._made[kind][max(found, key=lambda name: len(due(self.pipeline, name)))] if found else None

    def make(self, step: Step, item: str, options: Mapping[str, Json], scope: JsonObject) -> StepContext:
        """The context of a step, or of one item of its foreach."""
        plan = self.plan(step)
        return StepContext(
            run=self.run,
            step=step,
            item=item,
            address=f"{step.name}/{item}" if item else step.name,
            options=options,
            scope=scope,
            pipeline=self.pipeline,
            managers=self.managers,
            request=self.request,
            plan=from_json(Plan, plan) if plan else None,
            root=self.root,
            journal=self.journal,
            emit=self.emit,
            schemas=self.schemas,
            render=self._render,
            ask=functools.partial(self.asking.ask, step.name, item),
            deterministic=self.asking.deterministic,
            agent=functools.partial(self.working.agent, step),
            run_orders=functools.partial(self.working.run_orders, step),
            run_checks=functools.partial(self.working.run_checks, step),
            work=functools.partial(self.working.work, step, item),
            run_pipeline=_no_pipelines,
            publish=functools.partial(self.publish, step),
            assignment=functools.partial(self._assignment, step),
            document=self.documents.get(step.name),
        )

    def publish(self, step: Step, kind: str, data: Json) -> None:
        """Makes something known to later steps, templates and the report; durable before the step's own result."""
        if kind in self._made:
            self._made[kind][step.name] = data
            self.journal.post(Key(run=self.run, kind=kind, step=step.name), data)
        self._known[kind] = joined(kind, self._known, data)
        self.journal.post(Key(run=self.run, kind="published", item=kind), self._known[kind])

    @functools.cached_property
    def _managers(self) -> list[Json]:
        return [to_json(manager) for manager in self.managers.values()]

    def _assignment(self, step: Step) -> Assignment | None:
        """That of the step's own `assign`, or as the step itself grew it in an earlier life: never one of another
        branch of the pipeline that came later."""
        data = self._nearest("assignment", due(self.pipeline, step.name))
        return from_json(Assignment, data) if data else None

    def _render(self, template: str, inline: str, variables: JsonObject) -> str:
        if template:
            return self.renderer.render(template, variables)
        return self.renderer.render_text(inline, variables, "prompt")


def joined(kind: str, known: Mapping[str, Json], data: Json) -> Json:
    """`data` as what is known of `kind` now. A pipeline may execute and validate more than once: what an earlier step
    showed of other tasks stays, or their failures would be forgotten."""
    if kind == "tasks":
        done = {result["task"] for result in known.get("results", ())}
        worked_on = [task for task in known.get("tasks", {}).get("tasks", ()) if task["id"] in done]
        return {**data, "tasks": _by("id", worked_on, data["tasks"])}
    own = {"results": "task", "verdicts": "id"}.get(kind)
    return _by(own, known.get(kind, ()), data) if own else data


def _by(key: str, earlier: Iterable[JsonObject], later: Iterable[JsonObject]) -> list[JsonObject]:
    return list({row[key]: row for row in (*earlier, *later)}.values())


async def _no_pipelines(*_: object, **__: object) -> Json:
    raise StepFailed("this version of orch runs no pipelines inside pipelines")
