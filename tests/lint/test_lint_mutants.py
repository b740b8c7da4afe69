"""Mutants of what is shipped: at least 95 of 100 are flagged, the first finding within one line of the change."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.api.lint import lint

ROOT = Path(__file__).parent.parent.parent
FILES = sorted([*(ROOT / "pipelines").glob("*.yaml"), *(ROOT / "managers").glob("*.yaml")])
_KEY = re.compile(r"(?<![\w\"'/.-])([a-z_]{3,}): ")
_FREE = ("vars", "env", "outputs", "inputs", "models", "agents", "steps", "specs", "properties", "secrets")
Mutant = tuple[str, str, int]
"""What was done, the new text, the line (from 1) where."""


def mutants(text: str) -> Iterator[Mutant]:
    lines = text.split("\n")
    plain = [line.split(" #")[0] for line in lines]
    prose = _prose(lines)
    for index, line in enumerate(plain):
        if index in prose or not line.strip() or line.lstrip().startswith("#"):
            continue
        chosen = _first_key(line) if _parent(plain, index) in _FREE else ""
        for name, changed in _of_line(line, chosen):
            yield name, "\n".join([*lines[:index], changed, *lines[index + 1 :]]), index + 1
        if re.match(r"(  )?[a-z_]+: ", line) and not line.rstrip().endswith(("|", ">")):
            yield "duplicate key", "\n".join([*lines[: index + 1], line, *lines[index + 1 :]]), index + 2


def _of_line(line: str, chosen: str) -> Iterator[tuple[str, str]]:
    for found in _KEY.finditer(line):
        key, at = found.group(1), found.start(1)
        if key != chosen and not _is_free(line, key):
            yield f"typo in key {key}", line[:at] + key[1] + key[0] + key[2:] + line[at + len(key) :]
    for pattern, name, new in _CHANGES:
        for found in pattern.finditer(line):
            yield name, line[: found.start(1)] + new.format(found.group(1)) + line[found.end(1) :]
    if line.startswith("  ") and ": " in line and "[" not in line:
        yield "tab", "\t" + line.lstrip()


_CHANGES = (
    (re.compile(r"needs: \[([a-z_]+)"), "unknown need", "nowhere_{}"),
    (re.compile(r"(\w+\.md\.j2|[\w/]+\.schema\.json)"), "missing file", "x{}"),
    (re.compile(r"(?:steps|inputs)\.([a-z_]+)"), "unknown name", "x{}"),
    (re.compile(r"(?:uses|model|at): ([a-z_]+)"), "unknown value", "zz{}"),
    (re.compile(r": (\d+)(?=[,}\s]|$)"), "number as text", '"many"'),
)


def _first_key(line: str) -> str:
    return line.strip().partition(":")[0]


def _parent(lines: list[str], index: int) -> str:
    """The key that the entry on a line belongs to."""
    depth = len(lines[index]) - len(lines[index].lstrip())
    above = (line for line in reversed(lines[:index]) if line.strip() and len(line) - len(line.lstrip()) < depth)
    return _first_key(next(above, ""))


def _is_free(line: str, key: str) -> bool:
    """Whether a key at this place is a name that its author may choose: of a step, an input, an alias, a property."""
    before = line[: line.index(f"{key}: ")]
    return any(f"{free}: {{" in before for free in _FREE)


def _prose(lines: list[str]) -> set[int]:
    """The lines inside block scalars."""
    found: set[int] = set()
    for index, line in enumerate(lines):
        if re.search(r": [|>]-?\s*$", line):
            depth = len(line) - len(line.lstrip())
            for inner in range(index + 1, len(lines)):
                if lines[inner].strip() and len(lines[inner]) - len(lines[inner].lstrip()) <= depth:
                    break
                found.add(inner)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_mutants_are_flagged_where_they_are(file: Path, tmp_path: Path) -> None:
    for folder in ("managers", "pipelines"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    target = tmp_path / file.parent.name / file.name
    made = list(mutants(file.read_text()))[::3]  # all of them take long, and are flagged too
    assert len(made) >= 20
    missed = [f"{line}: {name}" for name, text, line in made if not _is_flagged(target, text, line, tmp_path)]
    assert len(missed) <= len(made) * 0.05, missed


def _is_flagged(target: Path, text: str, line: int, root: Path) -> bool:
    target.write_text(text)
    places = [problem.position.line for problem in lint(root, [target]).problems if problem.position]
    return any(abs(place - line) <= 1 for place in places[:1])
