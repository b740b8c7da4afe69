"""The request as a record: Markdown with optional front matter (`title`, `stack`, `requirements`)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from runner.errors import FileProblems, UsageError
from runner.positions import load_yaml
from runner.records import Json, JsonObject, Problem, Request

LARGEST = 1024 * 1024
"""Bytes of a request; no more is read of a file that never ends."""
_KEYS = ("title", "stack", "requirements")
_HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)


def read_request(path: Path) -> Request:
    """The request in a file. Raises UsageError for one that is unreadable, empty or too large, FileProblems for its
    front matter."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"--request {path}: {error.strerror}", "name a Markdown file, or - for standard input"
        ) from error
    return request_of(raw, path.stem, path.name)


def request_of(raw: bytes, name: str, path: str, front: JsonObject | None = None) -> Request:
    """The request in `raw`, which messages call `path`; `front` stands for front matter that was not written.

    The text keeps the line numbers of the file. What front matter asks for stands in the text as well, at its end,
    since the plan is made from the text alone. Raises UsageError, FileProblems.
    """
    if len(raw) > LARGEST:
        raise UsageError(
            f"{path} is larger than {LARGEST // 1024 // 1024} MiB",
            "a request says what is wanted; leave data out of it",
        )
    try:
        whole = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start})", "save it as UTF-8") from error
    written, text = _split(whole, path)
    front = {**written, **(front or {})}
    if not text.strip():
        raise UsageError(f"{path} is empty", "write what you want built, as Markdown")
    heading = _HEADING.search(text)
    return Request(
        text=text + _asked(front),
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
    blank = "\n" * (head.count("\n") + 3)
    document, problems = load_yaml("\n" + head + "\n", path)
    if document is None:
        raise FileProblems(problems)
    if not isinstance(document.data, dict) or set(document.data) - set(_KEYS):
        message = f"front matter may hold {', '.join(_KEYS)}"
        raise FileProblems([Problem("ORC101", "unknown_key", message, document.position(()))])
    if wrong := [name for name, value in document.data.items() if not _fits(name, value)]:
        wanted = "a list of texts" if wrong[0] == "requirements" else "text"
        message = f'"{wrong[0]}" in front matter must be {wanted}'
        raise FileProblems([Problem("ORC103", "wrong_type", message, document.position((wrong[0],)))])
    return document.data, blank + text


def _fits(name: str, value: Json) -> bool:
    if isinstance(value, list) and name != "title":
        return all(isinstance(line, str | int | float) for line in value)
    return value is None or (isinstance(value, str | int | float) and name != "requirements")


def _asked(front: JsonObject) -> str:
    stack, lines = _text(front.get("stack", "")), front.get("requirements") or ()
    said = f"\n## Stack\n\nThe stack is {stack}.\n" if stack else ""
    return said + ("\n## Requirements\n\n" + "".join(f"- {line}\n" for line in lines) if lines else "")


def _text(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value or "")
