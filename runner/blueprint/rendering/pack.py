"""A pack: what it serves, and which of its templates writes which output of a task."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from runner.blueprint.rendering import component, endpoint, testcode
from runner.blueprint.rendering.literals import dashed, javascript, pascal, prose, python, sentence
from runner.blueprint.rendering.sql import index_ddl, statement, table_ddl
from runner.blueprint.rendering.world import Spec, World
from runner.records import Task
from runner.resources import Resources

_DIALECTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class Unserved(Exception):
    """This pack cannot render the task; the message says what is missing."""


@dataclass(frozen=True)
class Pack:
    """`rules` are the entries of pack.yaml's `render`, `run` the commands after a task, both by kind and role."""

    name: str
    folder: Path
    data: Mapping[str, Any]

    def rule(self, spec: Spec) -> Mapping[str, Any]:
        """What pack.yaml says about a spec of this kind and role. Raises Unserved."""
        kinds = self.data["render"].get(spec["kind"])
        if kinds is None:
            raise Unserved(f"tasks of kind {spec['kind']}")
        role = role_of(spec)
        rule = kinds.get(role) or kinds.get("any")
        if rule is None:
            raise Unserved(f"a {spec['kind']} with the role {role or 'none'}; it serves {', '.join(kinds)}")
        return dict(rule)

    def template(self, spec: Spec, output: str) -> tuple[str, str]:
        """The template that writes `output`, and the dialect where there is one. Raises Unserved."""
        files = self.rule(spec)["files"]
        for twin in spec.get("twins", ()):
            if twin["file"] == output and "{twin}" in files:
                return files["{twin}"], twin["dialect"]
        if output == spec.get("file") and "{file}" in files:
            return files["{file}"], spec.get("dialect", "sqlite")
        name = PurePosixPath(output).name
        if output in files or name in files:
            return files.get(output) or files[name], ""
        raise Unserved(f"the file {output} of a {spec['kind']}")

    def render(self, task: Task, world: World) -> dict[str, str]:
        """Path to text of every output. Raises Unserved, also for a spec that lacks what a template needs."""
        try:
            return self._render(task, world)
        except (TemplateError, KeyError, TypeError, ValueError, AttributeError) as problem:
            words = f"no {problem}" if isinstance(problem, KeyError) else str(problem)
            raise Unserved(f"{task.id}: its spec lacks what the template needs: {words}") from problem

    def _render(self, task: Task, world: World) -> dict[str, str]:
        spec = dict(task.spec)
        files = {}
        for output in task.outputs:
            template, dialect = self.template(spec, output)
            text = (
                _environment(self.folder)
                .get_template(template)
                .render(self._variables(spec, world, output, dialect) | {"title": task.title})
            )
            files[output] = tidy(text, output)
        return files

    def _variables(self, spec: Spec, world: World, output: str, dialect: str) -> dict[str, Any]:
        variables = {
            "spec": spec, "world": world, "output": output, "dialect": dialect, "settings": spec.get("settings", {}),
            "dialect_title": _DIALECTS.get(dialect, dialect), "defaults": self.data.get("defaults", {}),
        }  # fmt: skip
        view = _VIEWS.get(spec["kind"])
        return variables | (dict(view(spec, world)) if view else {})

    def commands(self, spec: Spec) -> tuple[tuple[str, ...], ...]:
        """What is run in the worktree once the files are written, e.g. an export."""
        commands = self.rule(spec).get("run", ())
        return tuple(tuple(word.replace("{python}", sys.executable) for word in command) for command in commands)


def role_of(spec: Spec) -> str:
    """What chooses among the templates of a kind: the role, or what an artefact or a level says."""
    settings = spec.get("settings", {})
    return str(spec.get("role") or settings.get("role") or spec.get("artefact") or spec.get("level") or "")


def load_pack(name: str, root: Path) -> Pack:
    """The pack of this name, the project's before the shipped one. Raises LookupError."""
    for folder in Resources(root).folders("blueprints"):
        file = folder / name / "pack.yaml"
        if file.is_file():
            return _read(name, folder / name, file.stat().st_mtime_ns)
    raise LookupError(f'no blueprint "{name}"')


@cache
def _read(name: str, folder: Path, changed: int) -> Pack:
    return Pack(name, folder, yaml.safe_load((folder / "pack.yaml").read_text(encoding="utf-8")))


def tidy(text: str, path: str) -> str:
    """No blanks at line ends, at most two empty lines in Python and one elsewhere, one line end at the end."""
    limit = 2 if path.endswith(".py") else 1
    lines: list[str] = []
    empty = 0
    for line in (line.rstrip() for line in text.strip("\n").split("\n")):
        empty = 0 if line else empty + 1
        if line or empty <= limit:
            lines.append(line)
    return "\n".join(lines) + "\n"


class Absent(StrictUndefined):
    """An optional field that the spec does not have: false when tested, equal to nothing, an error when printed."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # StrictUndefined says that these never return
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return self is other

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return self is not other

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


@cache
def _environment(folder: Path) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder / "templates"), undefined=Absent, autoescape=False,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {
        "py": python, "js": javascript, "prose": prose, "sentence": sentence, "dashed": dashed, "pascal": pascal,
        "statement": statement, "ddl": table_ddl, "index_ddl": index_ddl, "test_case": testcode.case,
        "sqltext": sql_text, "cell": cell, "oneline": one_line, "tuple": tuple, "call": component.call_of,
    }  # fmt: skip
    return environment


def sql_text(sql: str) -> str:
    """SQL inside triple quotes of Python."""
    return sql.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def one_line(text: str) -> str:
    """Text inside a comment that ends with its line."""
    return " ".join(text.split())


def cell(text: object) -> str:
    """Text inside a cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def _endpoint(spec: Spec, world: World) -> Iterator[tuple[str, Any]]:
    view = endpoint.view(spec)
    for emit in view["emits"]:
        emit["receivers"] = (
            f"{emit['constant'].removesuffix('_SQL').lower()}" if len(view["emits"]) > 1 else "receivers"
        )
        emit["data"] = endpoint.emitted(emit)
    yield "v", view
    yield "signature", endpoint.signature(spec, view)
    yield "values", endpoint.values_literal(view)
    yield "answer", endpoint.answer(spec, view)


def _module(spec: Spec, world: World) -> Iterator[tuple[str, Any]]:
    settings = spec.get("settings", {})
    yield "scrypt", {"n": 16384, "r": 8, "p": 1, **settings.get("scrypt", {})}
    yield "environment", environment_of(settings.get("environment", ()))
    if spec.get("role") == "test_support":
        yield from _support(spec, world)


def environment_of(given: list[Spec]) -> list[Spec]:
    """The environment variables of the server with their types; host, port and database file are always there."""
    base = [
        {"name": "HOST", "default": "127.0.0.1", "purpose": "address the server listens on"},
        {"name": "PORT", "default": "8000", "purpose": "port the server listens on"},
        {"name": "DATABASE_PATH", "default": "data/app.db", "purpose": "file of the SQLite database"},
    ]
    named = {variable["name"] for variable in given}
    return [
        {"default": "", "purpose": "", **variable, "type": _setting_type(variable)}
        for variable in [*given, *(variable for variable in base if variable["name"] not in named)]
    ]


def _setting_type(variable: Spec) -> str:
    if variable["name"].endswith(("_PATH", "_FILE", "_DIR")):
        return "Path"
    return "int" if variable.get("default", "").isdigit() else "str"


def _support(spec: Spec, world: World) -> Iterator[tuple[str, Any]]:
    """How the tests register a user: the body is made from the bounds of the register endpoint."""
    register = next((e for e in world.endpoints if e.get("role") == "register"), None)
    yield "register", register
    if register:
        fields = [field for field in register.get("body", ()) if field["required"]]
        yield "register_body", "{" + ", ".join(f"{python(f['name'])}: {_sample(f)}" for f in fields) + "}"
        yield "register_status", endpoint.success_of(register)["status"]


def _sample(field: Spec) -> str:
    if field.get("format") == "password":
        return "PASSWORD"
    if field.get("format") == "email" or "email" in field["name"]:
        return 'f"{user}@example.org"'
    if field.get("choices"):
        return python(field["choices"][0])
    samples = {
        "integer": field.get("min", 1),
        "number": field.get("min", 1),
        "boolean": True,
        "datetime": "2030-01-01T00:00:00Z",
    }
    return python(samples[field["type"]]) if field["type"] in samples else "user"


def _tests(spec: Spec, world: World) -> Iterator[tuple[str, Any]]:
    standard, others, own = testcode.imports(spec)
    yield "standard", standard
    yield "others", others
    yield "own", own


def _document(spec: Spec, world: World) -> Iterator[tuple[str, Any]]:
    """What a document may list: all, or only what it says that it covers."""
    covers = set(spec.get("covers", ()))
    yield "endpoints", [e for e in world.endpoints if not covers or f"{e['method']} {e['path']}" in covers]
    yield "tables", [table for name, table in world.tables.items() if not covers or name in covers]
    application = world.modules.get("application")
    yield "environment", environment_of(application.get("settings", {}).get("environment", ())) if application else []


View = Callable[[Spec, World], Iterable[tuple[str, Any]] | dict[str, Any]]
_VIEWS: dict[str, View] = {
    "endpoint": _endpoint,
    "module": _module,
    "tests": _tests,
    "document": _document,
    "ui_component": component.view,
}
