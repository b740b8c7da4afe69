"""One line a kind of event, for people: what `plain`, `tty` and `orch events` say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runner.records import Event, Json, JsonObject
from runner.reporters.choices import choice_name
from runner.reporters.safe import escape, mask, shorten
from runner.reporters.units import count, seconds

WIDTH = 400
"""Characters of an event's line beyond which it is cut: a check's output belongs in the report."""


def _names(value: Json) -> str:
    if isinstance(value, Mapping):
        names = {alias: choice_name(choice) for alias, choice in value.items()}
        same = set(names.values())
        return same.pop() if len(same) == 1 else ", ".join(f"{alias}: {name}" for alias, name in names.items())
    return ", ".join(str(item) for item in value or ())


def _because(data: JsonObject) -> str:
    return f": {data['reason']}" if data.get("reason") else ""


def _after(data: JsonObject) -> str:
    return f" ({seconds(float(data['seconds']))})" if data.get("seconds") is not None else ""


def _run_started(event: Event) -> str:
    data = event.data
    parts = [f"run {event.subject or ''}".rstrip() + f": {data.get('pipeline', '')}"]
    parts += [f"{word} {_names(data[word])}" for word in ("models", "agents") if data.get(word)]
    parts += [f"sandbox {data['sandbox']}"] if data.get("sandbox") else []
    return "; ".join(parts)


def _step_started(event: Event) -> str:
    items = event.data.get("items")
    many = f", {count(len(items) if isinstance(items, list) else int(items), 'item')}" if items else ""
    return f"step {event.subject} starts ({event.data.get('uses', '')}{many})"


def _ask_finished(event: Event) -> str:
    data = event.data
    wrong = data.get("problems") or 0
    answer = f"answered with {count(wrong, 'problem')}" if wrong else "answered"
    return f"{event.subject}: {data.get('model', 'the model')} {answer}{_after(data)}"


def _order_started(event: Event) -> str:
    data = event.data
    tasks, attempts = data.get("tasks") or [], data.get("attempts") or []
    again = {task: number for task, number in zip(tasks, attempts, strict=False) if number > 1}
    said = ", ".join(f"{task} (attempt {again[task]})" if task in again else task for task in tasks)
    return f"{data.get('seat', event.subject)} works on {said} [{data.get('agent', 'agent')}]"


def _turn_finished(event: Event) -> str:
    data = event.data
    files = data.get("files") or []
    return f"{event.subject}: turn {data.get('outcome', 'done')}, {count(len(files), 'file')}{_after(data)}"


def _check_finished(event: Event) -> str:
    data = event.data
    if data.get("passed"):
        return f"{event.subject}: check {data.get('name')} passed{_after(data)}"
    tail = f": {data['output_tail'].strip()}" if data.get("output_tail") else ""
    return f"{event.subject}: check {data.get('name')} failed, exit {data.get('exit_code')}{tail}"


def _task_finished(event: Event) -> str:
    data = event.data
    tries = int(data.get("attempts") or 0)
    again = f" after {tries} attempts" if tries > 1 else ""
    where = f" [{data['seat']}]" if data.get("seat") else ""
    return f"task {event.subject} {data.get('status')}{again}{where}{_because(data)}"


def _tasks_assigned(event: Event) -> str:
    data = event.data
    return (
        f"{count(int(data.get('tasks') or 0), 'task')} in {count(int(data.get('groups') or 0), 'group')}, "
        f"{count(int(data.get('edges') or 0), 'edge')}"
    )


def _round_started(event: Event) -> str:
    data = event.data
    parts = [f"{word} {_names(data[word])}" for word in ("reopened", "decomposed") if data.get(word)]
    return f"validation round {data.get('round')}: {'; '.join(parts) or 'nothing to do'}"


def _problem(event: Event) -> str:
    data = event.data
    hint = f" ({data['hint']})" if data.get("hint") else ""
    about = f"{event.subject}: " if event.subject else ""
    return f"{data.get('severity', 'error')}: {about}{data.get('message', '')}{hint}"


def _run_finished(event: Event) -> str:
    data = event.data
    return f"run {data.get('status')}, exit {data.get('exit_code')}{_after(data)}{_because(data)}"


SAY: Mapping[str, Callable[[Event], str]] = {
    "run_started": _run_started,
    "run_resumed": lambda event: f"run resumed (time {event.data.get('times', 1)})",
    "run_finished": _run_finished,
    "step_started": _step_started,
    "step_finished": lambda event: (
        f"step {event.subject} {event.data.get('status')}{_after(event.data)}{_because(event.data)}"
    ),
    "item_started": lambda event: f"step {event.subject}: {event.data.get('item')} starts",
    "item_finished": lambda event: (
        f"step {event.subject}: {event.data.get('item')} {event.data.get('status')}{_because(event.data)}"
    ),
    "ask_started": lambda event: f"{event.subject}: asking {event.data.get('model', 'the model')}",
    "ask_finished": _ask_finished,
    "tasks_assigned": _tasks_assigned,
    "order_started": _order_started,
    "order_finished": lambda event: f"order {event.subject} {event.data.get('status')}",
    "turn_started": lambda event: f"{event.subject}: turn starts (attempt {event.data.get('attempt', 1)})",
    "turn_finished": _turn_finished,
    "check_finished": _check_finished,
    "attempt_failed": lambda event: (
        f"{event.subject}: attempt {event.data.get('attempt')} failed{_because(event.data)}"
    ),
    "merge_started": lambda event: f"{event.subject}: merging {str(event.data.get('commit', ''))[:10]}",
    "merge_finished": lambda event: f"{event.subject}: merged as {str(event.data.get('commit', ''))[:10]}",
    "merge_refused": lambda event: f"{event.subject}: merge refused{_because(event.data)}",
    "task_finished": _task_finished,
    "round_started": _round_started,
    "verdict": lambda event: f"{event.subject} {event.data.get('status')}{_because(event.data)}",
    "problem": _problem,
    "note": lambda event: f"note: {event.data.get('message', '')}",
}
"""Kind -> its line. A kind that is not here is said with its data, so that nothing is swallowed."""

DETAILS = frozenset(
    {
        "item_started",
        "ask_started",
        "order_finished",
        "turn_started",
        "turn_finished",
        "merge_started",
        "merge_finished",
    }
)
"""Kinds that progress leaves out, because another line says the same a moment later; `orch events` prints them."""


def say(event: Event, secrets: tuple[str, ...] = (), width: int = WIDTH) -> str:
    """The event on one line of at most `width` characters, safe to print."""
    speak = SAY.get(event.kind)
    text = speak(event) if speak else f"{event.kind} {event.subject} {dict(event.data)}"
    return shorten(escape(mask(text, secrets)), width)


def worth_a_line(event: Event) -> bool:
    """Whether progress says it: no details, and of checks only those that failed."""
    if event.kind == "check_finished":
        return not event.data.get("passed")
    return event.kind not in DETAILS
