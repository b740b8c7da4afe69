"""The picture of a pipeline: its steps and what they wait for."""

from __future__ import annotations

from pathlib import Path

from runner.errors import FileProblems, UsageError
from runner.graph import to_dot, to_mermaid, to_svg, to_text
from runner.load import load_pipeline
from runner.records import Pipeline, Step
from runner.resources import Resources

FORMATS = ("text", "mermaid", "dot", "svg")


def find_pipeline(name: str, resources: Resources, cwd: Path) -> Path:
    """The file of a pipeline: a path, or the name of a project's or shipped one. Raises UsageError."""
    path = cwd / name
    if path.is_file():
        return path
    found = resources.find("pipelines", name)
    if found is None:
        looked = ", ".join(resources.looked("pipelines", name))
        raise UsageError(f'there is no pipeline "{name}"', f"looked for {path}, {looked}")
    return found


def pipeline_graph(name: str, form: str, root: Path, cwd: Path) -> str:
    """The picture in one of FORMATS. Raises FileProblems where the file cannot be drawn."""
    resources = Resources(root)
    loaded = load_pipeline(find_pipeline(name, resources, cwd), resources)
    if loaded.pipeline is None:
        raise FileProblems(loaded.problems)
    return draw(loaded.pipeline, form)


def draw(pipeline: Pipeline, form: str) -> str:
    """The steps of a pipeline; a need that is not "ok" says so on the step that has it."""
    nodes = {name: _label(step) for name, step in pipeline.steps.items()}
    edges = [(need, step.name) for step in pipeline.steps.values() for need in step.needs if need in nodes]
    groups = {name: _uses(step) for name, step in pipeline.steps.items()}
    if form == "svg":
        return to_svg(nodes, edges, groups)
    if form == "text":
        return to_text({name: f"{nodes[name]}  ({groups[name]})" for name in nodes}, edges)
    return (to_mermaid if form == "mermaid" else to_dot)(nodes, edges)


def _label(step: Step) -> str:
    other = [f"{need} {outcome}" for need, outcome in step.needs.items() if outcome != "ok"]
    outcomes = f" [{', '.join(other)}]" if other else ""
    return f"{step.name}{' ×n' if step.foreach else ''}{outcomes}"


def _uses(step: Step) -> str:
    return f"{step.uses}, each {step.foreach.name}" if step.foreach else step.uses
