"""`command`: words or a shell script on the run's head; its output is text, lines or JSON.

Read-only without `owns`; with `owns`, what it changed is committed when its exit code and its checks pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner import schema
from runner.errors import StepFailed
from runner.expressions import as_text, split_run
from runner.load.values import checks, exits
from runner.records import Exec, Finished, Json, JsonObject, read_json
from runner.steps.base import StepContext, StepResult

OPTIONS: JsonObject = {"$ref": "pipeline.schema.json#/$defs/with_command"}
VERBATIM = ("run", "shell", "exit", "output", "schema", "owns", "checks", "network")
WORKS = True
_LARGEST = 8 * 1024 * 1024
_TAIL = 2000


async def run(context: StepContext) -> StepResult:
    """What the command printed. Raises errors.StepFailed for its exit code, its output, its changes or its checks."""
    options = context.options
    argv = _words(context)

    async def act(folder: Path, scratch: Path, run_command: Exec) -> Json:
        # Standard output goes to a file: it is data, and what is said beside it must not get in between.
        out = scratch / "stdout"
        words = ["/bin/sh", "-c", 'out=$1; shift; exec "$@" >"$out"', "sh", str(out), *argv]
        stdin = as_text(options["stdin"]) if "stdin" in options else None
        finished = await run_command(words, env=options.get("env", {}), stdin=stdin, timeout=context.step.timeout)
        said = {"exit": finished.exit_code, "ran": _ran(finished), "said": finished.output[-_TAIL:]}
        return {**said, "output": _read(out)}

    done = await context.work(
        act,
        tuple(options.get("owns", ())),
        checks(options.get("checks", ())),
        lambda value: _unwanted(value, exits(options.get("exit", [0]))),
        network=bool(options.get("network", False)),
    )
    if done.failures:
        raise StepFailed("; ".join(done.failures))
    return StepResult(output=_output(context, done.value["output"]), checks=done.checks)


async def given(context: StepContext, output: Json) -> StepResult:
    """Judges an output that a person supplies by the step's schema. Raises errors.StepFailed."""
    return StepResult(output=_fitting(context, output))


def _words(context: StepContext) -> tuple[str, ...]:
    if "shell" in context.options:
        return ("/bin/sh", "-c", str(context.options["shell"]))
    return split_run(context.options["run"], context.scope)


def _read(path: Path) -> str:
    if not path.is_file():
        return ""
    if path.stat().st_size > _LARGEST:
        raise StepFailed(f"it printed more than {_LARGEST // 1024 // 1024} MiB")
    return path.read_text(encoding="utf-8", errors="replace")


def _ran(finished: Finished) -> bool:
    # What shells say of a program that is not there, or that is none: that it failed shows nothing.
    return finished.exit_code not in (126, 127) and not finished.timed_out


def _unwanted(value: Json, wanted: Sequence[int]) -> str:
    code = int(value["exit"])
    if code in wanted if wanted else code != 0 and value["ran"]:
        return ""
    said = "\n".join(text for text in (value["said"].strip(), value["output"].strip()[-_TAIL:]) if text)
    return f"exit {code}" + (f": {said}" if said else "")


def _output(context: StepContext, text: str) -> Json:
    form = context.options.get("output", "text")
    if form == "none":
        return None
    if form == "lines":
        return text.splitlines()
    return _data(context, text) if form == "json" else text


def _data(context: StepContext, text: str) -> Json:
    try:
        data = read_json(text)
    except ValueError as error:
        raise StepFailed(f"its output is not JSON: {error}") from error
    return _fitting(context, data)


def _fitting(context: StepContext, data: Json) -> Json:
    option = context.options.get("schema")
    wanted = context.schemas(option) if isinstance(option, str) else option
    problems = schema.problems(wanted, data, schemas=context.schemas) if wanted is not None else []
    if problems:
        raise StepFailed("; ".join(f"{problem.pointer or '/'}: {problem.message}" for problem in problems[:5]))
    return data
