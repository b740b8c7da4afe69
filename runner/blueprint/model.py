"""The built-in model: a plan and its tasks by rules on the text of the request. No key, no network, always the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.blueprint.decomposing import COMPONENTS, decompose, decompose_all
from runner.blueprint.planning import make_plan
from runner.errors import StepFailed
from runner.models.base import Answer, Ask, Model
from runner.records import Json, JsonObject

SPENDS = False
SERVES = ("urn:orch:plan:1", "urn:orch:tasks:1")
"""The schemas (by `$id`) that it can answer."""


def ready(name: str, settings: Mapping[str, Json], root: Path, offline: bool) -> str:
    """Always "": it needs nothing that could be missing."""
    return ""


def open_model(name: str, settings: Mapping[str, Json], root: Path) -> Model:
    """The model; it has no settings."""
    return Blueprint()


@dataclass(frozen=True)
class Blueprint:
    """Reads `Ask.inputs` and never the rendered prompt."""

    @property
    def deterministic(self) -> bool:
        return True

    async def send(self, ask: Ask) -> Answer:
        """A plan or the tasks of a component. Raises StepFailed for anything else."""
        schema = str((ask.schema or {}).get("$id", "text"))
        if schema == SERVES[0]:
            return Answer(data=plan(ask.inputs), model="blueprint")
        if schema == SERVES[1]:
            return Answer(data={"tasks": tasks(ask.inputs)}, model="blueprint")
        raise StepFailed(
            f"{ask.address}: the blueprint cannot answer this schema ({schema})", "it answers plans and tasks"
        )


def plan(inputs: JsonObject) -> dict[str, Json]:
    """The plan of `inputs["request"]`; `inputs["managers"]`, where given, bound the components."""
    return make_plan(inputs.get("request", ""), declared(inputs.get("managers")), decompose_all)


def tasks(inputs: JsonObject) -> list[dict[str, Json]]:
    """The tasks of `inputs["component"]` (a name or an entry of the plan). Raises StepFailed where it knows none."""
    component = inputs.get("component")
    name = str(component["name"] if isinstance(component, Mapping) else component)
    data = inputs.get("plan")
    if not isinstance(data, Mapping):
        raise StepFailed("the blueprint decomposes a plan, and was given none")
    if name not in COMPONENTS and data.get("entities"):
        raise StepFailed(f'the blueprint has no tasks for the component "{name}"', f"it knows {', '.join(COMPONENTS)}")
    try:
        return decompose(data, name)
    except (KeyError, TypeError, StopIteration) as problem:
        raise StepFailed(f"the blueprint cannot decompose a plan of another model: it lacks {problem}") from problem


def declared(managers: Json) -> dict[str, tuple[str, ...]] | None:
    """The components that managers declare with the words that signal them, None where no manager says any."""
    entries = (
        managers.values() if isinstance(managers, Mapping) else managers if isinstance(managers, (list, tuple)) else ()
    )
    found = {
        str(component["name"]): tuple(str(signal) for signal in component.get("signals") or ())
        for manager in entries
        if isinstance(manager, Mapping)
        for component in manager.get("components") or ()
        if isinstance(component, Mapping) and "name" in component
    }
    return found or None
