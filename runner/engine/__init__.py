"""Walks a pipeline's steps as a DAG. It knows no step type by name: what a step does is its module's business."""

from runner.engine.state import Ground, StepState
from runner.engine.timing import limited
from runner.engine.walk import walk

__all__ = ["Ground", "StepState", "limited", "walk"]
