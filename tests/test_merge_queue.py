"""The line of merges: who is judged on what, and that looking ahead changes nothing but the time it takes."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.executors.threads import in_thread
from runner.workspace import MergeQueue, Place
from runner.workspace.queueing import Line


@dataclass
class Branch:
    """Commits are the tasks on them, joined by a point."""

    head: str = "P"


def line(depth: int = 9) -> tuple[Branch, Line]:
    branch = Branch()
    return branch, Line(lambda: branch.head, depth)


# Who is judged on what


def test_the_first_is_judged_on_the_head_and_the_next_on_what_it_leads_to() -> None:
    _, queue = line()
    first, second = queue.join("a"), queue.join("b")
    assert (queue.base(first), queue.base(second)) == ("P", "")
    queue.stand(first)
    first.leads_to = "P.a"
    assert queue.base(second) == "P.a"
    queue.stand(first)
    assert queue.base(second) == ""


def test_behind_a_merge_that_will_be_refused_its_base_counts() -> None:
    _, queue = line()
    first, second = queue.join("a"), queue.join("b")
    queue.stand(first)
    first.leads_to = "P.a"
    queue.stand(second)
    assert queue.stands(second)
    first.leads_to = first.base
    assert not queue.stands(second)
    assert queue.base(second) == "P"


def test_what_is_too_far_behind_waits() -> None:
    _, queue = line(depth=2)
    places = [queue.join(name) for name in "abc"]
    for place in places[:2]:
        queue.stand(place)
        place.leads_to = f"{place.base}.{place.task}"
    assert queue.base(places[2]) == ""
    queue.leave(places[0])
    assert queue.base(places[2]) == "P.a.b"


def test_landing_of_the_first_leaves_the_others_where_they_stand_and_a_foreign_commit_does_not() -> None:
    branch, queue = line()
    first, second = queue.join("a"), queue.join("b")
    queue.stand(first)
    first.leads_to = "P.a"
    queue.stand(second)
    branch.head = "P.a"
    queue.leave(first)
    assert queue.is_first(second)
    assert queue.stands(second)
    branch.head = "P.a.x"
    assert not queue.stands(second)


def test_ahead_are_the_merges_in_the_base() -> None:
    _, queue = line()
    first, second, third = (queue.join(name) for name in "abc")
    for place in (first, second):
        queue.stand(place)
        place.leads_to = f"{place.base}.{place.task}"
    assert queue.ahead(third) == ("a", "b")
    second.leads_to = second.base
    assert queue.ahead(third) == ("a",)


# Judged side by side, landed in order


@dataclass
class World:
    """Tasks that take some turns of the loop to be judged; `bad` are the bases-and-tasks that are refused."""

    bad: frozenset[str]
    foreign: frozenset[int] = frozenset()
    branch: Branch = field(default_factory=Branch)
    landed: list[str] = field(default_factory=list)
    judging: set[str] = field(default_factory=set)
    most: int = 0
    moves: int = 0

    def __post_init__(self) -> None:
        self.queue = MergeQueue(lambda: self.branch.head, 3)

    def refused(self, base: str, task: str) -> bool:
        return task in self.bad or f"{base[-1]}{task}" in self.bad

    async def land(self, task: str, early: int, late: int) -> str:
        async def judge(place: Place) -> tuple[str, str]:
            assert task not in self.judging, "two judgements in one work tree"
            self.judging.add(task)
            self.most = max(self.most, len(self.judging))
            try:
                await turns(early)
                merged = f"{place.base}.{task}"
                self.queue.foresee(place, merged)
                await turns(late)
                if self.refused(place.base, task):
                    self.queue.foresee(place, place.base)
                    merged = place.base
                return place.base, merged
            except asyncio.CancelledError:
                await turns(2)
                raise
            finally:
                self.judging.remove(task)

        return await self.queue.pass_through(task, judge, self.settle)

    async def settle(self, verdict: tuple[str, str]) -> str | None:
        base, merged = verdict
        await turns(1)
        self.moves += 1
        if self.moves in self.foreign:
            self.branch.head += ".x"
        if self.branch.head != base:
            assert self.foreign, "a verdict that does not count was settled"
            return None
        self.branch.head = merged
        self.landed.append(merged)
        return merged


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def one_after_the_other(world: World, tasks: str) -> list[str]:
    """Where the branch stands after each task, without any queue."""
    head, landed = "P", []
    for task in tasks:
        head = head if world.refused(head, task) else f"{head}.{task}"
        landed.append(head)
    return landed


PAIRS = [f"{one}{other}" for one in "Pabcdef" for other in "abcdef"]


@settings(deadline=None)
@given(
    st.frozensets(st.sampled_from([*"abcdef", *PAIRS]), max_size=8),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=6, max_size=6),
)
def test_the_branch_goes_through_the_same_commits_as_if_they_had_waited(
    bad: frozenset[str], times: list[tuple[int, int]]
) -> None:
    world = World(bad)

    async def all_at_once() -> None:
        await asyncio.gather(*(world.land(task, *time) for task, time in zip("abcdef", times, strict=True)))

    asyncio.run(all_at_once())
    assert world.landed == one_after_the_other(world, "abcdef")
    assert world.most <= 3


@pytest.mark.parametrize("bad", [frozenset(), frozenset("b"), frozenset("ac")])
def test_merges_are_judged_at_the_same_time(bad: frozenset[str]) -> None:
    world = World(bad)

    async def all_at_once() -> None:
        await asyncio.gather(*(world.land(task, 1, 9) for task in "abcdef"))

    asyncio.run(all_at_once())
    assert world.most == 3


def test_a_judgement_ends_when_its_base_falls() -> None:
    """On the merge that will be refused it would never end."""
    world = World(frozenset("a"))

    async def judge(place: Place) -> tuple[str, str]:
        world.queue.foresee(place, f"{place.base}.b")
        if place.base != "P":
            await asyncio.Event().wait()
        return place.base, f"{place.base}.b"

    async def both() -> list[str]:
        second = world.queue.pass_through("b", judge, world.settle)
        async with asyncio.timeout(20):
            return list(await asyncio.gather(world.land("a", 1, 5), second))

    assert asyncio.run(both()) == ["P", "P.b"]


def test_when_somebody_else_moves_the_branch_all_are_judged_again() -> None:
    world = World(frozenset(), foreign=frozenset({2}))

    async def all_at_once() -> list[str]:
        return list(await asyncio.gather(*(world.land(task, 1, 5) for task in "abc")))

    assert asyncio.run(all_at_once()) == ["P.a", "P.a.x.b", "P.a.x.b.c"]


def test_who_is_cancelled_waits_for_the_end_of_the_thread() -> None:
    """Or the next judgement would begin in a work tree in which git still works."""
    begun, go, said = threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        go.wait()
        said.append("over")

    async def cancelled() -> None:
        working = asyncio.create_task(in_thread(work))
        await asyncio.to_thread(begun.wait)
        working.cancel()
        await turns(5)
        assert not working.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert said == ["over"]

    asyncio.run(cancelled())


def test_who_fails_or_is_cancelled_leaves_the_line() -> None:
    world = World(frozenset())

    async def broken(place: Place) -> tuple[str, str]:
        world.queue.foresee(place, "P.broken")
        await turns(4)
        raise ValueError("broken")

    async def both() -> list[str | BaseException]:
        never = asyncio.create_task(world.land("never", 1, 10**6))
        failing = world.queue.pass_through("broken", broken, world.settle)
        others = asyncio.gather(failing, world.land("b", 1, 1), return_exceptions=True)
        await turns(3)
        never.cancel()
        return list(await others)

    failed, landed = asyncio.run(both())
    assert (str(failed), landed, world.branch.head) == ("broken", "P.b", "P.b")
    assert world.judging == set()
