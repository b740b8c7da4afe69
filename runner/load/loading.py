"""The order of loading: the file, its managers (with `extends` and `with`), schemas, templates, scripted files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from runner.load import managers as to_manager
from runner.load import pipelines as to_pipeline
from runner.load.files import Files
from runner.load.loaded import Loaded, Origin, Pointer
from runner.load.values import merge
from runner.positions import Document
from runner.records import Backend, Json, JsonObject, Manager, Pipeline, Position
from runner.records.catalogue import finding
from runner.render import Renderer, TemplateProblem
from runner.resources import Resources
from runner.schema import problems, shipped
from runner.schema.messages import meant

_PIPELINE, _MANAGER = "pipeline.schema.json", "manager.schema.json"
_SCRIPT = "scripted.schema.json"


def load_pipeline(path: Path, resources: Resources, managers: Sequence[str] | None = None) -> Loaded:
    """The pipeline in the file `path`; `managers` (names) replaces its own list."""
    files = Files(resources)
    document = files.document(path, _PIPELINE)
    loaded = _empty(files.path(path), files)
    if document is None:
        return loaded
    _load_managers(_listed(document.data, managers), loaded, files)
    pipeline = to_pipeline.pipeline(_with_managers(document.data, managers))
    pipeline = _with_schemas(pipeline, loaded, files)
    _collect_templates(_step_templates(pipeline, document), files)
    _collect_scripted(pipeline, loaded.managers.values(), files)
    return replace(loaded, pipeline=pipeline)


def load_manager(path: Path, resources: Resources) -> Loaded:
    """The manager in the file `path`, alone."""
    files = Files(resources)
    document = files.document(path, _MANAGER)
    loaded = _empty(files.path(path), files)
    if document is None:
        return loaded
    _add_manager(document, {}, None, loaded, files)
    return loaded


def load_script(path: Path, resources: Resources) -> Loaded:
    """The double in the file `path`: its document, or what is wrong with it."""
    files = Files(resources)
    files.document(path, _SCRIPT)
    return _empty(files.path(path), files)


def all_managers(resources: Resources) -> dict[str, Manager]:
    """Every manager of project and orch that can be loaded, by name."""
    around = Files(resources)
    found = _empty("", around)
    for name in resources.names("managers"):
        file = resources.find("managers", name)
        document = around.document(file, _MANAGER) if file is not None else None
        if document is not None:
            _add_manager(document, {}, None, found, around)
    return found.managers


def _empty(path: str, files: Files) -> Loaded:
    return Loaded(
        path,
        files.resources,
        documents=files.documents,
        problems=files.problems,
        sources=files.sources,
        everyone=cache(lambda: all_managers(files.resources)),
    )


def _with_managers(data: JsonObject, managers: Sequence[str] | None) -> JsonObject:
    return data if managers is None else {**data, "managers": list(managers)}


def _listed(data: JsonObject, managers: Sequence[str] | None) -> list[tuple[Json, Pointer]]:
    own = {
        to_pipeline.manager_name(entry): (entry, ("managers", i)) for i, entry in enumerate(data.get("managers", ()))
    }
    if managers is None:
        return [(entry, ("managers", index)) for index, entry in enumerate(data.get("managers", ()))]
    return [own.get(name, (name, ("managers",))) for name in managers]


def _load_managers(entries: list[tuple[Json, Pointer]], loaded: Loaded, files: Files) -> None:
    seen: dict[str, Pointer] = {}
    for entry, pointer in entries:
        name = to_pipeline.manager_name(entry)
        if name in seen:
            first = loaded.at(*seen[name])
            _say(files, "ORC402", f'manager "{name}" is listed twice', loaded.at(*pointer), pointer, "keep one of them",
                 ((first, "first listed here"),))  # fmt: skip
            continue
        seen[name] = pointer
        file = files.resources.find("managers", name)
        if file is None:
            _unknown_manager(name, loaded.at(*pointer), pointer, files)
            continue
        document = files.document(file, _MANAGER)
        if document is not None:
            _add_manager(document, _override(entry), (loaded.path, (*pointer, "with")), loaded, files)


def _override(entry: Json) -> JsonObject:
    return {} if isinstance(entry, str) else dict(entry.get("with", {}))


def _unknown_manager(name: str, where: Position, pointer: Pointer, files: Files) -> None:
    known = files.resources.names("managers")
    message = f'no manager is called "{name}"{meant(name, known)}'
    looked = ", ".join(files.resources.looked("managers", name))
    _say(files, "ORC401", message, where, pointer, f"looked in {looked}; there are: {', '.join(known) or 'none'}")


def _add_manager(
    document: Document, override: JsonObject, place: tuple[str, Pointer] | None, loaded: Loaded, files: Files
) -> None:
    origins = [Origin(document.path)]
    data = dict(document.data)
    if "extends" in data:
        parent = _parent(document, files)
        if parent is None:
            return
        origins.append(Origin(parent.path))
        data = merge(
            {k: v for k, v in parent.data.items() if k != "name"}, {k: v for k, v in data.items() if k != "extends"}
        )
    if override and place is not None:
        origins.insert(0, Origin(*place))
        if not _override_fits(override, data, origins, loaded, files):
            return
        data = merge(data, override)
    name = str(data["name"])
    loaded.origins[name], loaded.data[name] = tuple(origins), data
    schemas = _kind_schemas(data, tuple(origins), files)
    if schemas is not None:
        loaded.managers[name] = to_manager.manager(data, schemas)
        _collect_templates(_manager_templates(loaded, name), files)


def _parent(document: Document, files: Files) -> Document | None:
    name, where = document.data["extends"], document.position(("extends",))
    file = files.resources.find("managers", name)
    if file is None or name == document.data["name"]:
        known = [other for other in files.resources.names("managers") if other != document.data["name"]]
        message = (
            "a manager cannot extend itself"
            if file
            else f'"extends": no manager is called "{name}"{meant(name, known)}'
        )
        _say(files, "ORC421", message, where, ("extends",), f"there are: {', '.join(known)}")
        return None
    parent = files.document(file, _MANAGER)
    if parent is not None and "extends" in parent.data:
        message = f'"extends" goes one level: "{name}" extends "{parent.data["extends"]}"'
        _say(files, "ORC421", message, where, ("extends",), f'extend "{parent.data["extends"]}" instead')
        return None
    return parent


def _override_fits(override: JsonObject, data: JsonObject, origins: list[Origin], loaded: Loaded, files: Files) -> bool:
    """Whether `with` leaves the manager well formed; what is wrong is said at the pipeline's place."""
    base = origins[0].prefix
    schema = shipped(_MANAGER)
    known = [key for key in schema["properties"] if key not in {"version", "name", "extends"}]
    wrong = [key for key in override if key not in known]
    for key in wrong:
        message = f'a manager has no key "{key}" that a pipeline may replace{meant(key, known)}'
        where = loaded.at(*base, key, key=True)
        _say(files, "ORC422", message, where, (*base, key), f"keys: {', '.join(known)}")
    if wrong:
        return False
    found = problems(schema, merge(data, override))
    for problem in found:
        parts: Pointer = tuple(int(p) if p.isdigit() else p for p in problem.pointer.split("/")[1:])
        where = loaded.at(*base, *parts)
        files.problems.append(replace(problem, position=where, pointer=_shown((*base, *parts))))
    return not found


def _kind_schemas(data: JsonObject, origins: tuple[Origin, ...], files: Files) -> dict[str, JsonObject] | None:
    found: dict[str, JsonObject] = {}
    for name, kind in data.get("specs", {}).items():
        pointer = ("specs", name, "schema")
        document, full = _place(pointer, origins, files)
        schema = files.user_schema(kind["schema"], document, full)
        if schema is None:
            return None
        found[name] = schema
    return found


def _place(pointer: Pointer, origins: tuple[Origin, ...], files: Files) -> tuple[Document, Pointer]:
    for origin in origins:
        document = files.documents[origin.path]
        if document.has((*origin.prefix, *pointer)):
            return document, (*origin.prefix, *pointer)
    return files.documents[origins[-1].path], (*origins[-1].prefix, *pointer)


def _with_schemas(pipeline: Pipeline, loaded: Loaded, files: Files) -> Pipeline:
    """The pipeline with the schema itself in the options of every step that names one."""
    steps = dict(pipeline.steps)
    for name, step in pipeline.steps.items():
        if "schema" not in step.options:
            continue
        value = step.options["schema"]
        schema = files.user_schema(value, loaded.document, ("steps", name, "with", "schema"))
        if schema is not None:
            loaded.schemas[name] = schema
            loaded.schema_names[name] = value if isinstance(value, str) else ""
            steps[name] = replace(step, options={**step.options, "schema": schema})
    return replace(pipeline, steps=steps)


Wanted = tuple[str, Position, str]
"""A template that is referred to, where, and the pointer there."""


def _step_templates(pipeline: Pipeline, document: Document) -> Iterable[Wanted]:
    for name, step in pipeline.steps.items():
        template = step.options.get("template")
        if isinstance(template, str) and "{{" not in template:
            pointer = ("steps", name, "with", "template")
            yield template, document.position(pointer), _shown(pointer)


def _manager_templates(loaded: Loaded, name: str) -> Iterable[Wanted]:
    manager = loaded.managers[name]
    if manager.template:
        yield manager.template, loaded.in_manager(name, "template"), "/template"
    for index, group in enumerate(manager.groups):
        if group.template:
            pointer = ("groups", index, "template")
            yield group.template, loaded.in_manager(name, *pointer), _shown(pointer)


def _collect_templates(wanted: Iterable[Wanted], files: Files) -> None:
    """Put every template, and all that it includes, among the sources."""
    renderer = Renderer(files.resources.folders("templates"))
    for template, where, pointer in wanted:
        file = files.referred("templates", template, where, pointer)
        if file is not None:
            _collect_includes(template, file, renderer, files)


def _collect_includes(template: str, file: Path, renderer: Renderer, files: Files) -> None:
    pending = [(template, file)]
    while pending:
        name, at = pending.pop()
        if files.path(at) in files.sources or files.text(at) is None:
            continue
        try:
            included = renderer.inspect(name).includes
        except TemplateProblem:
            continue  # what is wrong inside a template is for the rules to say
        found = [(other, renderer.file(other)) for other, _ in included]
        pending += [(other, path) for other, path in found if path is not None]


def _collect_scripted(pipeline: Pipeline, managers: Iterable[Manager], files: Files) -> None:
    """Scripted doubles and described CLI agents are sources of the run too."""
    aliases = [
        backend for table in (pipeline.models, pipeline.agents) for listed in table.values() for backend in listed
    ]
    everyone = list(managers)
    policies = [*(one.agents for one in everyone), *(group.agents for one in everyone for group in one.groups)]
    direct = [Backend(use=use) for policy in policies for use in policy.use]
    for backend in (*aliases, *direct):
        kind, name = ("scripted", backend.model) if backend.kind == "scripted" else ("agents", backend.kind)
        file = files.resources.find(kind, name) if name else None
        if file is None or not file.is_file():
            continue
        if kind == "scripted":
            files.document(file, _SCRIPT)
        else:
            files.text(file)


def _say(
    files: Files,
    rule: str,
    message: str,
    where: Position,
    pointer: Pointer,
    hint: str,
    related: tuple[tuple[Position, str], ...] = (),
) -> None:
    files.problems.append(finding(rule, message, where, pointer=_shown(pointer), hint=hint, related=related))


def _shown(pointer: Pointer) -> str:
    return "".join(f"/{part}" for part in pointer)
