"""Progress as plain lines, for logs and pipes: elapsed time, then what happened."""

from __future__ import annotations

import os
from typing import TextIO

from runner.records import Event
from runner.reporters.base import Reporter
from runner.reporters.lines import say, worth_a_line
from runner.reporters.safe import Writer, secrets_in
from runner.reporters.units import seconds


class Plain:
    """`started` is the time (seconds since the epoch) that elapsed time counts from; the first event's if None."""

    def __init__(self, stream: TextIO, started: float | None = None, details: bool = False) -> None:
        self._out = Writer(stream)
        self._secrets = secrets_in(os.environ)
        self._started = started
        self._details = details

    def event(self, event: Event) -> None:
        if self._started is None:
            self._started = event.at
        if self._details or worth_a_line(event):
            self._out.line(f"{seconds(event.at - self._started):>8}  {say(event, self._secrets)}")

    def close(self) -> None:
        """Nothing to put back."""


def open_reporter(stream: TextIO) -> Reporter:
    return Plain(stream)
