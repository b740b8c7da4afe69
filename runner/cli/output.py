"""What is printed may find nobody who reads it: `orch ... | head`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def readers_may_leave() -> Iterator[None]:
    """Ends what is inside when the reader goes away. The exit code is decided before: it is about the work."""
    try:
        yield
    except BrokenPipeError:
        leave_pipe()


def leave_pipe() -> int:
    """Points stdout elsewhere, so that the interpreter's own flush stays quiet. Returns the exit code 0."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
