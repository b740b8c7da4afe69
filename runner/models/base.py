"""The seam of models. A model module holds `SPENDS`, `ready` and `open_model`; one file a kind of model.

Its line in `runner.registry.MODELS` maps the kind ("scripted") to the module; what stands after the slash of
"scripted/planner" arrives as `name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from runner.records import Json, JsonObject, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to a model.

    `messages` is the rendered prompt and what followed; `inputs` the template's variables as JSON (what a model that
    works by rules reads); `schema` the JSON Schema of the answer, None for text; `address` is "step" or "step/item";
    `attempt` counts from 1.
    """

    address: str
    messages: tuple[Message, ...]
    inputs: JsonObject = field(default_factory=dict)
    schema: JsonObject | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`data` is the JSON value when a schema was given, else None; `text` is what the model said."""

    text: str = ""
    data: Json = None
    usage: Usage = Usage()
    model: str = ""


class Model(Protocol):
    """Answers one request. `deterministic`: asked again, it would answer the same."""

    @property
    def deterministic(self) -> bool: ...

    async def send(self, ask: Ask) -> Answer:
        """The answer. Raises errors.Transient where asking again may help, errors.StepFailed where not."""
        ...


class ModelModule(Protocol):
    """What a module in the table of models holds."""

    @property
    def SPENDS(self) -> bool: ...  # noqa: N802

    def ready(self, name: str, settings: Mapping[str, Json], root: Path, offline: bool) -> str:
        """Why it cannot be used here, or "" when it is ready. Sends nothing, spends nothing."""
        ...

    def open_model(self, name: str, settings: Mapping[str, Json], root: Path) -> Model: ...
