"""ORC403 unreachable_manager, ORC410 unknown_component, ORC411 unknown_kind, ORC427 unfit_match: what a match names.

Bad: `components: [databse]`, `kinds: [tabel]`, a check for a kind that its manager never gets. Good: components and
kinds that some manager of the project (or shipped with orch) declares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.load import Loaded
from runner.records import Json, Manager, Problem
from runner.records.catalogue import finding
from runner.rules.uses import checks_of
from runner.schema.messages import listed, meant

Pointer = tuple[str | int, ...]


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every kind and component that nobody declares, and managers that never get a task."""
    for name in loaded.managers:
        for pointer, match in matches(loaded.data[name]):
            yield from _names(loaded, name, (*pointer, "components"), match.get("components", ()), "component")
            yield from _names(loaded, name, (*pointer, "kinds"), match.get("kinds", ()), "kind")
        yield from _unfit(loaded, name)
    yield from _unreachable(loaded)


def matches(data: Mapping[str, Json]) -> Iterator[tuple[Pointer, Mapping[str, Json]]]:
    """Every match of a manager's data with its pointer."""
    for key in ("handles", "after"):
        for index, entry in enumerate(data.get(key, ())):
            yield (key, index), entry
    for index, group in enumerate(data.get("groups", ())):
        if "match" in group:
            yield ("groups", index, "match"), group["match"]
    for pointer, check in checks_of(data):
        if "match" in check:
            yield (*pointer, "match"), check["match"]


def kinds_of(managers: Mapping[str, Manager]) -> list[str]:
    """Every kind that these managers declare."""
    return sorted({kind for manager in managers.values() for kind in manager.specs})


def components_of(managers: Mapping[str, Manager]) -> list[str]:
    """Every component that these managers offer."""
    return sorted({offer.name for manager in managers.values() for offer in manager.components})


def known(loaded: Loaded, what: str, name: str) -> list[str]:
    """Every kind or component there is; managers that no pipeline lists are read only if `name` is not among these."""
    collect = kinds_of if what == "kind" else components_of
    near = collect(loaded.managers)
    return near if name in near else sorted({*near, *collect(loaded.everyone())})


def _names(loaded: Loaded, manager: str, pointer: Pointer, names: list[str], what: str) -> Iterator[Problem]:
    for index, name in enumerate(names):
        there = known(loaded, what, name)
        if name not in there:
            rule, verb = ("ORC411", "defines") if what == "kind" else ("ORC410", "declares")
            message = f'no manager {verb} {what} "{name}"{meant(name, there)}'
            where, shown = loaded.in_manager(manager, *pointer, index), "".join(f"/{p}" for p in (*pointer, index))
            yield finding(rule, message, where, pointer=shown, hint=f"{what}s: {listed(there) or 'none'}")


def _unfit(loaded: Loaded, name: str) -> Iterator[Problem]:
    own = loaded.managers[name].specs
    for pointer, check in checks_of(loaded.data[name]):
        kinds = check.get("match", {}).get("kinds", ())
        if kinds and all(kind not in own and kind in known(loaded, "kind", kind) for kind in kinds):
            message = f'the check "{check["name"]}" never applies: "{name}" never gets tasks of {listed(kinds)}'
            where = loaded.in_manager(name, *pointer, "match")
            yield finding("ORC427", message, where, hint=f"kinds of this manager: {listed(own) or 'none'}")


def _unreachable(loaded: Loaded) -> Iterator[Problem]:
    if loaded.pipeline is None:
        return
    listed_first: list[Manager] = []
    for name in loaded.pipeline.managers:
        manager = loaded.managers.get(name)
        if manager is None:
            continue
        taken = [entry for earlier in listed_first for entry in earlier.handles]
        if not manager.specs and taken and all(entry in taken for entry in manager.handles):
            first = next(one.name for one in listed_first if any(entry in one.handles for entry in manager.handles))
            message = f'"{name}" never gets a task: "{first}" comes first and handles the same'
            yield finding("ORC403", message, loaded.in_manager(name, "handles"), hint="list it earlier, or handle less")
        listed_first.append(manager)
