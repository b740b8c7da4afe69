"""The real server, called at every bound of an endpoint's spec; what it answers and writes is compared with the
spec's own SQL on a copy of its database."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.findings import judge
from runner.checks.probing import findings
from runner.records import Json, JsonObject

_ARGV: JsonObject = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
OPTIONS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "start": {**_ARGV, "description": "the command that starts the server; {port} is filled in"},
        "migrate": {**_ARGV, "description": "run before it, where the server does not migrate by itself"},
        "port_env": {"type": "string", "minLength": 1, "description": "the variable with the port"},
        "database_env": {"type": "string", "minLength": 1, "description": "the variable with the database"},
        "database": {"type": "string", "pattern": "\\{path\\}", "description": "its value; {path} is the SQLite file"},
        "openapi": {"type": "string", "pattern": "^/", "description": "where the server gives its OpenAPI document"},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
DEFAULTS: JsonObject = {
    "start": ["python", "-m", "app"],
    "port_env": "PORT",
    "database_env": "DATABASE_PATH",
    "database": "{path}",
    "openapi": "/openapi.json",
    "env": {},
}


async def run(context: CheckContext) -> CheckOutcome:
    """Starts the server and judges the endpoint. No evidence for other kinds."""
    return (await run_many((context,)))[0]


async def run_many(contexts: Sequence[CheckContext]) -> tuple[CheckOutcome, ...]:
    """The same for several endpoints of one worktree with one start of the server; the first context's check counts."""
    judged = {one.task.id: one for one in contexts if one.task.kind == "endpoint"}
    found: Mapping[str, CheckOutcome] = await _judged(judged) if judged else {}
    return tuple(found.get(one.task.id) or _nothing(one) for one in contexts)


async def _judged(judged: Mapping[str, CheckContext]) -> dict[str, CheckOutcome]:
    first = next(iter(judged.values()))
    options = {**DEFAULTS, **first.check.options}
    answer = await findings(first, "http", plan_of(first, options, [one.task.id for one in judged.values()]))
    if isinstance(answer, CheckOutcome):
        return {name: _named(one, options, answer) for name, one in judged.items()}
    return {
        name: judge(_command(one, options), answer[name]["compared"], answer[name]["differences"])
        for name, one in judged.items()
    }


def plan_of(context: CheckContext, options: JsonObject, judged: Sequence[str]) -> JsonObject:
    """What the probe needs: all table, endpoint and module specs, and which tasks to judge."""
    tasks = {**context.tasks, context.task.id: context.task}
    specs: list[JsonObject] = [task.spec for task in tasks.values() if task.action != "remove"]

    def of(kind: str) -> list[JsonObject]:
        return [spec for spec in specs if spec["kind"] == kind]

    return {
        "judged": {name: tasks[name].spec for name in judged},
        "endpoints": of("endpoint"),
        "modules": of("module"),
        "tables": {spec["table"]: spec for spec in of("table")},
        "options": options,
    }


def _command(context: CheckContext, options: Mapping[str, Json]) -> str:
    spec = context.task.spec
    return f"http: {spec['method']} {spec['path']} on `{shlex.join(options['start'])}`"


def _named(context: CheckContext, options: Mapping[str, Json], outcome: CheckOutcome) -> CheckOutcome:
    return CheckOutcome(
        passed=outcome.passed,
        exit_code=outcome.exit_code,
        command=_command(context, options),
        output=outcome.output,
    )


def _nothing(context: CheckContext) -> CheckOutcome:
    words = f"a spec of kind {context.task.kind} says nothing about HTTP"
    return CheckOutcome(passed=None, exit_code=0, command=f"http: {context.task.id}", output=words)
