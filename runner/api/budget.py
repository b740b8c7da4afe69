"""What a run has spent, and the limits on cost and tokens of the run, its steps and its managers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.agents.base import Agent, Turn, TurnResult
from runner.errors import LimitReached
from runner.journal import Journal
from runner.records import JsonObject, Limits, Manager, Pipeline, Usage, from_json


class Budget:
    """Counts what was used from the journal on; what is in flight counts when it arrives."""

    def __init__(self, journal: Journal, run: str, pipeline: Pipeline, managers: Mapping[str, Manager]) -> None:
        self._limits: dict[str, Limits] = {
            "": pipeline.limits,
            **{_step(name): step.limits for name, step in pipeline.steps.items()},
            **{_manager(name): manager.limits for name, manager in managers.items()},
        }
        self._spent = dict.fromkeys(self._limits, Usage())
        self._read(journal, run)

    def add(self, usage: Usage, step: str, manager: str = "") -> None:
        """Somebody used this much for a step, or for a manager in it."""
        for name in _names(step, manager):
            self._spent[name] = self._spent.get(name, Usage()) + usage

    def refuse_over(self, step: str, manager: str = "") -> None:
        """Raises LimitReached where the run, the step or the manager has used up what it may."""
        for name in _names(step, manager):
            _refuse_over(name, self._limits.get(name, Limits()), self._spent.get(name, Usage()))

    def _read(self, journal: Journal, run: str) -> None:
        for key, data in journal.entries(run, "answer"):
            self.add(from_json(Usage, data["usage"]), key.step)
        managers = {
            task: data["order"]["manager"]
            for _, data in journal.entries(run, "order")
            for task in data["order"]["tasks"]
        }
        for key, data in journal.entries(run, "turn"):
            self.add(_usage(data), key.step, managers.get(key.task, ""))
        # A turn of an `agent` step belongs to no order and leaves no row of its own.
        for event in journal.events(run):
            if event.kind == "turn_finished" and not event.data.get("order"):
                self.add(_usage(event.data), event.subject.partition("/")[0])


@dataclass(frozen=True, slots=True)
class Metered:
    """An agent whose turns count, and start only within the limits."""

    agent: Agent
    budget: Budget
    step: str
    manager: str = ""

    async def turn(self, turn: Turn) -> TurnResult:
        """The agent's own turn. Raises errors.LimitReached before it where a limit is used up."""
        self.budget.refuse_over(self.step, self.manager)
        result = await self.agent.turn(turn)
        self.budget.add(result.usage, self.step, self.manager)
        return result


def _refuse_over(name: str, limits: Limits, spent: Usage) -> None:
    whose = f"{name}: " if name else ""
    raised = "start a new run with a higher one" if name else "raise it with --budget"
    if limits.cost_usd is not None and spent.cost_usd is not None and spent.cost_usd >= limits.cost_usd:
        raise LimitReached(f"{whose}${spent.cost_usd:.2f} are spent, the limit is ${limits.cost_usd:.2f}", raised)
    tokens = spent.input + spent.output
    if limits.tokens is not None and tokens >= limits.tokens:
        raise LimitReached(
            f"{whose}{tokens} tokens are used, the limit is {limits.tokens}", "start a new run with a higher one"
        )


def _names(step: str, manager: str) -> tuple[str, ...]:
    return ("", _step(step), *((_manager(manager),) if manager else ()))


def _step(name: str) -> str:
    return f'step "{name}"'


def _manager(name: str) -> str:
    return f'manager "{name}"'


def _usage(data: JsonObject) -> Usage:
    return from_json(Usage, data["usage"]) if data.get("usage") else Usage()
