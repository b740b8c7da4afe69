"""Blocking work, mostly git, beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Found = TypeVar("Found")


async def in_thread(work: Callable[Given, Found], *args: Given.args, **options: Given.kwargs) -> Found:
    """What `work` returns. Who is cancelled meanwhile still waits for its end: no thread goes on in a folder that is
    somebody else's by then."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *args, **options))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise
