"""Time limits: of a run or a step (exit 4, all is kept), beside a step's `timeout` (the step has failed)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from runner.errors import LimitReached


@contextlib.asynccontextmanager
async def limited(seconds: float | None, what: str, hint: str, spent: float = 0.0) -> AsyncIterator[None]:
    """Stops what is inside after `seconds`, of which `spent` are gone already; None is no limit.

    Raises LimitReached, and only for its own limit."""
    reached = LimitReached(f"{what}: the time limit of {seconds or 0:g} s is reached", hint)
    if seconds is not None and spent >= seconds:
        raise reached
    clock = asyncio.timeout(None if seconds is None else seconds - spent)
    try:
        async with clock:
            yield
    except TimeoutError:
        if not clock.expired():
            raise
        raise reached from None
