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
WITNESSES = ("browser",)
"""What a quote may speak of that only a check using one can show: no reading of sources stands for it."""
NAMED = 4
"""Tasks that a reason names; the rest is counted."""
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
        failed = self._failures([task.id for task in own]) or _followed(above, "failed")
        if failed:
            return "failed", failed, ()
        if not own and not above:
            return "unverified", f"no task serves {name}", (f"add a task that lists {name} in its requirements",)
        doubts = [line for task in own if (line := self._doubt(task.id))]
        open_ = _some(doubts, "more") or _followed(above, "unverified")
        if open_:
            return "unverified", open_, tuple(line for found in above for line in found.suggestions)
        missing = _missing_numbers(quote, [task for task in self.tasks if task.id in names])
        if missing:
            return "unverified", _numbers(name, missing), tuple(_suggest(number, names) for number in missing)
        unseen = _unseen(quote, [item for task in names for item in self._evidence(task)])
        if unseen:
            return "unverified", f"{name} speaks of a {unseen}, and no check used one", (_look(unseen, names),)
        count = sum(len(self._evidence(task)) for task in names)
        return "verified", f"{len(names)} task{_s(names)} verified by {count} check{'' if count == 1 else 's'}", ()

    def _evidence(self, task: str) -> tuple[Evidence, ...]:
        result = self.results.get(task)
        return (*(result.checks if result else ()), *self.end.get(task, ()))

    def _failures(self, tasks: Sequence[str]) -> str:
        """The tasks that failed by name, and how many were skipped because of them; "" where none did."""
        failed = {task: line for task in tasks if (line := self._failure(task))}
        skipped = [task for task in tasks if task in self.results and self.results[task].status == "skipped"]
        said = [_some(list(failed.values()), "more failed")] if failed else []
        if len(skipped) == 1 and not failed:
            said.append(f"{skipped[0]} was skipped" + _because(self.results[skipped[0]]))
        elif skipped:
            said.append(self._skipped(skipped, list(failed)))
        return "; ".join(said)

    def _skipped(self, skipped: Sequence[str], failed: Sequence[str]) -> str:
        were = f"{len(skipped)} task{_s(skipped)}"
        roots = [name for name, one in self.results.items() if one.status == "failed" and self._waits(skipped, name)]
        if failed and set(roots) <= set(failed):
            need = "needs" if len(skipped) == 1 else "need"
            was = "was" if len(skipped) == 1 else "were"
            return f"and {were} that {need} {'it' if len(failed) == 1 else 'them'} {was} skipped"
        why = f", for want of {_some(roots, 'more', ', ')}" if roots else ""
        return f"{were} {'was' if len(skipped) == 1 else 'were'} skipped{why}"

    def _waits(self, skipped: Sequence[str], name: str) -> bool:
        return any(re.search(rf"\b{re.escape(name)}\b", self.results[task].reason) for task in skipped)

    def _failure(self, task: str) -> str:
        result = self.results.get(task)
        if result is not None and result.status == "skipped":
            return ""
        if result is not None and result.status == "failed":
            return f"{task} failed" + _because(result)
        last = {(item.name, item.command): item for item in self._evidence(task)}
        broken = [item.name for item in last.values() if not item.passed]
        return f'{task}: check "{broken[0]}" failed' if broken else ""

    def _doubt(self, task: str) -> str:
        result = self.results.get(task)
        if result is None:
            return f"{task} has no result"
        if result.status == "unverified":
            return f"{task} is unverified" + _because(result)
        return "" if self._evidence(task) else f"{task} has no evidence"


def _because(result: TaskResult) -> str:
    """The first line of a result's reason, after a colon."""
    line = result.reason.strip().partition("\n")[0]
    return f": {line}" if line else ""


def _some(lines: Sequence[str], more: str, by: str = "; ") -> str:
    """As many as fit in a head, and how many more there are."""
    rest = [f"{len(lines) - NAMED} {more}"] if len(lines) > NAMED else []
    return by.join([*lines[:NAMED], *rest])


def _followed(above: Sequence[Verdict], status: _Status) -> str:
    """What a verdict has from those that it follows: the reason of one, the names of several."""
    found = [one for one in above if one.status == status]
    if not found:
        return ""
    if len(found) == 1:
        return f"{found[0].id} {'failed' if status == 'failed' else 'is unverified'}: {found[0].reason}"
    names = _some([one.id for one in found], "more", ", ")
    return f"{names} {'failed' if status == 'failed' else 'are unverified'}"


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


def _unseen(quote: str, evidence: Sequence[Evidence]) -> str:
    said = " ".join(f"{item.name} {item.command}" for item in evidence).lower()
    return next((word for word in WITNESSES if re.search(rf"\b{word}", quote.lower()) and word not in said), "")


def _look(word: str, tasks: Sequence[str]) -> str:
    return f"look at it in a {word}, or give {tasks[0] if tasks else 'its tasks'} a check that uses one"
