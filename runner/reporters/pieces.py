"""The pieces that the HTML report is put together from; the only place where text becomes HTML."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner.graph.colours import MARKS
from runner.reporters.safe import escape_lines, shorten
from runner.reporters.units import seconds

ORDER = ("failed", "unverified", "skipped", "pending", "verified")
"""Statuses, the ones to look at first in front."""


def words(text: object) -> str:
    """Any text as harmless HTML."""
    return html.escape(escape_lines(str(text)), quote=True)


def mark(status: str) -> str:
    """A status with its sign, so that it does not rest on colour."""
    sign = f"{MARKS[status]} " if status in MARKS else ""
    return f'<span class="mark {words(status)}">{sign}{words(status)}</span>'


def section(anchor: str, title: str, note: str, body: str) -> str:
    """A section of the page; "" without a body, so that no heading stands over nothing."""
    small = f" <small>{note}</small>" if note else ""
    return f'<section id="{anchor}"><h2>{title}{small}</h2>{body}</section>' if body else ""


def tile(value: str, label: str, statuses: Counter[str] | None = None) -> str:
    """A number with its label, and a bar of its statuses."""
    return f'<div class="tile"><b>{value}</b><span class="soft">{label}</span>{_split(statuses)}</div>'


def _split(statuses: Counter[str] | None) -> str:
    """A bar in proportion to how many have each status."""
    if not statuses:
        return ""
    total, x, parts = statuses.total(), 0.0, []
    for status in reversed(ORDER):
        width = 100 * statuses[status] / total
        if width:
            parts.append(f'<rect class="s-{status}" x="{x:.2f}" y="0" width="{width:.2f}" height="6"/>')
        x += width
    said = ", ".join(f"{number} {status}" for status, number in statuses.items())
    return (
        f'<div class="split"><svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{words(said)}">'
        f"{''.join(parts)}</svg></div>"
    )


def chips(report: Mapping[str, Any], tasks: Iterable[str]) -> str:
    """Tasks by name and sign, each a link to its own place."""
    status = {task["id"]: task["status"] for task in report["tasks"]}
    links = [
        f'<a class="chip {words(status.get(task, ""))}" href="#task-{words(task)}">'
        f"{MARKS.get(status.get(task, ''), '')} {words(task)}</a>"
        for task in tasks
    ]
    return f'<div class="chips">{"".join(links)}</div>' if links else ""


def passed(check: Mapping[str, Any]) -> bool:
    """Whether a check passed: by its own word (it may expect another exit code), else by exit 0."""
    return bool(check.get("passed", check["exit_code"] == 0))


def check_card(check: Mapping[str, Any]) -> str:
    """One piece of evidence; what failed is open."""
    good = passed(check)
    tail = f"<pre>{words(check['output_tail'])}</pre>" if check.get("output_tail") else ""
    at = [f"at {words(check['at'])}"] if check.get("at") else []
    commit = [f"on commit <code>{words(check['commit'][:10])}</code>"] if check.get("commit") else []
    said = f'<p class="soft">{", ".join([*at, *commit])}</p>' if at or commit else ""
    return (
        f'<details class="check"{"" if good else " open"}><summary>{mark("passed" if good else "failed")}'
        f'<span class="what"><b>{words(check["name"])}</b> <code>{words(shorten(check["command"], 90))}</code></span>'
        f'<span class="meta">exit {check["exit_code"]} · {seconds(check["seconds"])}</span></summary>'
        f"<pre>{words(check['command'])}</pre>{tail}{said}</details>"
    )


def bullets(items: Sequence[str]) -> str:
    """Lines of text as a list."""
    return f"<ul>{''.join(f'<li>{words(item)}</li>' for item in items)}</ul>" if items else ""
