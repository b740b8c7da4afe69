"""What a YAML parser complained about, in words that help."""

from __future__ import annotations

import re
from typing import Any

import yaml

from runner.records import Position, Problem
from runner.records.catalogue import finding

_TAB_INDENT = re.compile(r"[ ]*\t")
_HINTS = (
    ("mapping values are not allowed", 'a plain value may not hold ": "; quote it, or check the indentation'),
    ("could not find expected ':'", 'a key needs a ":" and a space after it'),
    ("expected ',' or ']'", 'close the list with "]", or put "," between its items'),
    ("expected ',' or '}'", 'close the mapping with "}", or put "," between its entries'),
    ("expected <block end>", "check the indentation, and quote text that starts with a quote or a bracket"),
    ("found unexpected end of stream", "a quote is not closed"),
    ("cannot start any token", "quote the value"),
    ("found undefined tag handle", "quote the value"),
)


def syntax_problem(error: yaml.YAMLError, text: str, path: str) -> Problem:
    """The problem that `error` is about: ORC001, or ORC006 where a tab is the cause."""
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    lines = text.split("\n")
    tab = _tab_near(lines, line, column)
    if tab is not None:
        where = Position(path, tab[0] + 1, tab[1] + 1, tab[0] + 1, tab[1] + 2)
        return finding("ORC006", "a tab is used for indentation", where, hint="indent with spaces")
    where = Position(path, line + 1, column + 1, line + 1, column + 2)
    return finding("ORC001", _message(error), where, hint=_hint(error, lines, line), related=_context(error, path))


def _message(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or "the text is not YAML"
    return str(problem).replace("'", '"')


def _hint(error: yaml.YAMLError, lines: list[str], line: int) -> str:
    if line < len(lines) and re.search(r":\s+\{\{|-\s+\{\{", lines[line]):
        return 'quote a value that starts with {{: "{{ ... }}"'
    message = f"{getattr(error, 'problem', '')}"
    return next(
        (hint for part, hint in _HINTS if part in message), "check quotes, brackets and indentation above this place"
    )


def _context(error: Any, path: str) -> tuple[tuple[Position, str], ...]:
    mark, problem = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    if mark is None or problem is None or (mark.line, mark.column) == (problem.line, problem.column):
        return ()
    where = Position(path, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    return ((where, f"{error.context or 'it started'} here"),)


def _tab_near(lines: list[str], line: int, column: int) -> tuple[int, int] | None:
    if line < len(lines) and column < len(lines[line]) and lines[line][column] == "\t":
        return line, column
    for number in (line, line - 1):
        found = _TAB_INDENT.match(lines[number]) if 0 <= number < len(lines) else None
        if found:
            return number, found.end() - 1
    return None
