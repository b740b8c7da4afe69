"""A run that may start, as its parts: what `run` and `resume` prepare, and `assemble` puts together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.api.choices import Choices
from runner.api.options import RunOptions
from runner.load import Loaded
from runner.positions import Document
from runner.records import Json, Pipeline, Request
from runner.sandbox import Sandbox


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A run that may start: loaded, judged, chosen. Nothing is made or spent yet."""

    root: Path
    loaded: Loaded
    pipeline: Pipeline
    request: Request
    inputs: Mapping[str, Json]
    options: RunOptions
    choices: Choices
    given: Mapping[str, Document]
    sandbox: Sandbox
