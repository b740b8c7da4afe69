"""One mark and one colour a status, the same in every picture; never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping

MARKS: Mapping[str, str] = {
    "verified": "✓",
    "ok": "✓",
    "passed": "✓",
    "unverified": "○",
    "failed": "✗",
    "skipped": "–",
    "pending": "·",
    "running": "▸",
    "retried": "↻",
    "interrupted": "⊘",
}

FILLS: Mapping[str, tuple[str, str]] = {
    "verified": ("#e3f4ea", "#1f8a4c"),
    "ok": ("#e3f4ea", "#1f8a4c"),
    "unverified": ("#fdf3d8", "#b07d10"),
    "failed": ("#fde4e1", "#c8321f"),
    "skipped": ("#eceef1", "#7b8490"),
    "pending": ("#f4f5f7", "#9aa3af"),
    "running": ("#e1ecfd", "#2667c9"),
    "retried": ("#fbe6d4", "#c2681c"),
    "interrupted": ("#efe6fa", "#7a4cc2"),
}
"""Status -> (fill, line) on a light ground."""
