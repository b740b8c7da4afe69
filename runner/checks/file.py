"""Files against their spec: they are there, they parse, they hold what they must and lack what they must not."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from runner.checks.base import CheckContext, CheckOutcome
from runner.checks.document import document
from runner.checks.findings import judge
from runner.checks.infra import infra
from runner.positions import load_yaml
from runner.records import JsonObject

_TEXTS: JsonObject = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
OPTIONS: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "files": {**_TEXTS, "description": "what must be there (default: the spec's file and the task's outputs)"},
        "holds": {**_TEXTS, "description": "regular expressions that each file must match somewhere"},
        "lacks": {**_TEXTS, "description": "regular expressions that no file may match"},
        "headings": {**_TEXTS, "description": "headings of a Markdown file"},
    },
}
LARGEST = 2_000_000
KINDS = {"document": document, "infra": infra}


async def run(context: CheckContext) -> CheckOutcome:
    """Passed when every file is there, parses, and says what its spec (a document's or an artefact's) says."""
    names = files_of(context)
    command = f"file: {', '.join(names)}"
    compared = [f"{name} is there and parses" for name in names]
    differences = [line for name in names for line in _file(context, name)]
    kind = KINDS.get(context.task.kind)
    path = inside(context.worktree, str(context.task.spec.get("file", "")))
    if kind and path is not None and not differences:
        more, wrong = await kind(context, path, read(path))
        compared, differences = compared + more, wrong
    return judge(command, compared, differences)


def files_of(context: CheckContext) -> list[str]:
    """The files that the task makes: what the check says, or its spec's file and its outputs without globs."""
    if context.check.options.get("files"):
        return list(context.check.options["files"])
    spec_file = [context.task.spec["file"]] if context.task.spec.get("file") else []
    plain = [name for name in context.task.outputs if not set("*?[") & set(name)]
    return list(dict.fromkeys([*spec_file, *plain]))


def inside(worktree: Path, name: str) -> Path | None:
    """The path of a file of the worktree; None where it leads out of it."""
    path = (worktree / name).resolve()
    return path if name and path.is_relative_to(worktree.resolve()) else None


def read(path: Path) -> str:
    """The text of a file; bytes that are no UTF-8 become marks."""
    return path.read_text(encoding="utf-8", errors="replace")


def _file(context: CheckContext, name: str) -> Iterator[str]:
    path = inside(context.worktree, name)
    if path is None:
        yield f"{name} leads out of the worktree"
    elif not path.exists():
        yield f"{name} is missing"
    elif path.is_file() and path.stat().st_size <= LARGEST:
        yield from (f"{name}: {line}" for line in _text(context, path))


def _text(context: CheckContext, path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    yield from parse_problems(text, path.name)
    options = context.check.options
    for pattern in options.get("holds", ()):
        if not re.search(pattern, text, re.MULTILINE):
            yield f"holds nothing that matches {pattern}"
    for pattern in options.get("lacks", ()):
        if found := re.search(pattern, text, re.MULTILINE):
            yield f"holds {found.group()!r}, which it must not"
    for heading in options.get("headings", ()):
        if not re.search(rf"^ {{0,3}}#{{1,6}}\s+{re.escape(heading)}\s*#*\s*$", text, re.MULTILINE):
            yield f'has no heading "{heading}"'


def parse_problems(text: str, name: str) -> list[str]:
    """Why a file of a known type does not parse, nothing where it does."""
    suffix = Path(name).suffix
    if suffix in (".yaml", ".yml"):
        return [one.message for one in load_yaml(text, name)[1] if one.severity == "error"][:3]
    parsers: Mapping[str, Callable[[str], object]] = {".json": json.loads, ".toml": tomllib.loads, ".py": ast.parse}
    try:
        if suffix in parsers:
            parsers[suffix](text)
    except (ValueError, SyntaxError, RecursionError) as error:
        return [f"does not parse: {error}"]
    return []
