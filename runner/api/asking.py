"""Asks models for steps: every answer is kept the moment it arrives, and none is bought twice."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

from runner.agents.base import Emit
from runner.api.backends import Chosen
from runner.api.budget import Budget
from runner.errors import StepFailed
from runner.journal import Journal, Key
from runner.models.base import Answer, Ask, Model
from runner.records import JsonObject, from_json, to_json


class Asking:
    """The models of one run, by the names that its steps use."""

    def __init__(
        self, run: str, journal: Journal, emit: Emit, chosen: Mapping[str, Chosen], root: Path, budget: Budget
    ) -> None:
        self._run, self._journal, self._emit, self._budget = run, journal, emit, budget
        self._chosen = chosen
        self._models: Mapping[str, Model] = {
            alias: one.module.open_model(one.backend.model, one.backend.settings, root) for alias, one in chosen.items()
        }

    def in_flight(self) -> list[str]:
        """Requests that were sent and never answered, of an earlier life: they count as spent."""
        answered = {(key.step, key.item, key.hash) for key, _ in self._journal.entries(self._run, "answer")}
        asked = self._journal.entries(self._run, "asking")
        return [
            f"{data['model']} for {key.step}{'/' if key.item else ''}{key.item}"
            for key, data in asked
            if (key.step, key.item, key.hash) not in answered
        ]

    def deterministic(self, alias: str) -> bool:
        """Whether the model would answer the same when asked again."""
        return self._models[alias].deterministic

    def names(self) -> list[str]:
        """The models, by their own names, each once."""
        return list(dict.fromkeys(one.backend.use for one in self._chosen.values()))

    async def ask(self, step: str, item: str, alias: str, ask: Ask) -> Answer:
        """The answer, from the journal when the same request was answered before. Raises errors.LimitReached."""
        name = self._chosen[alias].backend.use
        digest = request_hash(name, ask)
        key = Key(run=self._run, kind="answer", step=step, item=item, attempt=ask.attempt, hash=digest)
        stored = self._journal.get(key)
        if stored is not None:
            return from_json(Answer, stored)
        self._budget.refuse_over(step)
        if self._chosen[alias].spends:
            # Durable before it is sent: a request in flight at a crash counts as spent and is named.
            await self._journal.put(
                Key(run=self._run, kind="asking", step=step, item=item, hash=digest), {"model": name}
            )
        answer = await self._send(alias, name, ask)
        await self._journal.put(key, to_json(answer))
        self._budget.add(answer.usage, step)
        return answer

    async def _send(self, alias: str, name: str, ask: Ask) -> Answer:
        characters = sum(len(message.text) for message in ask.messages)
        self._emit("ask_started", ask.address, {"model": name, "attempt": ask.attempt, "characters": characters})
        began = time.monotonic()
        try:
            answer = await self._models[alias].send(ask)
        except StepFailed as failed:
            self._emit("note", ask.address, {"message": f"{name} gave no answer: {failed.message}"})
            raise
        data = {
            "model": name,
            "attempt": ask.attempt,
            "seconds": time.monotonic() - began,
            "usage": to_json(answer.usage),
        }
        self._emit("ask_finished", ask.address, data)
        return answer


def request_hash(model: str, ask: Ask) -> str:
    """What makes two requests the same: model, messages and schema."""
    said: list[JsonObject] = [{"role": message.role, "text": message.text} for message in ask.messages]
    text = json.dumps([model, ask.address, said, ask.schema], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
