"""Starts a run: files are judged as `lint` does, backends chosen by readiness, everything is kept before it begins."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path

from runner.api.assemble import assemble
from runner.api.choices import Choices, choose_all, choose_free, due, idle_steps, refuse_unused_agent, works
from runner.api.look import write_report
from runner.api.options import RunOptions, input_values
from runner.api.outcome import Outcome
from runner.api.prepared import Prepared
from runner.errors import CannotStart, FileProblems, UsageError
from runner.journal import Journal
from runner.load import Loaded, load_pipeline, load_script
from runner.managing.places import caps
from runner.positions import Document, load_json, load_yaml
from runner.records import Event, Json, JsonObject, Limits, Pipeline, Request, to_json
from runner.registry import STEPS, NotShipped
from runner.resources import Resources
from runner.rules import judge_pipeline
from runner.sandbox import Sandbox
from runner.schema.messages import meant
from runner.workspace import uncommitted

Listener = Callable[[Event], None]


def prepare(root: Path, pipeline: str, request: Request | None, options: RunOptions) -> Prepared:
    """Everything that can be said before a run is made.

    Raises FileProblems (what `orch lint` reports), UsageError, CannotStart.
    """
    loaded = load_judged(root, pipeline, options.managers or None)
    refuse_broken_doubles(root, options)
    limited = with_limits(loaded, options)
    refuse_unshipped(limited)
    given = _given(root, limited, options)
    inputs = input_values(limited, request, options.values, root)
    refuse_missing(limited, loaded)
    choices = choose_all(limited, loaded.managers, root, options)
    refuse_unlimited(limited, choices)
    return Prepared(
        root=root,
        loaded=loaded,
        pipeline=limited,
        request=request or Request(text="", name=limited.name),
        inputs=inputs,
        options=options,
        choices=choices,
        given=given,
        sandbox=sandbox_for(limited, options),
    )


def prepare_dry(root: Path, pipeline: str, request: Request | None, options: RunOptions) -> Prepared:
    """Like `prepare`, for a walk that neither spends nor works: steps that work, and what needs them, are left out,
    models that can spend give way to the blueprint, and agents need not be ready."""
    loaded = load_judged(root, pipeline, options.managers or None)
    refuse_broken_doubles(root, options)
    limited = with_limits(loaded, options)
    refuse_unshipped(limited)
    given = _given(root, limited, options)
    refuse_unused_agent(limited, loaded.managers, options)
    limited = replace(limited, steps=idle_steps(limited))
    # Up to a step that works is up to the last one that does not.
    options = options if options.until in limited.steps else replace(options, until="")
    return Prepared(
        root=root,
        loaded=loaded,
        pipeline=limited,
        request=request or Request(text="", name=limited.name),
        inputs=input_values(limited, request, options.values, root),
        options=options,
        choices=choose_free(limited, loaded.managers, root, options),
        given={step: document for step, document in given.items() if step in limited.steps},
        sandbox=Sandbox("none"),
    )


async def start(prepared: Prepared, listeners: Sequence[Listener] = (), run: str = "") -> Outcome:
    """Makes the run and carries it out to its end. Everything it needs to go on later is durable before it begins."""
    with Journal.open(prepared.root / ".orch" / "journal.db") as journal:
        run = run or new_name(journal, prepared.request.name)
        for listener in listeners:
            journal.listen(listener)
        with journal.hold(run):
            journal.create_run(run, row_of(prepared))
            return reported(journal, await assemble(prepared, journal, run, prepared.root).run())


def reported(journal: Journal, outcome: Outcome) -> Outcome:
    """Writes the report that every run owes, however it ended, beside the journal."""
    paths = write_report(journal, outcome.run, journal.path.parent / "runs" / outcome.run)
    return replace(outcome, report=str(paths["html"]))


def load_judged(root: Path, pipeline: str, managers: Sequence[str] | None) -> Loaded:
    """The pipeline, a path or a name, free of errors. Raises UsageError, FileProblems."""
    resources = Resources(root)
    path = Path(pipeline)
    if not path.is_file():
        found = resources.find("pipelines", pipeline)
        if found is None:
            known = ", ".join(resources.names("pipelines"))
            looked = ", ".join(resources.looked("pipelines", pipeline))
            close = meant(pipeline, resources.names("pipelines"))
            raise UsageError(f'there is no pipeline "{pipeline}"{close}', f"looked in {looked}; there are: {known}")
        path = found
    loaded = load_pipeline(path, resources, managers)
    wrong = [problem for problem in judge_pipeline(loaded) if problem.severity == "error"]
    if wrong or loaded.pipeline is None:
        raise FileProblems(wrong)
    return loaded


def refuse_broken_doubles(root: Path, options: RunOptions) -> None:
    """Raises FileProblems for a script that only the command line names; those of the pipeline were judged with it."""
    resources = Resources(root)
    for use in (*options.models.values(), options.agent):
        kind, _, name = use.partition("/")
        file = resources.find("scripted", name) if kind == "scripted" and name else None
        if file is not None and (wrong := judge_pipeline(load_script(file, resources))):
            raise FileProblems(wrong)


def with_limits(loaded: Loaded, options: RunOptions) -> Pipeline:
    """The pipeline with the limits and the sandbox that the caller asked for."""
    assert loaded.pipeline is not None  # noqa: S101 - load_judged refuses it
    own = loaded.pipeline.limits
    limits = replace(
        own,
        time=options.time or own.time,
        agents=options.agents or own.agents,
        cost_usd=options.budget or own.cost_usd,
        depth=options.depth or own.depth,
    )
    pipeline = replace(loaded.pipeline, limits=limits)
    return replace(pipeline, sandbox=options.sandbox) if options.sandbox else pipeline  # type: ignore[arg-type]


def sandbox_for(pipeline: Pipeline, options: RunOptions) -> Sandbox:
    """What processes will run in. Raises CannotStart where a sandbox is required and none works here."""
    if not works(pipeline, due(pipeline, options.until)):
        return Sandbox("none")
    refuse_unfit_place(pipeline, options.workspace)
    return Sandbox.choose(pipeline.sandbox)


def refuse_unfit_place(pipeline: Pipeline, place: str) -> None:
    """Raises UsageError where `--workspace` is not what the pipeline works in, before anything is spent."""
    path = Path(place)
    filled = bool(place) and path.exists() and (not path.is_dir() or any(path.iterdir()))
    if pipeline.repository == "existing" and not filled:
        raise UsageError("the pipeline works in an existing repository", "name it with --workspace DIR")
    if pipeline.repository == "new" and filled:
        raise UsageError(f"--workspace {place}: the pipeline wants a new workspace", "name a folder that is not there")
    if filled and not (path / ".git").exists():
        raise UsageError(f"--workspace {place} is no git repository", "make it one (git init), or name an empty folder")
    if filled and pipeline.clean and (edits := uncommitted(path)):
        said = edits[0] + (f" and {len(edits) - 1} more" if len(edits) > 1 else "")
        raise UsageError(f"--workspace {place} has edits that are not committed: {said}", "commit or stash them first")


def refuse_unshipped(pipeline: Pipeline) -> None:
    """Raises CannotStart for what the languages already know and this version of orch cannot do yet."""
    for step in pipeline.steps.values():
        try:
            STEPS.module(step.uses)
        except NotShipped as missing:
            raise CannotStart(f'step "{step.name}": {missing}', "leave the step out for now") from missing
    if pipeline.environment is not None:
        raise CannotStart("this version of orch prepares no `environment`", "leave it out, and prepare it yourself")


def refuse_missing(pipeline: Pipeline, loaded: Loaded) -> None:
    """Raises CannotStart for commands and secrets that pipeline or managers require and that are not there."""
    needs = [pipeline.requires, *(manager.requires for manager in loaded.managers.values())]
    commands = [name for need in needs for name in need.commands if shutil.which(name) is None]
    if commands:
        raise CannotStart(f"missing: the command {', '.join(dict.fromkeys(commands))}", "install it")
    names = [name for need in needs for name in need.secrets if not os.environ.get(name)]
    if names:
        raise CannotStart(f"missing: the secret {', '.join(dict.fromkeys(names))}", "set it in the environment")


def refuse_unlimited(pipeline: Pipeline, choices: Choices) -> None:
    """Raises CannotStart for a run that can spend and has no cost limit."""
    spending = sorted({one.backend.use for one in choices.all if one.spends})
    if spending and pipeline.limits.cost_usd is None:
        raise CannotStart(
            f"{', '.join(spending)} can spend money and the run has no cost limit",
            "set limits.cost_usd, or --budget USD",
        )


def row_of(prepared: Prepared) -> JsonObject:
    """What is kept of a run so that it can go on anywhere: all its sources and choices."""
    loaded, options = prepared.loaded, prepared.options
    sources = {**loaded.sources, **_scripts(prepared)}
    return {
        "version": _version(),
        "status": "running",
        "pipeline": prepared.pipeline.name,
        "file": loaded.path,
        "request": to_json(prepared.request),
        "request_sha256": prepared.request.sha256,
        "inputs": dict(prepared.inputs),
        "options": asdict(options),
        "given": {step: {"path": document.path, "text": document.text} for step, document in prepared.given.items()},
        "offline": options.offline,
        "models": {alias: one.data for alias, one in prepared.choices.models.items()},
        "agents": {alias: one.data for alias, one in prepared.choices.agents.items()},
        "limits": _said(prepared.pipeline.limits),
        "parallel": caps(loaded.managers),
        "sources": sources,
    }


def _version() -> str:
    try:
        return metadata.version("orch")
    except metadata.PackageNotFoundError:
        return "checkout"


def new_name(journal: Journal, base: str) -> str:
    """A name for a run that none has: the request's, and four digits."""
    taken = {str(row["run"]) for row in journal.runs()}
    while True:
        name = f"{base}-{secrets.token_hex(2)}"
        if name not in taken:
            return name


def _scripts(prepared: Prepared) -> dict[str, str]:
    """Doubles that were named on the command line are sources too."""
    names = {one.backend.model for one in prepared.choices.all if one.backend.kind == "scripted"}
    files = {name: prepared.root / "scripted" / f"{name}.yaml" for name in names}
    return {f"scripted/{name}.yaml": file.read_text(encoding="utf-8") for name, file in files.items() if file.is_file()}


def _given(root: Path, pipeline: Pipeline, options: RunOptions) -> dict[str, Document]:
    """What stands in place of steps. Raises UsageError where it cannot, or `--until` stops before it; FileProblems."""
    if options.until and options.until not in pipeline.steps:
        raise UsageError(f'--until: there is no step "{options.until}"', f"steps: {', '.join(pipeline.steps)}")
    late = [step for step in options.given if step in pipeline.steps and step not in due(pipeline, options.until)]
    if late:
        raise UsageError(f'--given {late[0]}: "{options.until}" does not need it, and --until stops there')
    return {step: _document(root, step, file, pipeline) for step, file in options.given.items()}


def _document(root: Path, step: str, file: str, pipeline: Pipeline) -> Document:
    if step not in pipeline.steps:
        raise UsageError(f'--given: there is no step "{step}"', f"steps: {', '.join(pipeline.steps)}")
    if getattr(STEPS.module(pipeline.steps[step].uses), "EVIDENCE", False):
        hint = "give a step before it: plan, tasks and assignment may be edited"
        raise UsageError(f'--given {step}: what "{step}" answers is evidence, and a file is none', hint)
    path = Path(file) if Path(file).is_file() else root / file
    try:
        return read_document(path.read_text(encoding="utf-8-sig"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--given {step}={file}: {error}") from error


def read_document(text: str, path: str) -> Document:
    """The JSON or YAML that a person supplies in place of a step's output. Raises FileProblems."""
    document, problems = (load_json if path.endswith(".json") else load_yaml)(text, path)
    if document is None:
        raise FileProblems(problems)
    return document


def _said(limits: Limits) -> dict[str, Json]:
    return {name: value for name, value in to_json(limits).items() if value is not None}
