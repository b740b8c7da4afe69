"""The database that the migrations make, against the spec of a table or an index: catalogue first, then behaviour."""

from __future__ import annotations

from pathlib import PurePosixPath

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
MIGRATIONS = "migrations/*.sql"


async def run(context: CheckContext) -> CheckOutcome:
    """Applies the migrations twice; passed when nothing differs from the spec. No evidence for other kinds."""
    task = context.task
    pattern = str(context.check.options.get("migrations") or beside(task.spec.get("file")))
    command = f"db: {pattern} on an empty SQLite against the spec of {task.id}"
    if task.kind not in ("table", "index"):
        words = f"a spec of kind {task.kind} says nothing about a database"
        return CheckOutcome(passed=None, exit_code=0, command=command, output=words)
    return await probe(context, "db", plan_of(context, pattern), command)


def beside(file: object) -> str:
    """The SQL files in the folder of the spec's file, or in `migrations/` where the spec names none."""
    folder = PurePosixPath(str(file)).parent if file else None
    return f"{folder}/*.sql" if folder and folder.name else MIGRATIONS


def plan_of(context: CheckContext, pattern: str) -> JsonObject:
    """What the probe needs: the spec, and those of every table it may point to."""
    specs = [task.spec for task in context.tasks.values()]
    tables = {spec["table"]: spec for spec in specs if spec["kind"] == "table"}
    if context.task.kind == "table":
        tables[context.task.spec["table"]] = context.task.spec
    indexes = [spec for spec in specs if spec["kind"] == "index" and spec["table"] == context.task.spec["table"]]
    return {"spec": context.task.spec, "tables": tables, "indexes": indexes, "migrations": pattern}
