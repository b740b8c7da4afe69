"""`orch lint`: what is wrong with pipelines, managers, templates, schemas, tests, plans and tasks."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner import schema
from runner.errors import UsageError
from runner.load import Loaded, all_managers, load_manager, load_pipeline, load_script
from runner.positions import Document, load_json, load_yaml, read_source
from runner.records import Plan, Position, Problem, from_json
from runner.records.catalogue import finding
from runner.render import Renderer
from runner.resources import Resources
from runner.rules import in_order, judge_pipeline
from runner.rules.answers import judge_answer, names_for
from runner.rules.base import Judgement
from runner.rules.places import placed
from runner.rules.secrets import hard_coded
from runner.rules.templates import judge_alone

FOLDERS = ("pipelines", "managers", "templates", "schemas", "scripted")
_YAML = (".yaml", ".yml", ".json")


@dataclass
class Linted:
    """What was found: `problems` in order, how many `files` were looked at, and their texts by path."""

    problems: list[Problem] = field(default_factory=list)
    files: int = 0
    sources: dict[str, str] = field(default_factory=dict)
    crashed: bool = False

    @property
    def errors(self) -> int:
        """How many of the problems are errors."""
        return sum(problem.severity == "error" for problem in self.problems)


def lint(root: Path, paths: Sequence[Path] = ()) -> Linted:
    """The problems of the files at `paths` (folders: all in them), or of the project's own folders.

    Raises UsageError where a path does not exist, or there is nothing to look at.
    """
    resources = Resources(root)
    files = list(dict.fromkeys(_files(root, paths)))
    if not files:
        raise UsageError("there is nothing to lint", f"name files, or make one of {', '.join(FOLDERS)} in {root.name}/")
    linted = Linted(files=len(files))
    for file in files:
        _lint_one(file, resources, linted)
    linted.problems = in_order(linted.problems)
    return linted


def _files(root: Path, paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths or [root / folder for folder in FOLDERS if (root / folder).is_dir()]:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file() and _wanted(file, root))
        elif path.is_file():
            yield path
        else:
            raise UsageError(f'there is no file or folder "{path}"', "name files or folders that exist")


def _wanted(file: Path, root: Path) -> bool:
    inside = file.relative_to(root).parts if file.is_relative_to(root) else file.parts
    if any(part.startswith(".") for part in inside):
        return False
    return file.suffix == ".j2" or (file.suffix in _YAML and _kind_by_place(file) != "")


def _lint_one(file: Path, resources: Resources, linted: Linted) -> None:
    try:
        found, sources = _LINTERS[_kind(file)](file.absolute(), resources)
    except Exception as error:  # noqa: BLE001 - a fault of orch in one file must not hide what is wrong in the others
        where = Position(resources.relative(file))
        hint = "please report it: " + "".join(traceback.format_exception_only(error)).strip()
        found, sources = [finding("ORC000", "orch failed on this file", where, hint=hint)], {}
        linted.crashed = True
    linted.problems += found
    linted.sources.update(sources)


def _kind(file: Path) -> str:
    return _kind_by_place(file) or _kind_by_content(file)


def _kind_by_place(file: Path) -> str:
    if file.suffix == ".j2":
        return "template"
    if file.name.endswith((".test.yaml", ".test.yml")):
        return "test"
    if file.name.endswith(".schema.json"):
        return "schema"
    folders = {"pipelines": "pipeline", "managers": "manager", "scripted": "scripted"}
    return folders.get(file.parent.name, "") if file.suffix in {".yaml", ".yml"} else ""


def _kind_by_content(file: Path) -> str:
    text, _ = read_source(file, file.name)
    document = (load_json if file.suffix == ".json" else load_yaml)(text, file.name)[0] if text is not None else None
    data = document.data if document is not None else {}
    keys = data.keys() if isinstance(data, dict) else {"tasks"} if isinstance(data, list) else set()
    signs = (
        ("pipeline", {"steps"}), ("test", {"cases"}), ("schema", {"$schema"}), ("tasks", {"tasks"}),
        ("plan", {"requirements", "components"}), ("manager", {"handles"}), ("manager", {"extends"}),
        ("manager", {"specs"}), ("scripted", {"models"}), ("scripted", {"agents"}),
    )  # fmt: skip
    return next((kind for kind, sign in signs if sign <= set(keys)), "pipeline")


Found = tuple[list[Problem], dict[str, str]]


def _pipeline(file: Path, resources: Resources) -> Found:
    return _judged(load_pipeline(file, resources))


def _manager(file: Path, resources: Resources) -> Found:
    return _judged(load_manager(file, resources))


def _scripted(file: Path, resources: Resources) -> Found:
    return _judged(load_script(file, resources))


def _judged(loaded: Loaded) -> Found:
    return judge_pipeline(loaded), loaded.sources


def _template(file: Path, resources: Resources) -> Found:
    path = resources.relative(file)
    text, problems = read_source(file, path)
    if text is None:
        return problems, {}
    folders = resources.folders("templates")
    inside = next((folder for folder in folders if file.is_relative_to(folder)), None)
    name = file.relative_to(inside).as_posix() if inside is not None else file.name
    renderer = Renderer(folders, {name: text})
    return [*judge_alone(name, renderer, path), *hard_coded(text, path)], {path: text}


def _schema(file: Path, resources: Resources) -> Found:
    path = resources.relative(file)
    document, problems, sources = _read(file, path)
    if document is None:
        return problems, sources
    found = [
        _placed(problem, document, problem.pointer) for problem in schema.check(document.data, _schemas(resources))
    ]
    return [*problems, *found], sources


def _schemas(resources: Resources) -> schema.Schemas:
    folders = resources.folders("schemas")
    return lambda name: schema.read_schema(folders, name)


def _test(file: Path, resources: Resources) -> Found:
    document, problems, sources = _read(file, resources.relative(file))
    if document is not None:
        problems += schema.problems(schema.shipped("test.schema.json"), document.data, document)
    return problems, sources


def _plan(file: Path, resources: Resources) -> Found:
    document, problems, sources = _read(file, resources.relative(file))
    if document is None:
        return problems, sources
    found = schema.problems(schema.shipped("plan.schema.json"), document.data, document)
    if not found:
        # A plan alone has no request beside it: what compares the two is judged by `run`.
        names = [name for name in names_for("plan") if name != "quotes_request"]
        judgement = Judgement(data=document.data, plan=from_json(Plan, document.data))
        found = [placed(problem, document) for problem in judge_answer(names, judgement)]
    return [*problems, *found], sources


def _tasks(file: Path, resources: Resources) -> Found:
    document, problems, sources = _read(file, resources.relative(file))
    if document is None:
        return problems, sources
    bare = isinstance(document.data, list)
    data = {"tasks": document.data} if bare else document.data
    found = [
        placed(problem, document)
        for problem in schema.problems(schema.shipped("tasks.schema.json"), data, None if bare else document)
    ]
    if not found:
        judgement = Judgement(data=data, managers=all_managers(resources))
        names = [name for name in names_for("tasks") if name not in {"covers_plan", "unknown_requirement"}]
        found = [placed(problem, document) for problem in judge_answer(names, judgement)]
    return [*problems, *found], sources


def _read(file: Path, path: str) -> tuple[Document | None, list[Problem], dict[str, str]]:
    text, problems = read_source(file, path)
    if text is None:
        return None, problems, {}
    document, found = (load_json if file.suffix == ".json" else load_yaml)(text, path)
    return document, [*problems, *found], {path: text}


def _placed(problem: Problem, document: Document, pointer: str) -> Problem:
    parts = tuple(int(part) if part.isdigit() else part for part in pointer.split("/")[1:])
    where = document.position(parts)
    return finding(problem.rule, problem.message, where, pointer=pointer, hint=problem.hint, severity=problem.severity)


def tool_version() -> str:
    """The version of orch, as its package says; "0+checkout" where it runs without being installed."""
    from importlib import metadata  # noqa: PLC0415 - only the JSON output says a version

    try:
        return metadata.version("orch")
    except metadata.PackageNotFoundError:
        return "0+checkout"


_LINTERS: dict[str, Callable[[Path, Resources], Found]] = {
    "pipeline": _pipeline,
    "manager": _manager,
    "scripted": _scripted,
    "template": _template,
    "schema": _schema,
    "test": _test,
    "plan": _plan,
    "tasks": _tasks,
}

__all__ = ["FOLDERS", "Linted", "lint", "tool_version"]
