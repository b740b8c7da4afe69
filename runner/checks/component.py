"""The source of a user interface component against its spec: what can be read without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runner.records import Json, JsonObject, Task


def component(spec: JsonObject, text: str, tasks: Mapping[str, Task]) -> tuple[list[str], list[str]]:
    """What was compared, and how the file differs from its spec."""
    others = {task.spec["name"]: task.spec for task in tasks.values() if task.kind == "ui_component"}
    endpoints = [task.spec for task in tasks.values() if task.kind == "endpoint"]
    found = [*_names(spec, text), *_states(spec, text), *_calls(spec, text), *_parts(spec, text, others)]
    found += [*_bounds(spec, text), *_same_bounds(spec, endpoints)]
    compared = f"{len(spec['props'])} props, {len(spec['states'])} states, {len(spec.get('calls', []))} calls"
    return [f"{spec['file']}: {compared}; how it looks and sounds was not judged: that needs a browser"], found


def _names(spec: JsonObject, text: str) -> Iterator[str]:
    tag = spec.get("tag")
    if tag and not re.search(rf"""define\(\s*["'`]{re.escape(tag)}["'`]""", text):
        yield f"does not define the element {tag}"
    if not re.search(rf"\b(?:class|function|const|let|var)\s+{re.escape(spec['name'])}\b", text):
        yield f"does not declare {spec['name']}"
    for prop in spec["props"]:
        if not _word(text, prop["name"]):
            yield f"has no prop {prop['name']}"


def _states(spec: JsonObject, text: str) -> Iterator[str]:
    ids = [*spec.get("test_ids", []), *(one["test_id"] for one in spec["states"] if one.get("test_id"))]
    for name in dict.fromkeys(ids):
        if not _quoted(text, name) and not _composed(text, name):
            yield f"has no test id {name}"


def _quoted(text: str, name: str) -> bool:
    return re.search(rf"""["'`]{re.escape(name)}["'`]""", text) is not None


def _composed(text: str, name: str) -> bool:
    """Whether a template such as `post-${name}` and a quoted rest of the name make it."""
    starts = [start for start in re.findall(r"`([^`$]+)\$\{[^}]*\}`", text) if name.startswith(start)]
    return any(_quoted(text, name.removeprefix(start)) for start in starts)


def _calls(spec: JsonObject, text: str) -> Iterator[str]:
    calls = [call.split(" ", 1) for call in spec.get("calls", [])]
    for method, path in calls:
        if re.search(rf"""["'`]{method} {_path(path)}""", text):
            continue
        if not re.search(rf"""["'`]{_path(path)}""", text):
            yield f"does not call {method} {path}"
        elif method != "GET" and not re.search(rf"""["'`]{method}["'`]""", text, re.IGNORECASE):
            yield f"calls nothing by {method}"
    for quoted in sorted(set(re.findall(r"""["'`]((?:[A-Z]+ )?/api/[^"'`?]*)""", text))):
        if not any(re.fullmatch(rf"(?:{method} )?{_path(path)}", f'{quoted}"') for method, path in calls):
            yield f"calls {quoted}, which the spec does not say"


def _path(path: str) -> str:
    """A pattern for a path in source, up to its closing quote: a parameter is `${...}`, `{...}` or `:name`."""
    parts = re.split(r"\{[^}]*\}|:[a-z_]\w*", path)
    gap = r"""(?:\$\{[^}]*\}|\{[^}]*\}|:\w+|["'`]\s*\+[^+]*\+\s*["'`])"""
    return gap.join(map(re.escape, parts)) + r"""(?:["'`?]|\$\{)"""


def _parts(spec: JsonObject, text: str, others: Mapping[str, JsonObject]) -> Iterator[str]:
    for event in spec.get("events", []):
        if not _quoted(text, event["name"]):
            yield f"never sends the event {event['name']}"
    for name in spec.get("listens", []):
        if not _quoted(text, name):
            yield f"does not listen to {name}"
    for name in spec.get("uses", []):
        words = [name, str(others.get(name, {}).get("tag", name))]
        if not any(_word(text, word) for word in words):
            yield f"does not use {name}"
    for name in spec.get("shows", []):
        if not _word(text, name):
            yield f"does not show {name}"


def _bounds(spec: JsonObject, text: str) -> Iterator[str]:
    for field in spec.get("fields", []):
        if not _word(text, field["name"]):
            yield f"has no field {field['name']}"
        for key in ("min", "max"):
            value = field.get(key)
            if value and not re.search(rf"(?i)\b{key}(?:length|_length)?\W{{1,6}}{value:g}(?![\d.])", text):
                yield f"does not bound {field['name']} by {key} {value:g}"


def _same_bounds(spec: JsonObject, endpoints: list[JsonObject]) -> Iterator[str]:
    """The bounds of a form that differ from those of the only endpoint that it sends to."""
    called = [one for one in endpoints if f"{one['method']} {one['path']}" in spec.get("calls", []) and one.get("body")]
    if len(called) != 1:
        return
    body: Mapping[str, Json] = {one["name"]: one for one in called[0]["body"]}
    for field in spec.get("fields", []):
        for key in ("min", "max"):
            wanted = body.get(field["name"], {}).get(key)
            if wanted is not None and field.get(key) != wanted:
                yield f"{field['name']} has {key} {field.get(key)} in the form and {wanted} in {called[0]['path']}"


def _word(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
