"""A task as JSON, written the same way by every file of this room."""

from __future__ import annotations

from collections.abc import Iterable

from runner.blueprint.decomposing.shape import ids
from runner.records import Json


def task(
    id_: str,
    title: str,
    component: str,
    spec: dict[str, Json],
    requirements: Iterable[str],
    *,
    complexity: str = "low",
    needs: Iterable[str] = (),
    inputs: Iterable[str] = (),
    outputs: Iterable[str] = (),
) -> dict[str, Json]:
    """One task that creates what its spec says."""
    return {
        "id": id_,
        "title": title,
        "component": component,
        "action": "create",
        "complexity": complexity,
        "needs": list(needs),
        "inputs": list(dict.fromkeys(inputs)),
        "outputs": list(outputs) or [str(spec["file"])],
        "requirements": ids(requirements),
        "spec": spec,
    }
