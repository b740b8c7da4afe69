"""The nouns of a run, frozen; each can be stored as JSON (`to_json`, `from_json`). No behaviour lives here.

One file a family: `problem` (findings), `pipeline` and `manager` (what users write), `plan` and `task` (what models
answer), `work` (assignment, orders, results), `verdict` (what was shown), `event` (what happened).
"""

from runner.records.event import EVENT_KINDS, Event
from runner.records.json import Json, JsonObject, from_json, read_json, to_json
from runner.records.manager import (
    AgentPolicy,
    Check,
    ComponentOffer,
    Generated,
    Group,
    Kind,
    Manager,
    Match,
    Reference,
    SeatPolicy,
    SessionPolicy,
)
from runner.records.pipeline import Backend, Environment, Field, Foreach, Limits, Pipeline, Repeat, Requires, Step
from runner.records.plan import (
    Assumption,
    Component,
    Constraint,
    Criterion,
    Entity,
    Exclusion,
    Line,
    Plan,
    Request,
    Requirement,
)
from runner.records.problem import Position, Problem
from runner.records.process import Exec, Finished
from runner.records.task import POINTS, Task, TaskCheck
from runner.records.usage import Usage
from runner.records.verdict import Verdict
from runner.records.work import AssignedGroup, Assignment, Edge, Evidence, FileRecord, Seat, TaskResult, WorkOrder

__all__ = [
    "EVENT_KINDS",
    "POINTS",
    "AgentPolicy",
    "AssignedGroup",
    "Assignment",
    "Assumption",
    "Backend",
    "Check",
    "Component",
    "ComponentOffer",
    "Constraint",
    "Criterion",
    "Edge",
    "Entity",
    "Environment",
    "Event",
    "Evidence",
    "Exclusion",
    "Exec",
    "Field",
    "FileRecord",
    "Finished",
    "Foreach",
    "Generated",
    "Group",
    "Json",
    "JsonObject",
    "Kind",
    "Limits",
    "Line",
    "Manager",
    "Match",
    "Pipeline",
    "Plan",
    "Position",
    "Problem",
    "Reference",
    "Repeat",
    "Request",
    "Requirement",
    "Requires",
    "Seat",
    "SeatPolicy",
    "SessionPolicy",
    "Step",
    "Task",
    "TaskCheck",
    "TaskResult",
    "Usage",
    "Verdict",
    "WorkOrder",
    "from_json",
    "read_json",
    "to_json",
]
