"""Where a finding about a plan or tasks stands in the file that holds them: the same for lint, run and explain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from runner.positions import Document
from runner.records import Problem

Pointer = tuple[str | int, ...]


def placed(problem: Problem, document: Document | None) -> Problem:
    """The problem at the most exact place known: its own, that of its pointer, or that of the task (or promise) that
    has to answer for it. A file may hold the bare list of tasks."""
    if problem.position is not None or document is None:
        return problem
    pointer = _parts(problem.pointer)
    if isinstance(document.data, list) and pointer[:1] == ("tasks",):
        pointer = pointer[1:]
    exact = max(pointer, _owner(problem.owner, document), key=len)
    return replace(problem, position=document.position(exact))


def _parts(pointer: str) -> Pointer:
    return tuple(int(part) if part.isdigit() else part for part in pointer.split("/")[1:])


def _owner(owner: str, document: Document) -> Pointer:
    data = document.data
    lists: Iterable[tuple[Pointer, object]] = (
        [((), data)] if isinstance(data, list) else [((key,), value) for key, value in data.items()]
    )
    for base, values in lists:
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, dict) and owner and owner in (value.get("id"), value.get("name")):
                return (*base, index, "id" if value.get("id") == owner else "name")
    return ()
