"""Progress on a terminal: lines that stay scroll up, a small block below them shows what is being worked on now.

No state of the terminal outlives a write: the cursor is hidden and shown again within one write, so that even a
`kill -9` leaves a usable terminal. After each write the cursor stands at the start of the line below the block.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import TextIO

from runner.graph.colours import MARKS
from runner.records import Event
from runner.reporters.base import Reporter
from runner.reporters.lines import say, worth_a_line
from runner.reporters.safe import Writer, escape, mask, secrets_in
from runner.reporters.units import count, seconds

ROWS = 6
"""Lines that the block shows of what is at work; the rest is counted."""
_PERIOD = 0.5
_HIDE, _SHOW, _CLEAR = "\x1b[?25l", "\x1b[?25h", "\x1b[J"
_COLOURS = {"verified": 32, "ok": 32, "failed": 31, "unverified": 33, "skipped": 90}


def width_of(text: str) -> int:
    """Columns that the text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def fit(text: str, columns: int) -> str:
    """The text cut to `columns` columns."""
    if width_of(text) <= columns:
        return text
    while text and width_of(text) > columns - 1:
        text = text[:-1]
    return text + "…" if columns > 0 else ""


class State:
    """What is at work now, from events."""

    def __init__(self) -> None:
        self.started: float | None = None
        self.steps: dict[str, float] = {}
        self.working: dict[str, tuple[str, float]] = {}
        self.total = 0
        self.done: Counter[str] = Counter()
        self.results: dict[str, str] = {}

    def follow(self, event: Event) -> None:
        """Take one event into account."""
        self.started = event.at if self.started is None else self.started
        if event.kind in ("step_started", "ask_started"):
            self.steps[self._step(event)] = event.at
        elif event.kind in ("step_finished", "ask_finished"):
            self.steps.pop(self._step(event), None)
        elif event.kind == "tasks_assigned":
            self.total = int(event.data.get("tasks") or 0)
        elif event.kind == "turn_started":
            self.working[event.subject] = (self._who(event), event.at)
        elif event.kind == "attempt_failed":
            self.working.pop(event.subject, None)
        elif event.kind == "task_finished":
            self.working.pop(event.subject, None)
            self.results[event.subject] = str(event.data.get("status"))
        elif event.kind in ("turn_finished", "merge_started") and event.subject in self.working:
            word = "checking" if event.kind == "turn_finished" else "merging"
            self.working[event.subject] = (word, self.working[event.subject][1])
        elif event.kind == "order_finished":
            seat = str(event.data.get("seat") or "")
            self.working = {task: at for task, at in self.working.items() if at[0] != seat}
        self.done = Counter(self.results.values())

    @staticmethod
    def _step(event: Event) -> str:
        return f"asking for {event.subject}" if event.kind.startswith("ask") else f"step {event.subject}"

    @staticmethod
    def _who(event: Event) -> str:
        again = int(event.data.get("attempt") or 1)
        return f"{event.data.get('seat', '')}{f', attempt {again}' if again > 1 else ''}"

    def block(self, now: float, rows: int = ROWS) -> list[str]:
        """The lines of the live block at time `now`."""
        parts = [f"{word} {seconds(now - at)}" for word, at in list(self.steps.items())[-2:]]
        if self.total:
            done = sum(self.done.values())
            parts.append(f"{done}/{max(self.total, done)} tasks")
            parts += [f"{self.done[word]} {word}" for word in ("failed", "skipped", "unverified") if self.done[word]]
        parts.append(seconds(now - (now if self.started is None else self.started)))
        lines = [" · ".join(parts)]
        shown = list(self.working.items())[:rows]
        lines += [f"  ▸ {task}  {who}  {seconds(now - at)}" for task, (who, at) in shown]
        hidden = len(self.working) - len(shown)
        return [*lines, f"    and {count(hidden, 'more task')}"] if hidden > 0 else lines


class Terminal:
    """`size` gives (columns, lines) of the terminal now; `clock` seconds since the epoch."""

    def __init__(
        self,
        stream: TextIO,
        size: Callable[[], os.terminal_size],
        clock: Callable[[], float] = time.time,
        colour: bool = True,
    ) -> None:
        self._out, self._size, self._clock, self._colour = Writer(stream), size, clock, colour
        self._state, self._secrets = State(), secrets_in(os.environ)
        self._drawn: list[str] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._ticker.start()

    def event(self, event: Event) -> None:
        with self._lock:
            self._state.follow(event)
            lines = [self._coloured(event)] if worth_a_line(event) else []
            self._redraw(lines, self._state.block(self._clock()))

    def close(self) -> None:
        """Takes the block away; what was said above it stays."""
        self._over.set()
        self._ticker.join()
        with self._lock:
            self._redraw([], [])

    def _tick(self) -> None:
        while not self._over.wait(_PERIOD):
            with self._lock:
                if self._drawn:
                    self._redraw([], self._state.block(self._clock()))

    def _coloured(self, event: Event) -> str:
        text = say(event, self._secrets)
        status = str(event.data.get("status", ""))
        if event.kind in ("check_finished", "merge_refused", "attempt_failed") or event.data.get("severity") == "error":
            status = "failed"
        mark = MARKS.get(status, " ")
        if not self._colour or status not in _COLOURS:
            return f"{mark} {text}"
        return f"\x1b[{_COLOURS[status]}m{mark}\x1b[0m {text}"

    def _redraw(self, lines: list[str], block: list[str]) -> None:
        columns, rows = self._size()
        back = self._rows_above(columns)
        # A line as wide as the terminal would wrap on some and not on others.
        fitted = [fit(escape(mask(line, self._secrets)), columns - 1) for line in block][: max(1, rows - 1)]
        up = f"\x1b[{back}A" if back else ""
        body = "".join(f"{line}\n" for line in (*lines, *fitted))
        self._out.write(f"{_HIDE}\r{up}{_CLEAR}{body}{_SHOW}")
        self._drawn = fitted

    def _rows_above(self, columns: int) -> int:
        """How many rows the block takes now: a terminal that became narrower has wrapped its lines."""
        return sum(max(1, -(-width_of(line) // max(1, columns))) for line in self._drawn)


def open_reporter(stream: TextIO) -> Reporter:
    def size() -> os.terminal_size:
        try:
            found = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            return shutil.get_terminal_size()
        return found if found.columns else os.terminal_size((80, 24))

    return Terminal(stream, size, colour="NO_COLOR" not in os.environ)
