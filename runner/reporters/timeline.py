"""When each attempt and each step was at work, from events: what the timeline picture and the schedule draw on.

Times are seconds since the run started; what lies between the end of one life of a run and its resumption is cut out,
so that a run resumed the next morning is not a line of fifteen idle hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runner.records import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One attempt at a task, or one step: `lane` is the seat or the step, `worked` when the agent's own turn ended
    (after it come checks and merge), `outcome` a status, or "retried", "interrupted", "running"."""

    lane: str
    subject: str
    kind: str
    start: float
    worked: float
    end: float
    attempt: int = 1
    round: int = 0
    outcome: str = "running"
    reason: str = ""
    agent: str = ""


@dataclass
class _Clock:
    """Turns times of events into seconds of work since the run's start."""

    origin: float = 0.0
    last: float = 0.0
    resumed: list[float] = field(default_factory=list)

    def read(self, event: Event) -> float:
        if not self.last:
            self.origin = event.at
        elif event.kind == "run_resumed":
            self.origin += max(0.0, event.at - self.last)
            self.resumed.append(event.at - self.origin)
        self.last = max(self.last, event.at)
        return max(0.0, event.at - self.origin)


@dataclass(frozen=True, slots=True)
class Timeline:
    """`spans` by start, `seconds` the whole length, `resumed` the moments at which the run went on after a stop."""

    spans: tuple[Span, ...]
    seconds: float
    resumed: tuple[float, ...]


class _Reading:
    """Follows the events once; open spans by what they are about."""

    def __init__(self) -> None:
        self.closed: list[Span] = []
        self.turns: dict[str, Span] = {}
        self.steps: dict[str, Span] = {}
        self.orders: dict[str, Event] = {}

    def follow(self, event: Event, now: float) -> None:
        """Take one event into account; `now` is its time on the run's clock."""
        handler = getattr(self, f"_{event.kind}", None)
        if handler:
            handler(event, now)

    def _run_resumed(self, _event: Event, now: float) -> None:
        self.stop(now, "interrupted")

    def stop(self, now: float, outcome: str) -> None:
        """Close what is open."""
        for span in (*self.turns.values(), *self.steps.values()):
            self.closed.append(replace(span, end=max(span.end, now), outcome=outcome))
        self.turns.clear()
        self.steps.clear()

    def _step_started(self, event: Event, now: float) -> None:
        self.steps[event.subject] = Span(
            lane=event.subject, subject=event.subject, kind="step", start=now, worked=now, end=now
        )

    def _step_finished(self, event: Event, now: float) -> None:
        span = self.steps.pop(event.subject, None)
        if span:
            outcome, reason = str(event.data.get("status", "ok")), str(event.data.get("reason") or "")
            self.closed.append(replace(span, worked=now, end=now, outcome=outcome, reason=reason))

    def _order_started(self, event: Event, _now: float) -> None:
        self.orders[event.subject] = event

    def _turn_started(self, event: Event, now: float) -> None:
        before = self.turns.pop(event.subject, None)
        if before:
            outcome = "retried" if before.outcome == "running" else before.outcome
            self.closed.append(replace(before, outcome=outcome))
        data = event.data
        order = self.orders.get(str(data.get("order", "")))
        self.turns[event.subject] = Span(
            lane=str(data.get("seat") or (order.data.get("seat") if order else "") or "seat"),
            subject=event.subject,
            kind="turn",
            start=now,
            worked=now,
            end=now,
            attempt=int(data.get("attempt") or 1),
            round=int((order.data.get("round") if order else 0) or 0),
            agent=str(data.get("agent") or ""),
        )

    def _update(self, event: Event, now: float, **fields: object) -> None:
        span = self.turns.get(event.subject)
        if span:
            self.turns[event.subject] = replace(span, end=now, **fields)  # type: ignore[arg-type]

    def _turn_finished(self, event: Event, now: float) -> None:
        outcome = str(event.data.get("outcome", "done"))
        self._update(
            event, now, worked=now, **({} if outcome == "done" else {"reason": f"the turn ended as {outcome}"})
        )

    def _attempt_failed(self, event: Event, now: float) -> None:
        span = self.turns.pop(event.subject, None)
        if span:
            reason = str(event.data.get("reason") or span.reason)
            self.closed.append(replace(span, end=now, outcome="retried", reason=reason))

    def _check_finished(self, event: Event, now: float) -> None:
        failed = {} if event.data.get("passed") else {"reason": f"check {event.data.get('name')} failed"}
        self._update(event, now, **failed)

    def _merge_finished(self, event: Event, now: float) -> None:
        self._update(event, now)

    def _merge_refused(self, event: Event, now: float) -> None:
        self._update(event, now, reason=f"merge refused: {event.data.get('reason', '')}")

    def _task_finished(self, event: Event, now: float) -> None:
        span = self.turns.pop(event.subject, None)
        if span:
            outcome, reason = str(event.data.get("status")), str(event.data.get("reason") or "")
            self.closed.append(replace(span, end=now, outcome=outcome, reason=reason))


def timeline(events: Sequence[Event]) -> Timeline:
    """The spans of a run from its events, in the order of `seq`."""
    clock, reading, now = _Clock(), _Reading(), 0.0
    for event in events:
        if event.kind == "run_resumed":
            reading.stop(now, "interrupted")
        now = clock.read(event)
        reading.follow(event, now)
    over = bool(events) and events[-1].kind == "run_finished"
    reading.stop(now, "interrupted" if over else "running")
    spans = tuple(sorted(reading.closed, key=lambda span: (span.start, span.lane, span.subject)))
    return Timeline(spans, now, tuple(clock.resumed))


def most_at_once(turns: Sequence[Span]) -> int:
    """How many agents were at work at the same moment, at most (their own turns, without checks and merges)."""
    moments = sorted([(span.start, 1) for span in turns] + [(span.worked, -1) for span in turns])
    now = most = 0
    for _, change in moments:
        now += change
        most = max(most, now)
    return most
