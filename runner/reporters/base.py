"""The seam of reporters: what says events while a run goes on. A module holds `open_reporter`."""

from __future__ import annotations

from typing import Protocol, TextIO

from runner.records import Event


class Reporter(Protocol):
    def event(self, event: Event) -> None: ...

    def close(self) -> None: ...


class ReporterModule(Protocol):
    """What a module in the table of reporters holds."""

    def open_reporter(self, stream: TextIO) -> Reporter: ...
