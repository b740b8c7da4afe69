"""What a template may use up: characters written, rounds of loops and calls, sizes of values.

Operators and filters that make large values are replaced by ones that look first. Bounds in the same process are no
wall against an attacker; they turn a careless or hostile template into an error instead of a hang.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

MAX_OUTPUT = 4_000_000
"""Characters that one rendering may write, or a value of it may hold."""
MAX_ROUNDS = 200_000
"""Rounds of loops and calls of one rendering, all together."""
_MAX_BITS = 256


class TooMuch(ValueError):
    """A bound was reached; the message says which."""


@dataclass
class Budget:
    """What is left of one rendering."""

    rounds: int = MAX_ROUNDS
    output: int = 10 * MAX_OUTPUT


BUDGET: ContextVar[Budget] = ContextVar("template_budget")


def spend_round() -> None:
    """Count one round of a loop or one call. Raises TooMuch."""
    budget = BUDGET.get(None)
    if budget is None:
        return
    budget.rounds -= 1
    if budget.rounds < 0:
        raise TooMuch(f"more than {MAX_ROUNDS} rounds of loops and calls")


def rounds(values: Iterable[Any]) -> Iterator[Any]:
    """The values, each counted."""
    for value in values:
        spend_round()
        yield value


def joined(parts: Iterable[str]) -> str:
    """The parts in one string, which must stay below MAX_OUTPUT; all strings made so are counted together."""
    kept, size = [], 0
    for part in parts:
        size += len(part)
        if size > MAX_OUTPUT:
            raise TooMuch(f"more than {MAX_OUTPUT} characters")
        kept.append(part)
    budget = BUDGET.get(None)
    if budget is not None:
        budget.output -= size
        if budget.output < 0:
            raise TooMuch(f"more than {10 * MAX_OUTPUT} characters in intermediate values")
    return "".join(kept)


def concatenated(values: Iterable[Any]) -> str:
    """Jinja's `~`: every value as text."""
    return joined(str(value) for value in values)


def operate(operator: str, left: Any, right: Any) -> Any:
    """A binary operator whose result cannot be large. Raises TooMuch."""
    if operator == "**":
        raise TooMuch('the operator "**" is not part of templates')
    if operator == "%" and isinstance(left, str):
        raise TooMuch('the operator "%" formats no text here; use ~')
    if operator == "*":
        _bound_product(left, right)
    if operator == "+" and _size(left) + _size(right) > MAX_OUTPUT:
        raise TooMuch("the sum is too large")
    result = _OPERATORS[operator](left, right)
    if isinstance(result, int) and result.bit_length() > _MAX_BITS:
        raise TooMuch("the number is too large")
    return result


def _bound_product(left: Any, right: Any) -> None:
    for value, factor in ((left, right), (right, left)):
        if isinstance(factor, int) and _size(value) * max(factor, 0) > MAX_OUTPUT:
            raise TooMuch("the product is too large")


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, list, tuple)) else 0


_OPERATORS: dict[str, Any] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}
