"""Assignment, orders and results: what happens to tasks between decomposition and verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runner.records.task import Task
from runner.records.usage import Usage

Status = Literal["verified", "unverified", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`after` waits for `before`; `why` names the field, need or input that made it; soft edges may be dropped."""

    before: str
    after: str
    why: str
    soft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One agent slot of a group: `id` is "manager.group.1"; `tasks` in the order of work."""

    id: str
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedGroup:
    manager: str
    name: str
    tasks: tuple[str, ...]
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who does what, and what waits for what (`schemas/assignment.schema.json`)."""

    tasks: tuple[Task, ...]
    groups: tuple[AssignedGroup, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """Tasks of one group for one seat, in order; formed at dispatch and journalled before it starts.

    `attempts` and `feedback` stand beside `tasks`, item by item: a failed check makes a new order, never a changed one.
    """

    id: str
    seat: str
    manager: str
    group: str
    tasks: tuple[str, ...]
    attempts: tuple[int, ...]
    feedback: tuple[str, ...]
    round: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one check said: a command (or exact comparison), its exit code, the end of its output, on which commit."""

    name: str
    command: str
    exit_code: int
    passed: bool
    seconds: float = 0.0
    output_tail: str = ""
    commit: str = ""
    at: Literal["attempt", "merge", "end"] = "attempt"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """How a task ended; `commit` is the merge in the run's main branch, "" where nothing was merged."""

    task: str
    status: Status
    manager: str = ""
    group: str = ""
    seat: str = ""
    attempts: int = 0
    round: int = 0
    reason: str = ""
    commit: str = ""
    files: tuple[FileRecord, ...] = ()
    checks: tuple[Evidence, ...] = ()
    usage: Usage = Usage()
