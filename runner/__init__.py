"""orch turns a written request into verified software.

`Orchestrator(...).execute()` and `run(pipeline, request)` are the command line as Python; both return a `Report`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runner.api.orchestrator import Orchestrator, Report, run

__all__ = ["Orchestrator", "Report", "run"]


def __getattr__(name: str) -> Any:
    # `import runner` stays as light as `orch --help`: the engine is imported when it is used.
    if name in __all__:
        return getattr(importlib.import_module("runner.api.orchestrator"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
