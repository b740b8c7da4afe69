"""One artefact that builds, ships or runs the software, against its spec."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from runner.checks.base import CheckContext
from runner.positions import load_yaml
from runner.records import Json, JsonObject

READS = re.compile(
    r"""(?:environ(?:\.get)?\s*[\[(]|getenv\s*\()\s*["']([A-Z][A-Z0-9_]*)["']|process\.env\.([A-Z][A-Z0-9_]*)"""
)
USUAL = {"PATH", "HOME", "LANG", "TMPDIR", "TERM", "USER", "PWD", "TZ", "CI"}
SKIPPED = {".git", "node_modules", "__pycache__", ".venv", "tests", "test", "docs"}
INSTRUCTIONS = {
    *("FROM", "RUN", "CMD", "LABEL", "EXPOSE", "ENV", "ADD", "COPY", "ENTRYPOINT", "VOLUME", "USER", "WORKDIR"),
    *("ARG", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL"),
}


async def infra(context: CheckContext, path: Path, text: str) -> tuple[list[str], list[str]]:
    """What was compared, and how the artefact differs from its spec."""
    spec = context.task.spec
    found = [*_images(path, text), *_words(spec, text), *_triggers(spec, path, text)]
    if spec.get("service"):
        found += [f"does not set {name}, which the code reads" for name in _read_by_code(context) if name not in text]
    if path.name.startswith("Dockerfile"):
        found += _dockerfile(text)
    names = [one["name"] for one in spec.get("environment", [])]
    compared = f"{spec['file']}: images pinned, {len(spec.get('ports', []))} ports, {len(names)} settings"
    return [compared], [f"{spec['file']}: {line}" for line in found]


def _images(path: Path, text: str) -> Iterator[str]:
    if path.name.startswith("Dockerfile"):
        stages = set(re.findall(r"(?im)^\s*FROM\s+.*\bAS\s+(\S+)", text))
        named = re.findall(r"(?im)^\s*FROM\s+(?:--\S+\s+)*(\S+)", text)
        images = [name for name in named if name not in stages and name != "scratch"]
    else:
        images = list(_under_image(_document(path, text)))
    for image in images:
        tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
        if "$" not in image and "@sha256:" not in image and tag in ("", "latest"):
            yield f"the image {image} is not pinned to a version"


def _document(path: Path, text: str) -> Json:
    """A YAML file as data; None for other files."""
    document = load_yaml(text, path.name)[0] if path.suffix in (".yaml", ".yml") else None
    return document.data if document else None


def _under_image(data: Json) -> Iterator[str]:
    if isinstance(data, dict):
        yield from (value for key, value in data.items() if key == "image" and isinstance(value, str))
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for child in children:
        yield from _under_image(child)


def _words(spec: JsonObject, text: str) -> Iterator[str]:
    if spec.get("image") and spec["image"] not in text:
        yield f"does not use the image {spec['image']}"
    for port in spec.get("ports", []):
        if not re.search(rf"(?<!\d){port}(?!\d)", text):
            yield f"does not name the port {port}"
    for one in spec.get("environment", []):
        if not re.search(rf"\b{one['name']}\b", text):
            yield f"does not set {one['name']}"
    for name in (*spec.get("secrets", []), *spec.get("volumes", [])):
        if name not in text:
            yield f"does not name {name}"
    health = spec.get("health_check", {})
    if health and not any(health.get(key) and health[key] in text for key in ("path", "command")):
        yield "has no health check as the spec says"
    if health.get("interval_seconds") and not re.search(rf"(?<!\d){health['interval_seconds']}s?\b", text):
        yield f"does not check its health every {health['interval_seconds']} seconds"
    flat = _flat(text)
    for command in spec.get("commands", []):
        if _flat(command) not in flat:
            yield f"does not run `{command}`"


def _flat(text: str) -> str:
    """Words without the signs that an argument list in JSON puts between them."""
    return " ".join(re.sub(r"""["'\[\],]""", " ", text).split())


def _triggers(spec: JsonObject, path: Path, text: str) -> Iterator[str]:
    wanted = spec.get("triggers", [])
    if not wanted or path.suffix not in (".yaml", ".yml"):
        return
    data = _document(path, text)
    on: Json = data.get("on", {}) if isinstance(data, dict) else {}
    names = {on} if isinstance(on, str) else set(on or ())
    for trigger in wanted:
        if trigger.partition(":")[0].strip() not in names:
            yield f"is not triggered by {trigger}"


def _dockerfile(text: str) -> Iterator[str]:
    joined = re.sub(r"\\\n(?:\s*#[^\n]*\n)*", " ", text)
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.strip().startswith("#")]
    wrong = [line for line in lines if line.split()[0].upper() not in INSTRUCTIONS]
    if wrong:
        yield f"has a line that is no instruction: {wrong[0][:60]}"
    first = next((line.split()[0].upper() for line in lines if not line.upper().startswith("ARG")), "")
    if first != "FROM":
        yield "does not start with FROM"


def _read_by_code(context: CheckContext) -> list[str]:
    """The environment variables that the program's own files read."""
    found: set[str] = set()
    for folder, folders, names in os.walk(context.worktree):
        folders[:] = [name for name in folders if name not in SKIPPED and not name.startswith(".")]
        for name in names:
            if name.endswith((".py", ".js", ".ts", ".mjs")):
                text = Path(folder, name).read_text(encoding="utf-8", errors="replace")
                found |= {one or other for one, other in READS.findall(text)}
    return sorted(found - USUAL)
