"""Start the server once and judge endpoints by calls that follow from their specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.checks.derive.model import SpecProblem
from runner.checks.probe.endpoint import Endpoint
from runner.checks.probe.server import NoServer, started
from runner.checks.probe.stream import judge_stream
from runner.checks.probe.world import NoWorld, World


def probe(plan: Mapping[str, Any]) -> dict[str, Any]:
    """`differences` and what was `compared`, for each task in `plan["judged"]`."""
    try:
        with started(plan["options"]) as server:
            world = World.open(server, plan)
            try:
                # Lists first: they want many rows, and other calls remove some.
                ordered = sorted(plan["judged"].items(), key=lambda item: item[1]["method"] != "GET")
                return {name: _judge(world, spec) for name, spec in ordered}
            finally:
                world.close()
    except (NoServer, NoWorld) as error:
        return {name: {"differences": [str(error)], "compared": []} for name in plan["judged"]}


def _judge(world: World, spec: Mapping[str, Any]) -> dict[str, Any]:
    endpoint = Endpoint(world, spec)
    try:
        if spec.get("stream"):
            judge_stream(endpoint)
        else:
            endpoint.judge()
    except SpecProblem as problem:
        endpoint.differences.append(f"the spec cannot be judged: {problem}")
    return {"differences": endpoint.differences, "compared": endpoint.compared()}
