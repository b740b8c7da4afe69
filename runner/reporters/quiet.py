"""No progress: only problems that are errors are said."""

from __future__ import annotations

import os
from typing import TextIO

from runner.records import Event
from runner.reporters.base import Reporter
from runner.reporters.lines import say
from runner.reporters.safe import Writer, secrets_in


class Quiet:
    def __init__(self, stream: TextIO) -> None:
        self._out = Writer(stream)
        self._secrets = secrets_in(os.environ)

    def event(self, event: Event) -> None:
        if event.kind == "problem" and event.data.get("severity") == "error":
            self._out.line(say(event, self._secrets))

    def close(self) -> None:
        """Nothing to put back."""


def open_reporter(stream: TextIO) -> Reporter:
    return Quiet(stream)
