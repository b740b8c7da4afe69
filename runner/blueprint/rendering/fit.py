"""The fit gate: what the pack cannot render, said before a workspace is made."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from runner.blueprint.rendering import endpoint
from runner.blueprint.rendering.pack import Pack, Unserved
from runner.blueprint.rendering.world import Spec, World
from runner.records import JsonObject, Request, Task

_SHOWN = 5


def misfit(tasks: tuple[Task, ...], request: Request, plan: JsonObject | None, pack: Pack) -> str:
    """Why the pack cannot serve these tasks, or "" when it can."""
    foreign = foreign_stack(request.stack, pack)
    if foreign:
        return f"the request insists on {', '.join(foreign)}; the pack {pack.name} builds {pack.data['title'][2:]}"
    reasons = list(dict.fromkeys(reason for task in tasks for reason in task_reasons(task, pack)))
    reasons += whole_reasons(World.of(tasks), plan)
    reasons = reasons or list(broken(tasks, pack))
    if not reasons:
        return ""
    more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return f"the pack {pack.name} does not serve " + "; ".join(reasons[:_SHOWN]) + more


def broken(tasks: tuple[Task, ...], pack: Pack) -> Iterator[str]:
    """Tasks whose files do not come out: rendering costs milliseconds, a workspace that fails half-way costs more."""
    world = World.of(tasks)
    for task in tasks:
        try:
            files = pack.render(task, world) if task.action != "remove" else {}
            for path, text in files.items():
                if path.endswith(".py"):
                    ast.parse(text, path)
        except Unserved as problem:
            yield str(problem)
        except SyntaxError as problem:
            yield f"{task.id}: {problem.filename} would be no Python (line {problem.lineno}: {problem.msg})"


def foreign_stack(stack: str, pack: Pack) -> list[str]:
    """The parts of an insisted stack that the pack does not build with."""
    known = {word.lower() for word in pack.data["stack"]["words"]}
    parts = [part.strip(" .") for part in re.split(r"[,;+/\n]|\band\b|\bwith\b|\bon\b", stack) if part.strip(" .")]
    return [part for part in parts if not any(re.search(rf"\b{re.escape(word)}\b", part.lower()) for word in known)]


def task_reasons(task: Task, pack: Pack) -> Iterator[str]:
    """What of one task has no template, no dialect or no framework here."""
    spec = dict(task.spec)
    serves = pack.data["serves"]
    if task.action in {"change", "remove"} and task.kind in {"table", "index"}:
        yield f"{task.id}: {task.action} of a table that exists"
    if spec.get("dialect", "sqlite") not in serves["dialects"]:
        yield f"{task.id}: the dialect {spec['dialect']}"
    frameworks = serves["frameworks"].get(task.kind)
    if frameworks and spec.get("framework") not in frameworks:
        yield f"{task.id}: the framework {spec.get('framework')} (it has {', '.join(frameworks)})"
    if task.kind == "infra" and spec["tool"] not in serves["tools"]:
        yield f"{task.id}: the tool {spec['tool']}"
    yield from _files(task, spec, pack)
    if task.kind == "endpoint":
        yield from (f"{task.id}: {reason}" for reason in endpoint_reasons(spec))


def _files(task: Task, spec: Spec, pack: Pack) -> Iterator[str]:
    if spec.get("file") not in task.outputs:
        yield f"{task.id}: {spec.get('file')} is not among its outputs"
    for output in task.outputs:
        path = PurePosixPath(output)
        if path.is_absolute() or ".." in path.parts or "*" in output:
            yield f"{task.id}: the output {output}"
            continue
        try:
            pack.template(spec, output)
        except Unserved as problem:
            yield f"{task.id}: {problem}"


def endpoint_reasons(spec: Spec) -> Iterator[str]:
    """What keeps an endpoint from being rendered: unknown binds, an answer from nowhere, names Python keeps."""
    if not str(spec["file"]).startswith("app/routes/"):
        yield f"{spec['file']}: routes stand in app/routes/"
    if "rate_limit" in spec:
        yield "rate_limit"
    names = [field["name"] for key in ("params", "body") for field in spec.get(key, ())]
    names += [field["name"] for response in spec["responses"] for field in response.get("fields", ())]
    yield from (f"the name {name}, which Python keeps" for name in names if keyword.iskeyword(name))
    view = endpoint.view(spec)
    queries = {query["name"] for query in spec.get("queries", ())}
    known = {name for name, _ in view["values"]} | {bind for q in view["statements"] for bind, _ in q["carries"]}
    yield from (f"the bind :{name}, which nothing fills" for name in sorted(view["needs"] - known))
    if view["fields"] and not view["media"] and spec.get("answer") not in queries:
        yield "an answer with fields and no query that gives them"
    if spec.get("role") == "login" and not view["passwords"]:
        yield "a login without a password"


def whole_reasons(world: World, plan: JsonObject | None) -> Iterator[str]:
    """What the tasks lack together: something stored and something done. A part of a run's tasks may lack the rest."""
    if not (plan and plan.get("entities")) and not world.tables:
        yield "software that stores nothing (no table)"
    if world.tables and not [spec for spec in world.endpoints if spec.get("role") != "health"]:
        yield "software without endpoints"
    whole = bool(world.tables and world.endpoints)
    for role in ("application", "database"):
        if whole and role not in world.modules:
            yield f"endpoints without a module of role {role}"
    if whole and "auth" not in world.modules and any(spec["auth"] != "none" for spec in world.endpoints):
        yield "endpoints that want a token without a module of role auth"
