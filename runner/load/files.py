"""Reading files once: their text, their data, and what is wrong with either."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from runner.positions import Document, load_yaml, read_source
from runner.records import JsonObject, Position, Problem
from runner.records.catalogue import finding
from runner.resources import Resources, shipped_folder
from runner.schema import check, problems, shipped
from runner.schema.messages import meant
from runner.schema.registry import read_schema


@lru_cache(maxsize=64)
def _judged(text: str, path: str, schema: str) -> tuple[Document | None, list[Problem]]:
    """The document of a text and what is wrong with it; the grammar of orch's own files is no project's to change."""
    document, found = load_yaml(text, path)
    found = [*found, *_modeline(text, path, schema)]
    if document is not None and not any(problem.rule == "TMPL016" for problem in found):
        found = [*found, *problems(shipped(schema), document.data, document)]
    return document, found


def _modeline(text: str, path: str, schema: str) -> Iterator[Problem]:
    """What an editor is told to check the file by, if that is not what orch checks it by. Nothing is fetched."""
    for number, line in enumerate(text.split("\n", 5)[:5], 1):
        told = _MODELINE.match(line)
        if told and told[1].rpartition("/")[2] != schema:
            where = Position(path, number, told.start(1) + 1, number, told.end(1) + 1)
            message = f'editors check this file by "{told[1]}", orch by "{schema}"'
            yield finding("ORC011", message, where, hint=f"name ../schemas/{schema}, or remove the line")


_MODELINE = re.compile(r"#\s*yaml-language-server:\s*\$schema=(\S{1,500})")


@dataclass
class Files:
    """What was read so far: documents, texts and problems, by relative path."""

    resources: Resources
    documents: dict[str, Document] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _failed: set[str] = field(default_factory=set)

    def path(self, file: Path) -> str:
        """How messages and `sources` call a file."""
        return self.resources.relative(file)

    def text(self, file: Path) -> str | None:
        """The text of a file, None (and a problem) where it cannot be read."""
        path = self.path(file)
        if path in self.sources or path in self._failed:
            return self.sources.get(path)
        text, found = read_source(file, path)
        self.problems += found
        if text is None:
            self._failed.add(path)
        else:
            self.sources[path] = text
        return text

    def document(self, file: Path, schema: str) -> Document | None:
        """The data of a YAML file; None (and problems) where it is not what `schema` wants."""
        path = self.path(file)
        if path in self.documents:
            return self.documents[path] if path not in self._failed else None
        text = self.text(file)
        if text is None:
            return None
        document, found = _judged(text, path, schema)
        if document is not None:
            self.documents[path] = document
        self.problems += found
        if document is None or any(problem.severity == "error" for problem in found):
            self._failed.add(path)
            return None
        return document

    def schema(self, name: str) -> JsonObject:
        """A schema by its file name, the project's first. Raises UnknownSchema."""
        found = read_schema(self.resources.folders("schemas"), name)
        file = self.resources.find("schemas", name)
        if file is not None:
            self.sources.setdefault(self.path(file), file.read_text(encoding="utf-8-sig"))
        return found

    def referred(self, kind: str, name: str, where: Position, pointer: str) -> Path | None:
        """The file that a reference means; None (and ORC311 or ORC312) where there is none."""
        file = self.resources.find(kind, name)
        if file is not None and file.is_file():
            return file
        if self.resources.escapes(kind, name):
            hint = f"name a file inside {kind}/"
            self.problems.append(
                finding("ORC312", f'"{name}" leaves the folder {kind}/', where, pointer=pointer, hint=hint)
            )
            return None
        message = f'"{name}" was not found{meant(name, self.resources.names(kind))}'
        hint = f"looked in {', '.join(self.resources.looked(kind, name))}"
        self.problems.append(finding("ORC311", message, where, pointer=pointer, hint=hint))
        return None

    def user_schema(self, value: object, document: Document, pointer: tuple[str | int, ...]) -> JsonObject | None:
        """The schema that an option names or holds; None (and problems) where it is none."""
        where, shown = document.position(pointer), "".join(f"/{part}" for part in pointer)
        if not isinstance(value, str):
            return self._inline(value, document, pointer)
        file = self.referred("schemas", value, where, shown)
        text = self.text(file) if file is not None else None
        if file is None or text is None:
            return None
        if file.is_relative_to(shipped_folder("schemas")):
            return shipped(file.relative_to(shipped_folder("schemas")).as_posix())  # judged by orch's own tests
        return self._parsed(text, value, where, shown)

    def _inline(self, value: object, document: Document, pointer: tuple[str | int, ...]) -> JsonObject | None:
        found = check(value, self.schema)
        for problem in found:
            parts = tuple(int(p) if p.isdigit() else p for p in problem.pointer.split("/")[1:])
            where = document.position((*pointer, *parts))
            self.problems.append(
                finding(problem.rule, problem.message, where, pointer=problem.pointer, hint=problem.hint)
            )
        return value if not found and isinstance(value, dict) else None

    def _parsed(self, text: str, name: str, where: Position, pointer: str) -> JsonObject | None:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            message = f'"{name}" is not JSON: {error}'
            self.problems.append(finding("ORC305", message, where, pointer=pointer, hint="correct the file"))
            return None
        found = check(data, self.schema)
        for problem in found:
            message = f'"{name}": {problem.message}'
            self.problems.append(finding(problem.rule, message, where, pointer=pointer, hint=problem.hint))
        return data if not found else None
