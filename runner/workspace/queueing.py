"""The queue of merges into a run's branch: judged side by side, landed one after the other.

    main ── P ── M1 ── M2 ── M3      T1 is judged on P, T2 on T1's merge, T3 on T2's, at the same time
                 T1    T2    T3

    T1 lands:        main stands at M1, and what T2 and T3 were judged on stands
    T1 is refused:   main stays at P, and T2 is judged again, on P, and T3 on what becomes of T2

Looking ahead decides nothing. A verdict counts for the first in line only, and only while the branch stands at the
commit that it was found on; any other verdict is dropped as soon as its base falls. So the branch goes through the
same commits as if the merges had waited for one another, only sooner.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Verdict = TypeVar("Verdict")
Ended = TypeVar("Ended")

DEPTH = max(2, os.cpu_count() or 2)
"""Merges that are judged at the same time."""


@dataclass(eq=False, slots=True)
class Place:
    """A merge in line: the commit `base` that it is judged on, and where that `leads_to` ("" while nobody knows).

    It leads to the merged commit, and back to the base once the merge will be refused.
    """

    task: str
    base: str = ""
    leads_to: str = ""


class Line:
    """Who is judged on what. It only decides; `head` says where the branch stands."""

    def __init__(self, head: Callable[[], str], depth: int) -> None:
        self._head = head
        self._depth = depth
        self._places: list[Place] = []

    def join(self, task: str) -> Place:
        """A place at the end."""
        place = Place(task)
        self._places.append(place)
        return place

    def leave(self, place: Place) -> None:
        self._places.remove(place)

    def base(self, place: Place) -> str:
        """Where the one ahead leads to, for the first the branch's head; "" where it is too early to say."""
        number = self._places.index(place)
        if number >= self._depth:
            return ""
        return self._places[number - 1].leads_to if number else self._head()

    def stand(self, place: Place) -> None:
        """From now on the place is judged on its base."""
        place.base, place.leads_to = self.base(place), ""

    def stands(self, place: Place) -> bool:
        """Whether what the place is judged on is what it would be judged on now."""
        return place.base == self.base(place)

    def is_first(self, place: Place) -> bool:
        return self._places[0] is place

    def ahead(self, place: Place) -> tuple[str, ...]:
        """The tasks ahead whose merges are in the place's base."""
        before = self._places[: self._places.index(place)]
        return tuple(one.task for one in before if one.leads_to != one.base)


class MergeQueue:
    """The line of one run's branch, and the waiting in it. Who leaves it, by an error too, leaves it in order."""

    def __init__(self, head: Callable[[], str], depth: int = DEPTH) -> None:
        self.line = Line(head, depth)
        self._news: asyncio.Future[None] | None = None

    async def pass_through(
        self,
        task: str,
        judge: Callable[[Place], Awaitable[Verdict]],
        settle: Callable[[Verdict], Awaitable[Ended | None]],
    ) -> Ended:
        """What `settle` returns for the verdict that counts.

        `judge` looks at the merge on the place's base and says early where it leads (`foresee`); it changes nothing,
        is cancelled when the base falls, and called again. `settle` moves the branch or refuses; None: it had moved.
        """
        place = self.line.join(task)
        try:
            while True:
                await self._until(lambda: self.line.base(place) != "")
                self.line.stand(place)
                self._tell()
                verdict = await self._judged(place, judge)
                if verdict is None:
                    continue
                await self._until(lambda: self.line.is_first(place) or not self.line.stands(place))
                if self.line.stands(place) and (ended := await settle(verdict)) is not None:
                    return ended
        finally:
            self.line.leave(place)
            self._tell()

    def foresee(self, place: Place, commit: str) -> None:
        """Tells who waits behind where the place leads to."""
        place.leads_to = commit
        self._tell()

    async def _judged(self, place: Place, judge: Callable[[Place], Awaitable[Verdict]]) -> Verdict | None:
        """None where the base fell before there was a verdict."""
        judging = asyncio.ensure_future(judge(place))
        try:
            while not judging.done():
                if not self.line.stands(place):
                    return None
                either: set[asyncio.Future[Any]] = {judging, self._next_news()}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return judging.result()
        finally:
            judging.cancel()
            await asyncio.gather(judging, return_exceptions=True)

    async def _until(self, ready: Callable[[], bool]) -> None:
        while not ready():
            await asyncio.wait({self._next_news()})

    def _next_news(self) -> asyncio.Future[None]:
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        return self._news

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set_result(None)
            self._news = None
