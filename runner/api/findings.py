"""Problems in words: the text that `lint` and `run` print alike, and the JSON of `lint --format json`."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from runner.records import JsonObject, Position, Problem
from runner.resources import Resources, shipped_folder
from runner.rules.secrets import mask

Texts = Callable[[str], str]
"""Path of a file, as problems call it, to its text ("" where there is none)."""
_WIDTH = 160
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def texts_of(sources: Mapping[str, str], root: Path) -> Texts:
    """Looks a text up in `sources`, then in the project, then among the shipped files."""

    def read(path: str) -> str:
        if path in sources:
            return sources[path]
        for base in (root, shipped_folder("pipelines").parent):
            file = base / path
            if file.is_file():
                return file.read_text(encoding="utf-8-sig", errors="replace")[: 1 << 20]
        return ""

    return read


def as_text(problems: Iterable[Problem], texts: Texts) -> str:
    """Each problem as a line that tools can match, the place in the file, and the hint."""
    listed = list(problems)
    hiding = {problem.position.path: problem for problem in listed if problem.position and _hides(problem)}
    blocks = (
        [*_block(one, texts), *([_WAITING] if any(one is last for last in hiding.values()) else [])] for one in listed
    )
    return "\n".join(line for block in blocks for line in block)


_WAITING = "  = note: further checks of this file wait until this is fixed"


def _hides(problem: Problem) -> bool:
    """Whether a finding is about the form of its file: rules look only at files whose form is right."""
    return problem.severity == "error" and problem.rule.startswith(("ORC0", "ORC1")) and problem.rule != "ORC000"


def _block(problem: Problem, texts: Texts) -> list[str]:
    where = problem.position
    place = f"{plain(where.path)}:{where.line}:{where.column}: " if where else ""
    lines = [f"{place}{problem.severity}: {plain(problem.message)} [{problem.rule} {problem.name}]"]
    lead = " " * len(str(where.line if where else 1))
    if where is not None:
        lines += _frame(where, texts(where.path).split("\n"), lead)
    lines += [f"{lead} = note: {plain(text)}: {plain(p.path)}:{p.line}:{p.column}" for p, text in problem.related]
    return [*lines, f"{lead} = help: {plain(problem.hint)}"] if problem.hint else lines


def _frame(where: Position, lines: list[str], lead: str) -> list[str]:
    if not 0 < where.line <= len(lines) or not lines[where.line - 1].strip():
        return []
    line = lines[where.line - 1].rstrip("\r")
    end = where.end_column if where.end_line == where.line else len(line) + 1
    before, marked = line[: where.column - 1], line[where.column - 1 : max(end, where.column + 1) - 1]
    shown, skipped = _cut(mask(line), where.column - 1)
    indent = _columns(before[skipped:]) + (3 if skipped else 0)
    caret = "^" + "~" * min(max(_columns(marked) - 1, 0), max(_WIDTH - indent, 0))
    return [f"{lead} |", f"{where.line} | {plain(shown)}".rstrip(), f"{lead} | {' ' * indent}{caret}"]


def _cut(line: str, at: int) -> tuple[str, int]:
    """The part of a long line around `at`, and how many characters were left out before it."""
    if len(line) <= _WIDTH:
        return line, 0
    start = max(0, min(at - _WIDTH // 2, len(line) - _WIDTH))
    middle = line[start : start + _WIDTH]
    return ("..." if start else "") + middle + ("..." if start + _WIDTH < len(line) else ""), start


def _columns(text: str) -> int:
    """How wide a text is on a terminal."""
    return sum(_letter_width(letter) for letter in text)


def _letter_width(letter: str) -> int:
    if letter == "\t":
        return 4
    if _UNSAFE.match(letter):
        return len(_escaped(letter))
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def plain(text: str) -> str:
    """The text on one line, without characters that could forge lines or colours of a log."""
    return _UNSAFE.sub(lambda found: _escaped(found.group()), text.replace("\t", "    ").replace("\n", "\\n"))


def _escaped(letter: str) -> str:
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def summary(problems: Sequence[Problem], files: int) -> str:
    """The last line: how many of what, in how many files."""
    if not problems:
        return f"ok: {_count(files, 'file')}"
    kinds = [(severity, sum(p.severity == severity for p in problems)) for severity in ("error", "warning", "info")]
    found = ", ".join(_count(number, severity) for severity, number in kinds if number)
    touched = len({problem.position.path for problem in problems if problem.position})
    return f"{found} in {touched} of {_count(max(files, touched), 'file')}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 or word == "info" else f"{number} {word}s"


def as_json(problems: Sequence[Problem], files: int, version: str) -> JsonObject:
    """What `schemas/lint.schema.json` describes."""
    return {
        "version": 1,
        "tool": {"name": "orch", "version": version},
        "summary": {
            "files": files,
            "errors": sum(problem.severity == "error" for problem in problems),
            "warnings": sum(problem.severity == "warning" for problem in problems),
            "infos": sum(problem.severity == "info" for problem in problems),
        },
        "findings": [_finding(problem) for problem in problems],
    }


def _finding(problem: Problem) -> JsonObject:
    where = problem.position or Position("")
    said = "\0".join((problem.rule, where.path, problem.pointer, problem.message))
    return {
        "rule": problem.rule,
        "name": problem.name,
        "severity": problem.severity,
        "message": problem.message,
        **_place(where),
        "pointer": problem.pointer,
        "help": problem.hint,
        "related": [{**_place(place), "message": text} for place, text in problem.related],
        "fingerprint": hashlib.sha256(said.encode()).hexdigest()[:16],
    }


def _place(where: Position) -> JsonObject:
    return {
        "path": where.path,
        "line": where.line,
        "col": where.column,
        "end_line": where.end_line,
        "end_col": where.end_column,
    }


def texts_for(resources: Resources) -> Texts:
    """Texts of a project's files, read when they are shown."""
    return texts_of({}, resources.root)
