"""The Python front door: what `orch run` and `orch resume` do, as one object and one function."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.api.look import write_report
from runner.api.options import RunOptions
from runner.api.outcome import RESUMABLE, Outcome
from runner.api.request import read_request, request_of, slug
from runner.api.resume import resume
from runner.api.run import Listener, prepare, start
from runner.errors import CannotStart, UsageError
from runner.journal import Journal
from runner.records import Json, JsonObject, Request
from runner.registry import REPORTERS
from runner.reporters.rows import read_report
from runner.resources import find_root

_CONTEXT = ("tech_stack", "requirements")
_CONFIG = ("max_agent_depth", "timeout_minutes")


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a run ended. `data` is the whole of `report.json`; `files` are the written reports by format."""

    run: str
    status: str
    exit_code: int
    reason: str
    workspace: str
    data: JsonObject
    files: Mapping[str, Path]


class Orchestrator:
    """One request, from words to verified software.

    `context` may hold `tech_stack` (text) and `requirements` (a list of texts), `config` `max_agent_depth` (levels of
    further decomposition) and `timeout_minutes`; further `options` are those of `runner.api.options.RunOptions`. A
    `task_id` seen before goes on with its run when that is unfinished.
    """

    def __init__(
        self,
        *,
        task_id: str = "",
        title: str,
        description: str,
        context: Mapping[str, Json] | None = None,
        config: Mapping[str, Json] | None = None,
        pipeline: str = "fullstack",
        root: Path | None = None,
        options: RunOptions | None = None,
    ) -> None:
        context, config = context or {}, config or {}
        _refuse_unknown("context", context, _CONTEXT)
        _refuse_unknown("config", config, _CONFIG)
        self._name = slug(task_id or title)
        self._run = slug(task_id) if task_id else ""
        self._request = _request(title, description, context)
        self._pipeline = pipeline
        self._root = root or find_root(Path.cwd())
        self._options = _options(options or RunOptions(), config)

    async def execute(self, verbose: bool = False) -> Report:
        """Carries the run out, or on; `verbose` says progress on stderr.

        Raises the errors of `runner.errors` where nothing could start, CannotStart also for a `task_id` whose run is
        finished. A run that failed is a Report with exit_code 1.
        """
        listeners = [REPORTERS.module("plain").open_reporter(sys.stderr).event] if verbose else []
        if self._run and (row := _row(self._root, self._run)):
            self._refuse_other(row)
            return _report(self._root, await resume(self._root, self._run, listeners))
        prepared = prepare(self._root, self._pipeline, replace(self._request, name=self._name), self._options)
        return _report(self._root, await start(prepared, listeners, self._run))

    def _refuse_other(self, row: JsonObject) -> None:
        if row["status"] not in RESUMABLE:
            raise CannotStart(f'task_id "{self._run}" was run before: {row["status"]}', "choose another task_id")
        if row["request"]["text"] != self._request.text:
            message = f'task_id "{self._run}" belongs to an unfinished run of another request'
            raise CannotStart(message, "choose another task_id, or say title, description and context as they were")


def run(
    pipeline: str, request: str | Path, *, root: Path | None = None, verbose: bool = False, **options: Json
) -> Report:
    """Runs a pipeline on a request (Markdown text, or the Path of a file) and returns its Report.

    `options` are those of RunOptions. Raises the errors of `runner.errors` where nothing could start.
    """
    read = read_request(request) if isinstance(request, Path) else request_of(request.encode(), "request", "request")
    listeners: Sequence[Listener] = [REPORTERS.module("plain").open_reporter(sys.stderr).event] if verbose else []
    home = root or find_root(Path.cwd())
    return _report(home, asyncio.run(start(prepare(home, pipeline, read, RunOptions(**options)), listeners)))


def _report(root: Path, outcome: Outcome) -> Report:
    if outcome.error is not None and outcome.exit_code in (2, 3):
        raise outcome.error
    with Journal.open(root / ".orch" / "journal.db") as journal:
        data = read_report(journal, outcome.run)
        files = write_report(journal, outcome.run, root / ".orch" / "runs" / outcome.run)
    return Report(
        run=outcome.run,
        status=outcome.status,
        exit_code=outcome.exit_code,
        reason=outcome.reason,
        workspace=outcome.workspace,
        data=data,
        files=files,
    )


def _row(root: Path, name: str) -> JsonObject | None:
    path = root / ".orch" / "journal.db"
    if not path.exists():
        return None
    with Journal.open(path) as journal:
        return next((row for row in journal.runs() if row["run"] == name), None)


def _request(title: str, description: str, context: Mapping[str, Json]) -> Request:
    lines = [f"# {title}", "", description.strip(), ""]
    asked = context.get("requirements")
    if asked is not None and not (isinstance(asked, list | tuple) and all(isinstance(line, str) for line in asked)):
        raise UsageError(f'context: "requirements" must be a list of texts, not {asked!r}')
    front = {"stack": context.get("tech_stack"), "requirements": context.get("requirements")}
    said = {key: value for key, value in front.items() if value}
    return request_of("\n".join(lines).encode(), title, "description", front=said)


def _options(options: RunOptions, config: Mapping[str, Json]) -> RunOptions:
    minutes, depth = _positive(config, "timeout_minutes"), _positive(config, "max_agent_depth")
    return replace(
        options,
        time=minutes * 60 if minutes is not None else options.time,
        depth=int(depth) if depth is not None else options.depth,
    )


def _positive(config: Mapping[str, Json], name: str) -> float | None:
    value = config.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise UsageError(f'config: "{name}" must be a number greater than 0, not {value!r}')
    return value


def _refuse_unknown(name: str, given: Mapping[str, Json], known: tuple[str, ...]) -> None:
    if unknown := set(given) - set(known):
        raise UsageError(f'{name} has no key "{min(unknown)}"', f"it may hold {', '.join(known)}")
