"""ORC429 unfit_example: a `good:` example that is a spec fits the schema of its kind.

Bad: `good: "kind: timer, minuts: 5"`, since models copy what they are shown. Good: a spec that would be accepted, or
anything that is no spec at all, such as SQL or a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner import schema
from runner.load import Loaded
from runner.positions import load_yaml
from runner.records import JsonObject, Kind, Problem
from runner.records.catalogue import finding


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every example that its own schema refuses."""
    folders = loaded.resources.folders("schemas")
    for name, manager in loaded.managers.items():
        for kind in manager.specs.values():
            data = _spec(kind)
            found = (
                schema.problems(kind.schema, data, schemas=lambda file: schema.read_schema(folders, file))
                if data is not None
                else []
            )
            if found:
                more = f" and {len(found) - 1} more" if len(found) > 1 else ""
                message = f'the good example of "{kind.name}" does not fit its own schema: {found[0].message}{more}'
                where = loaded.in_manager(name, "specs", kind.name, "good")
                yield finding("ORC429", message, where, hint=found[0].hint or "show what would be accepted")


def _spec(kind: Kind) -> JsonObject | None:
    """The example as data, in YAML with or without braces around it; None for text."""
    fields = {"kind", *kind.schema.get("properties", ())}
    for text in (kind.good, f"{{{kind.good.strip()}}}"):
        document, _ = load_yaml(text, "good")
        data = document.data if document is not None else None
        if isinstance(data, dict) and ("kind" in data or (data and fields.issuperset(data))):
            return data
    return None
