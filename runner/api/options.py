"""What a caller may say about a run, and the values of a pipeline's inputs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.errors import UsageError
from runner.records import Field, Json, Pipeline, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """`given` maps steps to files, `values` inputs to text; `time` in seconds, `budget` in USD,
    `depth` in levels of further decomposition; "" means: not said."""

    workspace: str = ""
    offline: bool = False
    sandbox: str = ""
    agent: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    managers: tuple[str, ...] = ()
    time: float | None = None
    agents: int | None = None
    budget: float | None = None
    depth: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    until: str = ""
    strict: bool = False


def input_values(pipeline: Pipeline, request: Request | None, values: Mapping[str, str], root: Path) -> dict[str, Json]:
    """The value of every input: the request, what was set, defaults. Raises UsageError for a missing or unfit one."""
    if unknown := set(values) - set(pipeline.inputs):
        known = ", ".join(pipeline.inputs) or "none"
        raise UsageError(f'--set: the pipeline has no input "{min(unknown)}"', f"its inputs: {known}")
    if request is not None and _request_input(pipeline) in values:
        raise UsageError(f"--set {_request_input(pipeline)} and --request say the same input", "leave one of them out")
    found: dict[str, Json] = {}
    for name, wanted in pipeline.inputs.items():
        if name in values:
            found[name] = _typed(name, wanted, values[name], root)
        elif request is not None and wanted.type == "markdown" and name == _request_input(pipeline):
            found[name] = request.text
        elif wanted.has_default:
            found[name] = wanted.default
        else:
            option = "--request FILE" if name == _request_input(pipeline) else f"--set {name}=VALUE"
            raise UsageError(f'the pipeline needs the input "{name}"', f"give it with {option}")
    if request is not None and not _request_input(pipeline):
        raise UsageError("the pipeline takes no request", "leave out --request")
    return found


def _request_input(pipeline: Pipeline) -> str:
    """The input that `--request` fills: the one of that name, else the first of type markdown."""
    markdown = [name for name, wanted in pipeline.inputs.items() if wanted.type == "markdown"]
    return "request" if "request" in markdown else next(iter(markdown), "")


def _typed(name: str, wanted: Field, text: str, root: Path) -> Json:
    value = _parsed(name, wanted, text, root)
    if wanted.choices and value not in wanted.choices:
        raise UsageError(f'--set {name}: "{text}" is not one of {", ".join(wanted.choices)}')
    if wanted.pattern and not re.search(wanted.pattern, text):
        raise UsageError(f'--set {name}: "{text}" does not match {wanted.pattern}')
    low = wanted.min is not None and isinstance(value, int | float) and value < wanted.min
    high = wanted.max is not None and isinstance(value, int | float) and value > wanted.max
    if low or high:
        raise UsageError(f"--set {name}: {text} is not within {wanted.min} to {wanted.max}")
    return value


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError
    return number


def _parsed(name: str, wanted: Field, text: str, root: Path) -> Json:
    try:
        if wanted.type == "integer":
            return int(text)
        if wanted.type == "number":
            return _finite(float(text))
        if wanted.type == "boolean":
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError):
        raise UsageError(f'--set {name}: "{text}" is no {wanted.type}') from None
    if wanted.type == "file" and not (root / text).is_file():
        raise UsageError(f"--set {name}: there is no file {text}")
    return text
