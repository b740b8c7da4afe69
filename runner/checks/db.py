"""The database that the migrations make, against the spec of a table or an index: catalogue first, then behaviour."""

from __future__ import annotations

from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.probing import probe
from runner.records import JsonObject

OPTIONS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "migrations": {
            "type": "string",
            "minLength": 1,
            "description": "the SQL files that make the database, applied in the order of their names; without it "
            "all beside the spec's file",
        }
    },
}


async def run(context: CheckContext) -> CheckOutcome:
    """Applies the migrations twice; passed when nothing differs from the spec. No evidence for other kinds."""
    task = context.task
    pattern = str(context.check.options.get("migrations") or migrations_of(task.spec))
    command = f"db: {pattern} on an empty SQLite against the spec of {task.id}"
    if task.kind not in ("table", "index"):
        words = f"a spec of kind {task.kind} says nothing about a database"
        return CheckOutcome(passed=None, exit_code=0, command=command, output=words)
    if not pattern:
        words = f"the spec of {task.id} has no migration for SQLite, and no other engine is here"
        return CheckOutcome(passed=None, exit_code=0, command=command, output=words)
    return await probe(context, "db", plan_of(context, pattern), command)


def migrations_of(spec: JsonObject) -> str:
    """All SQL files beside the spec's own migration for SQLite; "" where it has none."""
    written = [{"dialect": spec.get("dialect", "sqlite"), "file": spec.get("file", "")}, *spec.get("twins", [])]
    found = next((one["file"] for one in written if one["dialect"] == "sqlite"), None)
    if found is None:
        return ""
    folder = found.rpartition("/")[0] or "migrations"
    return f"{folder}/*.sql"


def plan_of(context: CheckContext, pattern: str) -> JsonObject:
    """What the probe needs: the spec, and those of every table it may point to."""
    specs = [task.spec for task in context.tasks.values()]
    tables = {spec["table"]: spec for spec in specs if spec["kind"] == "table"}
    if context.task.kind == "table":
        tables[context.task.spec["table"]] = context.task.spec
    indexes = [spec for spec in specs if spec["kind"] == "index" and spec["table"] == context.task.spec["table"]]
    return {"spec": context.task.spec, "tables": tables, "indexes": indexes, "migrations": pattern}
