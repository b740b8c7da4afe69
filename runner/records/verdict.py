"""What was shown for one requirement, constraint or criterion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runner.records.work import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`id` is R-n, C-n or S-n; `reason` says what decided; `suggestions` are next acts for a person or a model."""

    id: str
    status: Literal["verified", "failed", "unverified"]
    tasks: tuple[str, ...] = ()
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    suggestions: tuple[str, ...] = ()
