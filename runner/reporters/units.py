"""Seconds, dollars, tokens and counts as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds(value: float) -> str:
    """`0.4s`, `12s`, `1m 02s`, `1h 04m`."""
    if value < 9.95:
        return f"{max(0.0, value):.1f}s"
    whole = round(value)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def usd(value: float | None) -> str:
    """`$0.42`; four digits below a cent; "unknown" where no price is known."""
    if value is None:
        return "unknown"
    return f"${value:.4f}" if 0 < value < 0.01 else f"${value:.2f}"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 task`, `2 tasks`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def tokens(number: int) -> str:
    """`950`, `12.3k`, `1.2M`."""
    if number < 1000:
        return str(number)
    return f"{number / 1000:.1f}k" if number < 999_950 else f"{number / 1_000_000:.1f}M"


def moment(at: float) -> str:
    """A time (seconds since the epoch) in UTC: `2026-11-22 14:03:09 UTC`."""
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
