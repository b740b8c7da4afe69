"""The walk: a step starts as soon as the steps it needs have ended. There are no barriers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import networkx as nx

from runner.engine.state import Ground, StepState
from runner.engine.step import run_step
from runner.errors import UsageError, Waiting
from runner.records import Pipeline


async def walk(ground: Ground) -> Mapping[str, StepState]:
    """How each step ended, in the order of ending. With `until`, only that step and what it needs.

    Raises errors.LimitReached, errors.Waiting (after everything that does not wait) and whatever stops the whole run;
    steps that are under way are cancelled then, and run again on resume.
    """
    graph = _graph(ground.pipeline, ground.until)
    states: dict[str, StepState] = {}
    missing = {name: graph.in_degree(name) for name in graph}
    running: dict[asyncio.Task[StepState], str] = {}
    waits: list[Waiting] = []

    def start(name: str) -> None:
        running[asyncio.create_task(run_step(ground, ground.pipeline.steps[name], states), name=name)] = name

    for name in [name for name, count in missing.items() if count == 0]:
        start(name)
    try:
        while running:
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(ended, key=lambda task: list(graph).index(running[task])):
                name = running.pop(task)
                try:
                    states[name] = task.result()
                except Waiting as waiting:
                    waits.append(waiting)
                    continue
                for follower in graph.successors(name):
                    missing[follower] -= 1
                    if not missing[follower]:
                        start(follower)
    finally:
        await stop(running)
    if waits:
        raise waits[0]
    return states


async def stop(tasks: Mapping[asyncio.Task[StepState], str]) -> None:
    """Cancels what still runs and returns when it has cleaned up after itself."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _graph(pipeline: Pipeline, until: str) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(pipeline.steps)
    graph.add_edges_from((need, name) for name, step in pipeline.steps.items() for need in step.needs)
    if not until:
        return graph
    if until not in graph:
        raise UsageError(f'--until: there is no step "{until}"', f"steps: {', '.join(pipeline.steps)}")
    wanted = nx.ancestors(graph, until) | {until}
    # The order of the pipeline is kept: what starts together starts in the order of the file.
    part: nx.DiGraph[str] = nx.DiGraph()
    part.add_nodes_from(name for name in graph if name in wanted)
    part.add_edges_from(edge for edge in graph.edges if set(edge) <= wanted)
    return part
