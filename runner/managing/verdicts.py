"""From results to verdicts: what was shown for each requirement, constraint and criterion. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runner.records import Evidence, Json, Plan, Task, TaskResult, Verdict

NUMBER = re.compile(r"(?<![\w./])(\d+(?:[,_]\d{3})*(?:\.\d+)?)(?![\d/])(?!(?:st|nd|rd|th|d)\b)", re.IGNORECASE)
UNIT = re.compile(r"[ -]?(ms|milliseconds?|min(?:ute)?s?|h(?:our)?s?|days?|[kmg]i?b|%|percent)(?!\w)", re.IGNORECASE)
WORDS: Mapping[str, int] = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100,
}  # fmt: skip
UNITS: Mapping[str, tuple[float, ...]] = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), (0.001,)),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), (60,)),
    **dict.fromkeys(("h", "hs", "hour", "hours"), (3600, 60)),
    **dict.fromkeys(("day", "days"), (86400, 24)),
    **dict.fromkeys(("kb", "kib"), (1000, 1024)),
    **dict.fromkeys(("mb", "mib"), (1000**2, 1024**2)),
    **dict.fromkeys(("gb", "gib"), (1000**3, 1024**3)),
    **dict.fromkeys(("%", "percent"), (0.01,)),
}
"""What a number may be multiplied by when a spec says it in another unit, by its own."""
_Status = Literal["verified", "failed", "unverified"]


def verdicts(
    plan: Plan,
    tasks: Iterable[Task],
    results: Iterable[TaskResult],
    end: Mapping[str, Sequence[Evidence]] | None = None,
) -> tuple[Verdict, ...]:
    """One verdict for each requirement, constraint and criterion, in the plan's order.

    `end` holds evidence by task of checks that ran on the final head, beside those in the results.
    """
    shown = _Shown(tuple(tasks), {result.task: result for result in results}, end or {})
    first: dict[str, Verdict] = {}
    for requirement in plan.requirements:
        first[requirement.id] = shown.verdict(requirement.id, requirement.quote)
    for constraint in plan.constraints:
        first[constraint.id] = shown.verdict(constraint.id, constraint.quote, constraint.requirements, first)
    for criterion in plan.criteria:
        first[criterion.id] = shown.verdict(criterion.id, "", criterion.requirements, first)
    return tuple(first.values())


@dataclass(frozen=True, slots=True)
class _Shown:
    tasks: tuple[Task, ...]
    results: Mapping[str, TaskResult]
    end: Mapping[str, Sequence[Evidence]]

    def verdict(
        self, name: str, quote: str, follows: Sequence[str] = (), earlier: Mapping[str, Verdict] | None = None
    ) -> Verdict:
        """Its own tasks decide, and the verdicts that it follows; the worst one counts."""
        own = [task for task in self.tasks if name in task.requirements]
        above = [found for word in follows if (found := (earlier or {}).get(word)) is not None]
        names = tuple(dict.fromkeys([task.id for task in own] + [task for found in above for task in found.tasks]))
        status, reason, suggestions = self._judge(name, own, above, quote, names)
        evidence = tuple(item for task in names for item in self._evidence(task))
        return Verdict(id=name, status=status, tasks=names, reason=reason, evidence=evidence, suggestions=suggestions)

    def _judge(
        self, name: str, own: Sequence[Task], above: Sequence[Verdict], quote: str, names: tuple[str, ...]
    ) -> tuple[_Status, str, tuple[str, ...]]:
        failed = [line for task in own if (line := self._failure(task.id))] + [
            f"{found.id} failed: {found.reason}" for found in above if found.status == "failed"
        ]
        if failed:
            return "failed", "; ".join(failed), ()
        if not own and not above:
            return "unverified", f"no task serves {name}", (f"add a task that lists {name} in its requirements",)
        open_ = [line for task in own if (line := self._doubt(task.id))] + [
            f"{found.id} is unverified: {found.reason}" for found in above if found.status == "unverified"
        ]
        if open_:
            return "unverified", "; ".join(open_), tuple(line for found in above for line in found.suggestions)
        missing = _missing_numbers(quote, [task for task in self.tasks if task.id in names])
        if missing:
            return "unverified", _numbers(name, missing), tuple(_suggest(number, names) for number in missing)
        count = sum(len(self._evidence(task)) for task in names)
        return "verified", f"{len(names)} task{_s(names)} verified by {count} checks", ()

    def _evidence(self, task: str) -> tuple[Evidence, ...]:
        result = self.results.get(task)
        return (*(result.checks if result else ()), *self.end.get(task, ()))

    def _failure(self, task: str) -> str:
        result = self.results.get(task)
        if result is not None and result.status in ("failed", "skipped"):
            return f"{task} {result.status}" + (f": {result.reason}" if result.reason else "")
        last = {(item.name, item.command): item for item in self._evidence(task)}
        broken = [item.name for item in last.values() if not item.passed]
        return f'{task}: check "{broken[0]}" failed' if broken else ""

    def _doubt(self, task: str) -> str:
        result = self.results.get(task)
        if result is None:
            return f"{task} has no result"
        if result.status == "unverified":
            return f"{task} is unverified" + (f": {result.reason}" if result.reason else "")
        return "" if self._evidence(task) else f"{task} has no evidence"


def _missing_numbers(quote: str, tasks: Sequence[Task]) -> list[str]:
    said = {number for task in tasks for number in _values(task.spec)}
    return [text for text, values in _stated(quote) if not values & said]


def _stated(quote: str) -> list[tuple[str, set[float]]]:
    """Each number of a text as it is written, with the values that a spec may give it, in other units too."""
    found = [(match.group(1), _in_units(match.group(1), _unit(quote, match.end()))) for match in NUMBER.finditer(quote)]
    words = [(word, {float(WORDS[word])}) for word in re.findall(r"[a-z]+", quote.lower()) if word in WORDS]
    return found + words


def _unit(quote: str, end: int) -> str:
    unit = UNIT.match(quote, end)
    return unit.group(1).lower() if unit else ""


def _in_units(text: str, unit: str) -> set[float]:
    value = float(text.replace(",", "").replace("_", ""))
    return {value, *(round(value * factor, 9) for factor in UNITS.get(unit, ()))}


def _values(spec: Json) -> set[float]:
    """Every number in a spec: as a value, or in a text such as VARCHAR(280)."""
    if isinstance(spec, bool) or spec is None:
        return set()
    if isinstance(spec, int | float):
        return {float(spec)}
    if isinstance(spec, str):
        return {float(digits) for digits in re.findall(r"\d+(?:\.\d+)?", spec.replace("_", "").replace(",", ""))}
    children = spec.values() if isinstance(spec, Mapping) else spec
    return set().union(*(_values(child) for child in children))


def _numbers(name: str, missing: Sequence[str]) -> str:
    return f"{name} says {', '.join(missing)}, and no spec of its tasks holds {'it' if len(missing) == 1 else 'them'}"


def _suggest(number: str, tasks: Sequence[str]) -> str:
    return f"put the number {number} into the spec of one of {', '.join(tasks)}, so that a check can measure it"


def _s(items: Sequence[object]) -> str:
    return "" if len(items) == 1 else "s"
