"""What may be printed: control characters become visible, secrets become `***`.

Text from requests, models, agents and commands reaches terminals, logs and pages only through here, so that none of it
can move a cursor, forge a line, or carry a key out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TextIO

from runner.records import Json

_NAMED = re.compile(r"(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)($|_)", re.IGNORECASE)
_SHAPED = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|AKIA[0-9A-Z]{16}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,})"
)
# C0, DEL, C1, line and paragraph separators, and what turns the direction of writing.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
LEAST = 8
"""Characters of a secret that is masked: a shorter one stands in too many words."""


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of variables that are named like secrets, longest first; shorter than 8 characters is left alone."""
    found = {value for name, value in environ.items() if _NAMED.search(name) and len(value) >= LEAST}
    return tuple(sorted(found, key=len, reverse=True))


def mask(text: str, secrets: tuple[str, ...] = ()) -> str:
    """The text with every secret, and everything that has the shape of a known key, as `***`."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _SHAPED.sub("***", text)


def masked(value: Json, secrets: tuple[str, ...] = ()) -> Json:
    """The same for every string of a JSON value, keys too."""
    if isinstance(value, str):
        return mask(value, secrets)
    if isinstance(value, Mapping):
        return {mask(key, secrets): masked(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, secrets) for item in value]
    return value


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    known = {9: "\\t", 10: "\\n", 13: "\\r"}
    return known.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def escape(text: str) -> str:
    """The text on one line, each control character written out (`\\n`, `\\x1b`)."""
    return _CONTROL.sub(_visible, text)


def escape_lines(text: str) -> str:
    """The text with its line breaks and tabs kept and every other control character written out."""
    return "\n".join("\t".join(escape(cell) for cell in line.split("\t")) for line in text.splitlines())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


class Writer:
    """Writes lines to a stream that may be narrow in encoding or gone: a broken pipe makes it silent, never loud."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self.gone = False

    def write(self, text: str) -> None:
        """Write and flush; what the encoding lacks is written as an escape."""
        if self.gone:
            return
        fitting = text.encode(self._encoding, "backslashreplace").decode(self._encoding)
        try:
            self._stream.write(fitting)
            self._stream.flush()
        except (BrokenPipeError, ValueError):  # ValueError: the stream was closed under us
            self.gone = True

    def line(self, text: str) -> None:
        """Write one line."""
        self.write(text + "\n")
