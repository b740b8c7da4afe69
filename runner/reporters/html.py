"""The report as one HTML file: nothing is fetched, it reads without script, and nothing quoted in it can act.

The content security policy allows this page's one style and one script by their hashes and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.reporters import sections
from runner.reporters.pieces import words

_HERE = Path(__file__).parent


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def html(report: Mapping[str, Any]) -> str:
    """The page of a report (`schemas/report.schema.json`)."""
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = words(report["title"] or report["pipeline"] or report["run"])
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{title} — report</title><style>{style}</style></head><body>\n"
        f"{sections.head(report)}\n<main>\n{''.join(_main(report))}</main>\n{sections.foot(report)}"
        f"<script>{script}</script></body></html>\n"
    )


def _main(report: Mapping[str, Any]) -> list[str]:
    parts = [
        sections.following(report),
        sections.promises(report, "requirements", "Requirements", "what was asked, who did it, what shows it"),
        sections.failures(report),
        sections.not_understood(report),
        sections.assumptions(report),
        sections.questions(report),
        sections.promises(report, "constraints", "Constraints", ""),
        sections.promises(report, "criteria", "Success criteria", ""),
        sections.graph(report),
        sections.timeline(report),
        sections.tasks(report),
        sections.usage(report),
        sections.schedule(report),
        sections.problems(report),
        sections.choices(report),
    ]
    return [f"{part}\n" for part in parts if part]
