"""ORC420 wide_owns, ORC425 rubric_only, ORC426 no_checks: whether work can end verified.

Bad: a manager without checks (its tasks can only end unverified); only `rubric` (an opinion verifies nothing);
`owns: ["**"]`. Good: at least one check with an exit code `at: attempt` or `merge`.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.load import Loaded
from runner.records import Check, Manager, Problem
from runner.records.catalogue import finding


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Managers that verify nothing, or may touch everything."""
    for name, manager in loaded.managers.items():
        checks = list(_all(manager))
        if not any({"attempt", "merge"} & set(check.at) for check in checks):
            message = f'"{name}" has no check at attempt or merge: its tasks can only end unverified'
            yield finding("ORC426", message, loaded.in_manager(name, "name"), hint='add "checks"')
        elif all(check.uses == "rubric" for check in checks):
            message = f'all checks of "{name}" are rubrics, and a rubric alone verifies nothing'
            yield finding("ORC425", message, loaded.in_manager(name, "checks"), hint="add one with an exit code")
        for index, glob in enumerate(manager.owns):
            if glob in {"**", "**/*", "*"}:
                where = loaded.in_manager(name, "owns", index)
                yield finding("ORC420", f'"{glob}" lets its tasks touch every file', where, hint="name folders")


def _all(manager: Manager) -> Iterator[Check]:
    yield from manager.checks
    for kind in manager.specs.values():
        yield from kind.checks
    for group in manager.groups:
        yield from group.checks
