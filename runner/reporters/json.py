"""Progress for programs: one event a line, with the keys of `schemas/event.schema.json`."""

from __future__ import annotations

import json
import os
from typing import TextIO

from runner.records import Event, to_json
from runner.reporters.base import Reporter
from runner.reporters.safe import Writer, masked, secrets_in


def event_line(event: Event, secrets: tuple[str, ...] = ()) -> str:
    """The event as one line of JSON in ASCII: no character of it can act on a terminal or end the line."""
    return json.dumps(masked(to_json(event), secrets), separators=(",", ":"))


class JsonLines:
    def __init__(self, stream: TextIO) -> None:
        self._out = Writer(stream)
        self._secrets = secrets_in(os.environ)

    def event(self, event: Event) -> None:
        self._out.line(event_line(event, self._secrets))

    def close(self) -> None:
        """Nothing to put back."""


def open_reporter(stream: TextIO) -> Reporter:
    return JsonLines(stream)
