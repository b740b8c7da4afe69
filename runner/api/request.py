"""The request as a record: Markdown with optional front matter (`title`, `stack`, `requirements`)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from runner.errors import FileProblems, UsageError
from runner.positions import load_yaml
from runner.records import JsonObject, Problem, Request

_KEYS = ("title", "stack", "requirements")
_HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)


def read_request(path: Path) -> Request:
    """The request in a file. Raises UsageError for one that is unreadable or empty, FileProblems for front matter."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"--request {path}: {error.strerror}", "name a Markdown file, or - for standard input"
        ) from error
    return request_of(raw, path.stem, path.name)


def request_of(raw: bytes, name: str, path: str) -> Request:
    """The request in `raw`, which messages call `path`. Raises UsageError, FileProblems."""
    try:
        whole = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start})", "save it as UTF-8") from error
    front, text = _split(whole, path)
    if not text.strip():
        raise UsageError(f"{path} is empty", "write what you want built, as Markdown")
    heading = _HEADING.search(text)
    return Request(
        text=text,
        title=str(front.get("title") or (heading[1] if heading else "")),
        stack=_text(front.get("stack", "")),
        requirements=tuple(str(line) for line in front.get("requirements") or ()),
        name=slug(name),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def slug(name: str) -> str:
    """A name that is safe in paths and branch names."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "request"


def _split(whole: str, path: str) -> tuple[JsonObject, str]:
    if not whole.startswith("---\n"):
        return {}, whole
    head, found, text = whole[4:].partition("\n---\n")
    if not found:
        return {}, whole
    document, problems = load_yaml(head + "\n", path)
    if document is None:
        raise FileProblems(problems)
    if not isinstance(document.data, dict) or set(document.data) - set(_KEYS):
        message = f"front matter may hold {', '.join(_KEYS)}"
        raise FileProblems([Problem("ORC101", "unknown_key", message, document.position(()))])
    return document.data, text


def _text(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value or "")
