"""Time limits: of a run or a step (exit 4, all is kept), beside a step's `timeout` (the step has failed)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from runner.errors import LimitReached


@contextlib.asynccontextmanager
async def limited(seconds: float | None, what: str, hint: str) -> AsyncIterator[None]:
    """Stops what is inside after `seconds`; None is no limit. Raises LimitReached, and only for its own limit."""
    clock = asyncio.timeout(seconds)
    try:
        async with clock:
            yield
    except TimeoutError:
        if not clock.expired():
            raise
        raise LimitReached(f"{what}: the time limit of {seconds:g} s is reached", hint) from None
