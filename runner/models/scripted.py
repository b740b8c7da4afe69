"""The double of a model: its answers stand in `scripted/NAME.yaml`. It ships, so that tests need no mocks.

models:
  plan:                                  # the step, or step/item
    - {transient: true}                  # this request fails, and may be tried again
    - {expects: [VARCHAR], json: {...}, delay: 20ms}
    - {text: "the second attempt"}
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from runner.errors import StepFailed, Transient
from runner.models.base import Answer, Ask
from runner.positions import load_yaml
from runner.records import Json, JsonObject, Usage

SPENDS = False
_KEYS = frozenset({"expects", "json", "text", "delay", "transient"})
_DELAY = re.compile(r"([0-9]+)(ms|s)")


class ScriptedModel:
    """Gives the n-th scripted answer to the n-th attempt, the last one to all later ones; what it lacks it says, and
    never makes up."""

    deterministic = False

    def __init__(self, name: str, script: Mapping[str, list[JsonObject]]) -> None:
        self._name = name
        self._script = script
        self._failed: dict[tuple[str, int], int] = {}

    async def send(self, ask: Ask) -> Answer:
        """The scripted answer. Raises errors.Transient where the script says so, errors.StepFailed without one."""
        failures, entry = self._find(ask)
        await asyncio.sleep(_seconds(entry.get("delay", 0)))
        tried = self._failed.get((ask.address, ask.attempt), 0)
        if tried < failures:
            self._failed[ask.address, ask.attempt] = tried + 1
            raise Transient(f"scripted/{self._name}: the service for {ask.address} is busy")
        self._compare(ask, entry)
        text = entry.get("text") or json.dumps(entry.get("json"), ensure_ascii=False)
        usage = Usage(input=sum(len(message.text) for message in ask.messages) // 4, output=len(text) // 4, requests=1)
        return Answer(text=text, data=entry.get("json"), usage=usage, model=f"scripted/{self._name}")

    def _find(self, ask: Ask) -> tuple[int, JsonObject]:
        """How often this attempt fails first, and what it then answers."""
        entries = self._script.get(ask.address)
        if entries is None:
            raise StepFailed(f'scripted/{self._name} has no answer for "{ask.address}"')
        answered, failures, last = 0, 0, (0, dict[str, Json]())
        for entry in entries:
            if entry.get("transient"):
                failures += 1
                continue
            answered, last, failures = answered + 1, (failures, dict(entry)), 0
            if answered == ask.attempt:
                return last
        # A list that ends with failures goes on failing; any other goes on with its last answer.
        return (sys.maxsize, {}) if failures else (0, last[1])

    def _compare(self, ask: Ask, entry: JsonObject) -> None:
        prompt = "\n".join(message.text for message in ask.messages)
        for text in entry.get("expects", ()):
            if text not in prompt:
                raise StepFailed(f'scripted/{self._name}: the prompt for "{ask.address}" lacks {text!r}')
        if "json" not in entry and "text" not in entry:
            raise StepFailed(f'scripted/{self._name}: "{ask.address}" has neither json nor text')


def ready(name: str, settings: Mapping[str, Json], root: Path, offline: bool) -> str:
    """Why the script cannot be used, or ""."""
    try:
        _read(root, name)
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def open_model(name: str, settings: Mapping[str, Json], root: Path) -> ScriptedModel:
    """The double that `scripted/NAME.yaml` describes. Raises OSError or ValueError where `ready` said why."""
    return ScriptedModel(name, _read(root, name))


def _read(root: Path, name: str) -> Mapping[str, list[JsonObject]]:
    path = root / "scripted" / f"{name}.yaml"
    document, problems = load_yaml(path.read_text(encoding="utf-8"), f"scripted/{name}.yaml")
    if document is None:
        raise ValueError(f"scripted/{name}.yaml: {problems[0].message}")
    script: Mapping[str, list[JsonObject]] = document.data.get("models", {})
    for address, entries in script.items():
        for entry in entries:
            if unknown := set(entry) - _KEYS:
                raise ValueError(f"scripted/{name}.yaml: {address}: unknown key {', '.join(sorted(unknown))}")
    return script


def _seconds(delay: str | float) -> float:
    if not isinstance(delay, str):
        return float(delay)
    match = _DELAY.fullmatch(delay)
    if match is None:
        raise StepFailed(f'"delay" must be like 20ms or 2s, got {delay!r}')
    return int(match[1]) / (1000 if match[2] == "ms" else 1)
