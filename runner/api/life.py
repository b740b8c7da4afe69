"""One life of a run: from the moment a process holds it until it ends, stops or is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from runner.api.contexts import Contexts
from runner.api.outcome import RESUMABLE, STATUS_OF_EXIT, Outcome, ended
from runner.engine import Ground, StepState, limited, walk
from runner.errors import CannotStart, Interrupted, OrchError, StepFailed
from runner.expressions import parse
from runner.managing.schedule import SLOTS
from runner.records import Assignment, Json, Pipeline, Plan, Task, from_json
from runner.registry import STEPS
from runner.reporters.breakdown import breakdown

_MORE_TIME = "give it time for what is left: orch resume RUN --time DURATION"


@dataclass(frozen=True, kw_only=True)
class Life:
    """`given` and `until` are the caller's; `secrets` what `env` may hold; `strict` counts unverified as failed;
    `time_spent` seconds of `time_limit` went by in earlier lives."""

    contexts: Contexts
    given: Mapping[str, Json]
    until: str
    strict: bool
    secrets: Mapping[str, str]
    time_limit: float | None
    time_spent: float = 0.0
    notes: tuple[str, ...] = ()

    async def run(self) -> Outcome:
        """Walks the steps and keeps how the run ended. Only what orch did not foresee is raised."""
        began = time.monotonic()
        try:
            async with _stopped_by_signals(), self._in_time():
                states = await walk(self._ground())
                outcome = self._ended(states)
        except OrchError as error:
            outcome = self._stopped(error)
        if outcome.status not in RESUMABLE:
            self.contexts.working.close()
        self._keep(outcome, time.monotonic() - began)
        return outcome

    def _in_time(self) -> contextlib.AbstractAsyncContextManager[None]:
        return limited(self.time_limit, self.contexts.run, _MORE_TIME, self.time_spent)

    def _ground(self) -> Ground:
        contexts = self.contexts
        return Ground(
            run=contexts.run,
            pipeline=contexts.pipeline,
            journal=contexts.journal,
            emit=contexts.emit,
            module=STEPS.module,
            context=contexts.make,
            scope=contexts.scope,
            secrets=self.secrets,
            given=self.given,
            until=self.until,
        )

    def _ended(self, states: Mapping[str, StepState]) -> Outcome:
        contexts = self.contexts
        results, verdicts = contexts.known("results") or [], contexts.known("verdicts") or []
        code, reason, unverified = ended(
            contexts.pipeline, states, results, verdicts, self._not_understood(), self.strict
        )
        return Outcome(
            run=contexts.run,
            status=STATUS_OF_EXIT[code],
            exit_code=code,
            reason=reason,
            workspace=self._workspace(),
            unverified=unverified,
            not_understood=self._not_understood(),
            outputs=outputs(contexts.pipeline, states, {"inputs": contexts.inputs}),
        )

    def _stopped(self, error: OrchError) -> Outcome:
        return Outcome(
            run=self.contexts.run,
            status=STATUS_OF_EXIT[error.exit_code],
            exit_code=error.exit_code,
            reason=error.message,
            hint=error.hint,
            workspace=self._workspace(),
            not_understood=self._not_understood(),
            flow=self.flow() if isinstance(error, CannotStart) else "",
            error=error,
        )

    def flow(self) -> str:
        """Plan, tasks, groups, seats and predicted timeline in words, as far as they are known; "" without a plan."""
        contexts = self.contexts
        plan, assignment = contexts.known("plan"), contexts.known("assignment")
        if plan is None:
            return ""
        agents = {name: one.backend.use for name, one in contexts.working.agents.items()}
        spends = any(one.spends for one in contexts.working.agents.values())
        return breakdown(
            from_json(Plan, plan),
            from_json(tuple[Task, ...], (contexts.known("tasks") or {"tasks": []})["tasks"]),
            from_json(Assignment, assignment) if assignment else None,
            contexts.managers,
            pipeline=contexts.pipeline.name,
            planner=", ".join(contexts.asking.names()) or "what was given",
            agents=contexts.pipeline.limits.agents or SLOTS,
            chosen=agents,
            cost=None if spends else (0.0, 0.0),
            notes=self.notes,
        )

    def _not_understood(self) -> int:
        return len((self.contexts.known("plan") or {}).get("not_understood") or ())

    def _workspace(self) -> str:
        return str(self.contexts.journal.run(self.contexts.run).get("workspace") or "")

    def _keep(self, outcome: Outcome, seconds: float) -> None:
        contexts = self.contexts
        data = {
            "status": outcome.status,
            "exit_code": outcome.exit_code,
            "seconds": seconds,
            "reason": outcome.reason,
            "workspace": outcome.workspace,
        }
        contexts.emit("run_finished", contexts.run, data)
        contexts.journal.update_run(
            contexts.run,
            status=outcome.status,
            exit_code=outcome.exit_code,
            reason=outcome.reason,
            outputs=outcome.outputs,
        )


def outputs(pipeline: Pipeline, states: Mapping[str, StepState], scope: Mapping[str, Json]) -> dict[str, Json]:
    """The pipeline's outputs; those of steps that did not run are left out."""
    inner = {**scope, "steps": {name: state.data for name, state in states.items()}}
    found = {}
    for name, text in pipeline.outputs.items():
        with contextlib.suppress(StepFailed):
            found[name] = parse(text).evaluate(inner)
    return found


@contextlib.asynccontextmanager
async def _stopped_by_signals() -> AsyncIterator[None]:
    """SIGINT and SIGTERM cancel what runs, once; the second one finds Python's own handling. Raises Interrupted."""
    loop, current = asyncio.get_running_loop(), asyncio.current_task()
    assert current is not None  # noqa: S101 - this is a coroutine
    got: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        got.append(number)
        loop.remove_signal_handler(number)
        current.cancel()

    # Only the main thread is told of signals; a caller in another one stops a run by cancelling it.
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    for number in numbers:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    except asyncio.CancelledError:
        if not got:
            raise
        current.uncancel()
        raise Interrupted(f"stopped by {got[0].name}") from None
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
