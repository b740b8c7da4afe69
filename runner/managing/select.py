"""Which manager a task belongs to, and which of its groups (DESIGN 5: one form of match)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from runner.managing.globs import matches as glob_matches
from runner.records import Group, Manager, Match, Task

REST = Group(name="tasks")
"""The one group of a manager that declares none."""

_TYPED = ("kinds", "components", "actions", "outputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Where a task goes: `why` names what decided ("kind table"), `rule` counts the group's place from 1.

    `also` are the other managers that would have taken it, each with its reason.
    """

    manager: str
    group: str
    why: str
    rule: int
    also: tuple[str, ...] = ()


def matches(match: Match, task: Task) -> bool:
    """Whether every key of `match` holds for the task. Keywords stand at word starts of the title, in any case."""
    return (
        (not match.kinds or task.kind in match.kinds)
        and (not match.components or task.component in match.components)
        and (not match.actions or task.action in match.actions)
        and (not match.outputs or any(glob_matches(glob, path) for glob in match.outputs for path in task.outputs))
        and (not match.keywords or _keyword(match.keywords, task.title) != "")
    )


def choose(task: Task, managers: Mapping[str, Manager]) -> Choice | None:
    """The manager and group of the task, or None when nobody takes it. Ties go by the order of `managers`."""
    claims = [claim for place, manager in enumerate(managers.values()) if (claim := _claim(task, manager, place))]
    if not claims:
        return None
    claims.sort(key=lambda claim: claim[0])
    (_, manager, why), *others = claims
    rule, group = group_of(task, manager)
    also = tuple(f"{other.name} ({reason})" for _, other, reason in others)
    return Choice(manager=manager.name, group=group.name, why=why, rule=rule, also=also)


def group_of(task: Task, manager: Manager) -> tuple[int, Group]:
    """The first group that matches, with its place from 1; a manager without groups has one, REST."""
    for rule, group in enumerate(manager.groups, start=1):
        if group.match is None or matches(group.match, task):
            return rule, group
    return len(manager.groups) + 1, REST


Claim = tuple[tuple[int, int, int], Manager, str]


def _claim(task: Task, manager: Manager, place: int) -> Claim | None:
    # Sorted ascending: the declared kind first, then more typed keys, then the pipeline's order.
    if task.kind in manager.specs:
        return (0, 0, place), manager, f"kind {task.kind}"
    fitting = [match for match in manager.handles if matches(match, task)]
    if not fitting:
        return None
    best = max(fitting, key=_typed_keys)
    return (1, -_typed_keys(best), place), manager, _reason(best, task)


def _typed_keys(match: Match) -> int:
    return sum(1 for key in _TYPED if getattr(match, key))


def _reason(match: Match, task: Task) -> str:
    said = {
        "kinds": f"kind {task.kind}",
        "components": f"component {task.component}",
        "actions": f"action {task.action}",
        "outputs": f"output {', '.join(task.outputs)}",
        "keywords": f'keyword "{_keyword(match.keywords, task.title)}"',
    }
    return ", ".join(text for key, text in said.items() if getattr(match, key)) or "takes everything"


def _keyword(keywords: tuple[str, ...], title: str) -> str:
    found = _keywords(keywords).search(title)
    return found.group(1).lower() if found else ""


@lru_cache(maxsize=1024)
def _keywords(keywords: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, keywords))})", re.IGNORECASE)
