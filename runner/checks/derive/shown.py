"""What rows showed of each constraint of a table: it is shown when a row was refused for it alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.checks.derive.reference import Spec, named_checks

VALUES = 3
"""Values that a line names; the rest is counted."""


@dataclass
class Trials:
    """Rows tried for one constraint, in words; `refused` are those that only this constraint refuses; `followed` is
    what came of others."""

    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)


@dataclass
class Shown:
    """Trials by constraint, in the order of the spec; `facts` are lines about what is no constraint."""

    constraints: dict[str, Trials]
    facts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, spec: Spec) -> Shown:
        """Every constraint of a spec, with nothing tried yet."""
        return cls({name: Trials() for name in _constraints(spec)})

    def accepted(self, constraint: str, words: str) -> None:
        self.constraints.setdefault(constraint, Trials()).accepted.append(words)

    def refused(self, constraint: str, words: str) -> None:
        self.constraints.setdefault(constraint, Trials()).refused.append(words)

    def followed(self, constraint: str, words: str) -> None:
        self.constraints.setdefault(constraint, Trials()).followed.append(words)

    def is_shown(self, constraint: str) -> bool:
        return bool(self.constraints[constraint].refused)

    def lines(self) -> list[str]:
        """How many constraints were shown, each with its rows, those that were not, and the facts."""
        open_ = [f"NOT SHOWN {name}: {UNSHOWN}" for name in self.constraints if not self.is_shown(name)]
        shown = {name: trials for name, trials in self.constraints.items() if trials.refused}
        columns = [name.removeprefix(NOT_NULL) for name in shown if name.startswith(NOT_NULL)]
        nulls = [f"{NOT_NULL}{', '.join(columns)}: refused"] if columns else []
        others = [_line(name, trials) for name, trials in shown.items() if not name.startswith(NOT_NULL)]
        total = len(self.constraints)
        head = f"{len(shown)} of {total} constraint{_s(total)} shown by rows that nothing else refuses"
        return [head, *open_, *others, *nulls, *self.facts]


NOT_NULL = "NOT NULL "
UNSHOWN = "no row was found that it alone refuses; only its text was compared"


def not_null(column: str) -> str:
    return f"{NOT_NULL}{column}"


def unique(spec: Spec, columns: Sequence[str]) -> str:
    word = "PRIMARY KEY" if list(columns) == list(spec["primary_key"]) else "UNIQUE"
    return f"{word} ({', '.join(columns)})"


def foreign_key(key: Mapping[str, Any]) -> str:
    target = f"{key['table']} ({', '.join(key['references'])})"
    return f"FOREIGN KEY ({', '.join(key['columns'])}) REFERENCES {target} ON DELETE {key['on_delete'].upper()}"


def check(expression: str) -> str:
    return f"CHECK {' '.join(expression.split())}"


def _constraints(spec: Spec) -> Iterable[str]:
    yield from (not_null(column["name"]) for column in spec["columns"] if not column["null"])
    yield from (unique(spec, columns) for columns in unique_sets(spec))
    for index in spec.get("indexes", []):
        if index.get("unique") and index.get("where"):
            yield f"UNIQUE ({', '.join(index['columns'])}) WHERE {index['where']}"
    yield from (foreign_key(key) for key in spec.get("foreign_keys", []))
    yield from map(check, named_checks(spec).values())


def unique_sets(spec: Spec) -> list[list[str]]:
    """The sets of columns of which no two rows may hold the same values; partial ones are left out."""
    found = [list(spec["primary_key"]), *map(list, spec.get("uniques", []))]
    found += [[column["name"]] for column in spec["columns"] if column.get("unique")]
    indexes = [index for index in spec.get("indexes", []) if index.get("unique") and not index.get("where")]
    found += [[part.split()[0] for part in index["columns"]] for index in indexes]
    return list({tuple(columns): columns for columns in found}.values())


def _line(name: str, trials: Trials) -> str:
    taken = _lengths(trials.accepted)
    parts = [f"{_values(trials.accepted, _ends(taken))} accepted"] if trials.accepted else []
    parts += [f"{_values(trials.refused, _beyond(_lengths(trials.refused), taken))} refused"]
    return "; ".join([f"{name}: {', '.join(parts)}", *dict.fromkeys(trials.followed)])


def _values(words: Sequence[str], lengths: Sequence[int]) -> str:
    if lengths:
        return f"{' and '.join(map(str, lengths))} character{_s(lengths[-1])}"
    others = [word for word in dict.fromkeys(words) if not LENGTH.fullmatch(word)]
    return ", ".join(others[:VALUES]) + (f" and {len(others) - VALUES} more" if len(others) > VALUES else "")


LENGTH = re.compile(r"(\d+) characters")


def _lengths(words: Iterable[str]) -> list[int]:
    return sorted({int(found[1]) for word in words if (found := LENGTH.fullmatch(word))})


def _ends(lengths: Sequence[int]) -> list[int]:
    """The shortest and the longest; what lies between them follows."""
    return list(dict.fromkeys((lengths[0], lengths[-1]))) if lengths else []


def _beyond(refused: Sequence[int], taken: Sequence[int]) -> list[int]:
    """The refused lengths next to those that are taken, one on each side."""
    if not taken:
        return _ends(refused)
    below = [length for length in refused if length < taken[0]]
    above = [length for length in refused if length > taken[-1]]
    return below[-1:] + above[:1] or _ends(refused)


def value_words(value: Any, expression: str) -> str:
    """A value as a CHECK sees it: a plain text by its length where the CHECK measures that."""
    if isinstance(value, str) and "length" in expression.lower() and (value.isalnum() or not value):
        return f"{len(value)} characters"
    if isinstance(value, str) and len(value) > 30:
        return f"a text of {len(value)} characters"
    return repr(value)


def _s(count: int) -> str:
    return "" if count == 1 else "s"
