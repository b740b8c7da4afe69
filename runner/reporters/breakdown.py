"""`--breakdown`: the whole flow as text, before anything is spent or made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.records import Assignment, Manager, Plan, Problem, Task
from runner.reporters.predicted import Prediction, predict
from runner.reporters.safe import escape, shorten
from runner.reporters.show import columns
from runner.reporters.spec_line import spec_line
from runner.reporters.units import count, usd

BAR = 60
"""Columns of the predicted timeline."""
SPEC = 600
"""Characters of an exact spec that are shown."""

Cost = tuple[float, float] | None
"""The least and the most in USD; None where a price is not known."""


def breakdown(
    plan: Plan,
    tasks: Sequence[Task],
    assignment: Assignment | None,
    managers: Mapping[str, Manager],
    *,
    pipeline: str,
    planner: str,
    agents: int,
    chosen: Mapping[str, str],
    cost: Cost = (0.0, 0.0),
    problems: Sequence[Problem] = (),
    notes: Sequence[str] = (),
) -> str:
    """The text. `planner` made plan and tasks, `chosen` are the agents by manager or "manager.group", `agents` how many
    work at once."""
    lines = [
        f"{plan.title}: breakdown of pipeline {pipeline}",
        f"plan and tasks by {planner}",
        *([plan.summary] if plan.summary else []),
        *_title("components", _components(plan, tasks)),
        *_title("requirements", _requirements(plan)),
        *_title("tasks", _tasks(tasks)),
    ]
    if assignment is not None:
        lines += _title("groups and seats", _groups(assignment, chosen))
        lines += _title("predicted timeline", _timeline(predict(assignment, managers, agents), agents))
    lines += [
        *_title("cost", [f"  {cost_range(cost)}{_by(chosen)}"]),
        *_title("not understood", [f"  line {line.line}: {line.text}" for line in plan.not_understood]),
        *_title("questions", [f"  {question}" for question in plan.questions]),
        *_title("contradictions", [f"  {_contradiction(one)}" for one in plan.contradictions]),
        *_title("assumptions (strike what is not wanted)", _assumptions(plan)),
        *_title("left out, as the request says", [f'  {one.text} ("{one.quote}")' for one in plan.exclusions]),
        *_title("problems", [f"  {one.severity}: {one.message} [{one.rule} {one.name}]" for one in problems]),
        *_title("notes", [f"  {note}" for note in notes]),
    ]
    return "\n".join(escape(line) for line in lines) + "\n"


def cost_range(cost: Cost) -> str:
    """`0`, `$0.40 to $1.20`, or unknown."""
    if cost is None:
        return "unknown: a price is not known"
    least, most = cost
    return "0" if most == 0 else usd(most) if least == most else f"{usd(least)} to {usd(most)}"


def _by(chosen: Mapping[str, str]) -> str:
    names = ", ".join(dict.fromkeys(chosen.values()))
    return f" ({names})" if names else ""


def _title(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _components(plan: Plan, tasks: Sequence[Task]) -> list[str]:
    by = {component.name: [task for task in tasks if task.component == component.name] for component in plan.components}
    rows = [
        [
            component.name,
            count(len(by[component.name]), "task"),
            count(sum(task.points for task in by[component.name]), "point"),
            f"because of {', '.join(component.why)}",
        ]
        for component in plan.components
    ]
    return columns(rows, "  ")


def _requirements(plan: Plan) -> list[str]:
    quoted = [(one.id, one.text, one.quote) for one in plan.requirements]
    quoted += [(one.id, one.text, one.quote) for one in plan.constraints]
    lines = []
    for name, text, quote in quoted:
        lines.append(f"  {name}  {text}")
        lines += [f'       "{shorten(quote, 110)}"'] if quote else []
    return lines + [f"  {one.id}  {one.text}" for one in plan.criteria]


def _tasks(tasks: Sequence[Task]) -> list[str]:
    lines = []
    for task in tasks:
        lines.append(f"  {task.id}  [{task.kind}, {task.complexity}] {task.title} ({', '.join(task.requirements)})")
        lines.append(f"      {shorten(spec_line(task.spec), SPEC)}")
    return lines


def _groups(assignment: Assignment, chosen: Mapping[str, str]) -> list[str]:
    points = {task.id: task.points for task in assignment.tasks}
    lines = []
    for group in assignment.groups:
        work = sum(points[task] for task in group.tasks)
        lines.append(f"  {group.manager} / {group.name}: {count(len(group.tasks), 'task')}, {count(work, 'point')}")
        agent = chosen.get(f"{group.manager}.{group.name}") or chosen.get(group.manager, "no agent")
        lines += [f"    {seat.id} [{agent}]: {', '.join(seat.tasks) or 'nothing'}" for seat in group.seats]
    return lines


def _timeline(made: Prediction, agents: int) -> list[str]:
    scale = max(1, -(-made.points // BAR))
    rows = []
    for seat in dict.fromkeys(slot.seat for slot in made.slots):
        cells = [" "] * -(-made.points // scale)
        for number, slot in enumerate(slot for slot in made.slots if slot.seat == seat):
            for cell in range(slot.start // scale, max(slot.start // scale + 1, -(-slot.end // scale))):
                cells[cell] = "█▓"[number % 2]
        rows.append([seat, "".join(cells)])
    said = (
        f"  {count(made.work, 'point')} of work in {made.points} with at most {count(agents, 'agent')}; "
        f"no order can be faster than {made.lower_bound}"
    )
    unit = "one column is one point" if scale == 1 else f"one column is {scale} points"
    return [*columns(rows, "  "), said, f"  ({unit}: low 1, medium 2, high 4)"]


def _contradiction(one: Mapping[str, object]) -> str:
    quotes = one.get("quotes")
    said = " / ".join(f'"{quote}"' for quote in quotes) if isinstance(quotes, list | tuple) else ""
    return f"{one.get('text', '')}: {said}"


def _assumptions(plan: Plan) -> list[str]:
    return [f"  {one.id}  {one.text} Why: {one.why}" for one in plan.assumptions]
