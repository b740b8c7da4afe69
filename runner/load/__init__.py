"""Files to records: a pipeline with all that it refers to, or what is wrong with it.

`load_pipeline` and `load_manager` never raise for what a user wrote: problems are collected with their positions.
What they find wrong is structure and references; the rules over what was loaded stand in `runner.rules`.
"""

from __future__ import annotations

from runner.load.loaded import Loaded, Origin
from runner.load.loading import all_managers, load_manager, load_pipeline, load_script
from runner.load.values import seconds

__all__ = ["Loaded", "Origin", "all_managers", "load_manager", "load_pipeline", "load_script", "seconds"]
