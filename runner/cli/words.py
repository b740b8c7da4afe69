"""Words of the command line: durations, and pairs like ALIAS=NAME."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from runner.errors import UsageError
from runner.load.values import seconds

_DURATION = re.compile(r"([0-9]{1,6}(ms|s|m|h|d)){1,4}")


class Duration(click.ParamType[float]):
    """A duration such as 90s, 15m or 1h30m, in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        if not _DURATION.fullmatch(str(value)):
            self.fail(f"{value!r} is no duration; write 90s, 15m, 2h or 1h30m", param, ctx)
        if not seconds(str(value)):
            self.fail("it must be longer than nothing", param, ctx)
        return seconds(str(value))


DURATION = Duration()


def pairs(option: str, words: Sequence[str]) -> dict[str, str]:
    """`K=V` words as a mapping. Raises UsageError for a word without "=" and for a key given twice."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(f'{option}: "{word}" is not of the form KEY=VALUE')
        if key in found:
            raise UsageError(f'{option}: "{key}" is given twice')
        found[key] = value
    return found
