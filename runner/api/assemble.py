"""Puts the parts of one life of a run together: the only place that knows them all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from runner.api.asking import Asking
from runner.api.budget import Budget
from runner.api.choices import due, works
from runner.api.contexts import Contexts
from runner.api.life import Life
from runner.api.prepared import Prepared
from runner.api.working import Working
from runner.journal import Journal
from runner.records import JsonObject
from runner.render import Renderer
from runner.reporters.safe import LEAST
from runner.resources import Resources
from runner.sandbox import Sandbox
from runner.schema import Schemas
from runner.schema.registry import read_schema


def assemble(
    prepared: Prepared, journal: Journal, run: str, sources: Path, resumed: int = 0, spent: float = 0.0
) -> Life:
    """The life that is about to begin; `sources` is the folder whose files it uses, `resumed` counts earlier lives,
    which took `spent` seconds of the run's time."""
    pipeline, options = prepared.pipeline, prepared.options
    resources = Resources(sources)
    renderer = Renderer(resources.folders("templates"))

    def emit(kind: str, subject: str, data: JsonObject) -> None:
        journal.event(run, kind, subject, data)

    budget, secrets = Budget(journal, run, pipeline, prepared.loaded.managers), _secrets(prepared)
    journal.hide(value for value in secrets.values() if len(value) >= LEAST)
    asking = Asking(run, journal, emit, prepared.choices.models, sources, budget)
    contexts = Contexts(
        run=run,
        pipeline=pipeline,
        managers=prepared.loaded.managers,
        request=prepared.request,
        inputs=prepared.inputs,
        root=prepared.root,
        journal=journal,
        emit=emit,
        asking=asking,
        working=Working(
            run=run,
            root=prepared.root,
            sources=sources,
            name=prepared.request.name,
            place=options.workspace,
            pipeline=pipeline,
            managers=prepared.loaded.managers,
            agents=prepared.choices.agents,
            request=prepared.request,
            journal=journal,
            emit=emit,
            sandbox=prepared.sandbox,
            renderer=renderer,
            plan=lambda step: contexts.plan(step),
            budget=budget,
            secrets=secrets,
        ),
        renderer=renderer,
        schemas=_schemas(resources),
        documents=prepared.given,
    )
    _say_start(contexts, prepared, resumed)
    return Life(
        contexts=contexts,
        given={step: document.data for step, document in prepared.given.items()},
        until=options.until,
        strict=options.strict,
        secrets=secrets,
        time_limit=pipeline.limits.time,
        time_spent=spent,
        notes=tuple(prepared.choices.notes()),
    )


def _schemas(resources: Resources) -> Schemas:
    folders = resources.folders("schemas")
    return lambda name: read_schema(folders, name)


def _secrets(prepared: Prepared) -> Mapping[str, str]:
    needs = [prepared.pipeline.requires, *(manager.requires for manager in prepared.loaded.managers.values())]
    return {name: os.environ[name] for need in needs for name in need.secrets if name in os.environ}


def _say_start(contexts: Contexts, prepared: Prepared, resumed: int) -> None:
    if resumed:
        contexts.emit("run_resumed", contexts.run, {"times": resumed})
        _say_sandbox(contexts, prepared.sandbox)
        for request in contexts.asking.in_flight():
            contexts.emit(
                "note", contexts.run, {"message": f"in flight when the run stopped, counts as spent: {request}"}
            )
        return
    sandbox = prepared.sandbox
    missing = [f"sandbox: {sandbox.name} ({sandbox.reason})"] if sandbox.reason else []
    notes = [*prepared.choices.notes(), *missing]
    data = {
        "pipeline": prepared.pipeline.name,
        "workspace": prepared.options.workspace,
        "offline": prepared.options.offline,
        # A run that starts no process says nothing of sandboxes.
        "sandbox": sandbox.name if works(prepared.pipeline, due(prepared.pipeline, prepared.options.until)) else "",
        "models": {alias: one.backend.use for alias, one in prepared.choices.models.items()},
        "agents": {alias: one.backend.use for alias, one in prepared.choices.agents.items()},
        "notes": notes,
    }
    contexts.emit("run_started", contexts.run, data)
    for note in notes:
        contexts.emit("note", contexts.run, {"message": note})
    contexts.journal.update_run(contexts.run, sandbox=sandbox.name)


def _say_sandbox(contexts: Contexts, sandbox: Sandbox) -> None:
    """Another life may find another sandbox, or none: that is said, and the report names the last one."""
    before = contexts.journal.run(contexts.run).get("sandbox")
    if before != sandbox.name:
        why = f" ({sandbox.reason})" if sandbox.reason else ""
        contexts.emit("note", contexts.run, {"message": f"sandbox: {sandbox.name}{why}, it was {before} before"})
        contexts.journal.update_run(contexts.run, sandbox=sandbox.name)
