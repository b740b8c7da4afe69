"""ORC323 unfit_default: a default is of the type of its input or question, and its pattern is one that ends.

Bad: `{type: integer, default: x}`. Good: `{type: integer, default: 3}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.load import Loaded
from runner.load.pipelines import field
from runner.records import Field, Problem
from runner.records.catalogue import finding
from runner.schema.patterns import why_slow

_WORDS = {"integer": "an integer", "number": "a number", "boolean": "true or false"}


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every default that its own input would refuse, and every pattern that refuses nothing in time."""
    if loaded.pipeline is None:
        return
    places: list[tuple[tuple[str, ...], Field]] = [
        (("inputs", name), entry) for name, entry in loaded.pipeline.inputs.items()
    ]
    for name, step in loaded.pipeline.steps.items():
        questions = step.options.get("questions", {}) if step.uses == "approve" else {}
        places += [(("steps", name, "with", "questions", key), field(entry)) for key, entry in questions.items()]
    for pointer, entry in places:
        slow = why_slow(entry.pattern)
        if slow:
            rule, what = (
                ("ORC305", "is invalid") if slow == "invalid" else ("ORC307", f"can take exponential time: {slow}")
            )
            where = loaded.at(*pointer, "pattern")
            message = f'the pattern of "{pointer[-1]}" {what}'
            yield finding(
                rule, message, where, pointer="/".join(("", *pointer, "pattern")), hint="write a simpler pattern"
            )
            continue
        reason = unfit(entry, entry.default) if entry.has_default else ""
        if reason:
            shown = "/".join(("", *pointer, "default"))
            where = loaded.at(*pointer, "default")
            yield finding("ORC323", f'the default of "{pointer[-1]}" {reason}', where, pointer=shown, hint="correct it")


def unfit(entry: Field, value: object) -> str:
    """Why `value` is not what the field asks for, "" if it is."""
    if entry.type == "choice":
        return "" if value in entry.choices else f"must be one of {', '.join(entry.choices)}"
    kinds: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}
    wanted = kinds.get(entry.type, (str,))
    if not isinstance(value, wanted) or (isinstance(value, bool) and entry.type != "boolean"):
        return f"must be {_WORDS.get(entry.type, 'text')}"
    if isinstance(value, (int, float)) and entry.type != "boolean":
        return _out_of_range(entry, value)
    if entry.pattern and isinstance(value, str) and not re.search(entry.pattern, value[:1000]):
        return f"must match {entry.pattern}"
    return ""


def _out_of_range(entry: Field, value: float) -> str:
    if entry.min is not None and value < entry.min:
        return f"must be at least {entry.min:g}"
    if entry.max is not None and value > entry.max:
        return f"must be at most {entry.max:g}"
    return ""
