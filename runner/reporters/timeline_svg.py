"""The timeline as SVG: one lane a step and a seat, one bar an attempt; two bars above each other worked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from runner.graph.colours import MARKS
from runner.reporters.safe import escape as visible
from runner.reporters.safe import shorten
from runner.reporters.units import seconds

WIDE, LABELS, LANE, BAR, TOP = 1100.0, 230.0, 24.0, 16.0, 26.0
"""Pixels: whole width, room for the names of lanes, height of a lane and of a bar, room for the scale."""
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


def _tick(length: float) -> float:
    """Seconds between two marks of the scale, so that there are at most ten."""
    return next((step for step in _STEPS if length / step <= 10), length / 10 or 1.0)


def lanes(spans: Sequence[Mapping[str, Any]]) -> list[str]:
    """Steps first, then seats, each by its first start; a lane's key is its kind and name."""
    ordered = sorted(spans, key=lambda span: (span["kind"] != "step", span["start"]))
    return list(dict.fromkeys(f"{span['kind']} {span['lane']}" for span in ordered))


def _title(span: Mapping[str, Any]) -> str:
    attempt = f", attempt {span['attempt']}" if span["kind"] == "turn" else ""
    by = f" by {span['agent']}" if span["agent"] else ""
    why = f" — {span['reason']}" if span["reason"] else ""
    length = seconds(span["end"] - span["start"])
    return visible(f"{span['subject']}{attempt}{by}: {span['outcome']}, {length} from {seconds(span['start'])}{why}")


def _label(span: Mapping[str, Any], width: float) -> str:
    """The mark, and as much of the subject's name as the bar has room for."""
    mark, room = MARKS.get(span["outcome"], ""), int((width - 22) / 6)
    if width < 14:
        return ""
    # The lane names the component already.
    name = span["subject"].partition("_")[2] if span["kind"] == "turn" else span["subject"]
    return f"{mark} {shorten(name or span['subject'], room)}" if room >= 4 else mark


def _bar(span: Mapping[str, Any], y: float, scale: float) -> str:
    x, end = LABELS + span["start"] * scale, LABELS + span["end"] * scale
    worked = LABELS + span["worked"] * scale
    width = max(2.0, end - x)
    kind = escape(str(span["outcome"]))
    text = _label(span, width)
    checks = (
        f'<rect class="checks" x="{worked:.1f}" y="{y:.1f}" width="{end - worked:.1f}" height="{BAR:.0f}"/>'
        if span["kind"] == "turn" and end - worked > 1
        else ""
    )
    label = f'<text class="on" x="{x + 5:.1f}" y="{y + 12:.1f}">{escape(visible(text))}</text>' if text else ""
    return (
        f'<g><title>{escape(_title(span))}</title><rect class="bar {kind}" x="{x:.1f}" y="{y:.1f}"'
        f' width="{width:.1f}" height="{BAR:.0f}" rx="3"/>{checks}{label}</g>'
    )


def _scale(length: float, scale: float, tall: float) -> list[str]:
    step = _tick(length)
    marks = []
    for number in range(int(length / step) + 1):
        x = LABELS + number * step * scale
        marks.append(
            f'<line class="tick" x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{tall:.0f}"/>'
            f'<text class="sub" x="{x:.1f}" y="12" text-anchor="middle">{seconds(number * step)}</text>'
        )
    return marks


def timeline_svg(line: Mapping[str, Any]) -> str:
    """The picture of a report's `timeline`, to stand in a page that has the style."""
    spans = line["spans"]
    order = lanes(spans)
    length = max([line["seconds"], *(span["end"] for span in spans)], default=0.0) or 1.0
    scale = (WIDE - LABELS - 14) / length
    tall = TOP + LANE * len(order) + 6
    row = {lane: TOP + LANE * number for number, lane in enumerate(order)}
    parts = _scale(length, scale, tall)
    for number, lane in enumerate(order):
        if number % 2:
            parts.append(f'<rect class="band" x="0" y="{row[lane]:.0f}" width="{WIDE:.0f}" height="{LANE:.0f}"/>')
        kind, _, name = lane.partition(" ")
        shown = visible(f"step {name}" if kind == "step" else name)
        parts.append(
            f'<text class="lane {kind}" x="4" y="{row[lane] + 16:.0f}"><title>{escape(shown)}</title>'
            f"{escape(shown if len(shown) < 36 else shown[:34] + '…')}</text>"
        )
    parts += [_bar(span, row[f"{span['kind']} {span['lane']}"] + (LANE - BAR) / 2, scale) for span in spans]
    parts += [
        f'<line class="resumed" x1="{LABELS + at * scale:.1f}" y1="{TOP - 6}" x2="{LABELS + at * scale:.1f}"'
        f' y2="{tall:.0f}"><title>the run was stopped and resumed here</title></line>'
        for at in line["resumed"]
    ]
    return (
        f'<svg class="timeline" viewBox="0 0 {WIDE:.0f} {tall:.0f}" role="img"'
        f' aria-label="Timeline: {len(spans)} spans on {len(order)} lanes">{"".join(parts)}</svg>'
    )
