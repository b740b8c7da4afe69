"""A finding about a file that the user wrote, or about what a model answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text: `path` relative to the project root (posix), lines and columns from 1, in code points."""

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """`rule` is the stable id ("ORC201"), `name` its word ("unknown_step"); `pointer` the JSON path ("/steps/code").

    `message` says the thing and what would be right; `hint` is the next act; `related` are further places, each
    with its own message. `owner` names the foreach item or the task that has to answer for it, where one does.
    """

    rule: str
    name: str
    message: str
    position: Position | None = None
    severity: Literal["error", "warning", "info"] = "error"
    pointer: str = ""
    hint: str = ""
    related: tuple[tuple[Position, str], ...] = ()
    owner: str = ""
