"""Progress on a stream, by one of the reporters."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import TextIO

from runner.records import Event
from runner.registry import REPORTERS


def choices() -> list[str]:
    """What `--progress` accepts."""
    return ["auto", *REPORTERS.names()]


@contextlib.contextmanager
def listening(name: str, stream: TextIO) -> Iterator[list[Callable[[Event], None]]]:
    """Listeners for a run; `auto` is a live block on a terminal and plain lines elsewhere."""
    if name == "auto":
        live = stream.isatty() and importlib.util.find_spec(REPORTERS.modules["tty"]) is not None
        name = "tty" if live else "plain"
    reporter = REPORTERS.module(name).open_reporter(stream)
    try:
        yield [reporter.event]
    finally:
        reporter.close()
