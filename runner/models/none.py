"""The model that is not there: `none` at the end of an alias says that its step can do without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runner.errors import StepFailed
from runner.models.base import Answer, Ask
from runner.records import Json

SPENDS = False


class NoModel:
    deterministic = True

    async def send(self, ask: Ask) -> Answer:
        """Never answers. Raises errors.StepFailed."""
        raise StepFailed(f'"{ask.address}" has no model: "none" was chosen', "set a key, or name one with --model")


def ready(name: str, settings: Mapping[str, Json], root: Path, offline: bool) -> str:
    """Always ready: ""."""
    return ""


def open_model(name: str, settings: Mapping[str, Json], root: Path) -> NoModel:
    return NoModel()
