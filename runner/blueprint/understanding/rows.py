"""A table row as a field: headers such as field, type, required, rules."""

from __future__ import annotations

from collections.abc import Mapping

from runner.blueprint.english import words_of
from runner.blueprint.understanding import phrases, vocabulary
from runner.blueprint.understanding.facts import Fact, Scene
from runner.blueprint.understanding.normal import normal

_NAMES = ("field", "name", "column", "attribute", "property")
_THINGS = ("entity", "thing", "table", "of")
_RULES = ("type", "rules", "rule", "notes", "bounds", "limits", "constraints", "length", "values", "what", "default")
_TYPES = {
    "string": "text",
    "varchar": "text",
    "int": "integer",
    "bool": "boolean",
    "decimal": "decimal",
    "datetime": "date and time",
}
_REQUIRED = {
    "yes": True,
    "no": False,
    "required": True,
    "optional": False,
    "x": True,
    "": None,
    "-": None,
    "true": True,
    "false": False,
}


def read(cells: Mapping[str, str], scene: Scene) -> list[Fact] | None:
    """The field that the row describes, None where a cell is not understood."""
    name = next((cells[key] for key in _NAMES if key in cells), "")
    thing = next((cells[key] for key in _THINGS if key in cells), "")
    entity = phrases.thing(normal(thing)) if thing else scene.subject
    if not name or not entity:
        return None
    data: dict[str, object] = {"name": words_of(name)}
    for header, cell in cells.items():
        if cell in (name, thing) and header in (*_NAMES, *_THINGS):
            continue
        said = _cell(header, normal(cell))
        if said is None:
            return None
        data |= said
    return (
        [Fact(kind="field", entity="user" if entity in vocabulary.USERS else entity, data=data)]
        if data["name"]
        else None
    )


def _cell(header: str, text: str) -> dict[str, object] | None:
    if header in ("required", "mandatory", "optional"):
        if text not in _REQUIRED:
            return None
        value = _REQUIRED[text]
        return {} if value is None else {"required": value if header != "optional" else not value}
    if header == "unique":
        return {"unique": bool(_REQUIRED[text])} if text in _REQUIRED else None
    if header not in _RULES:
        return None
    if text in ("", "-", "none"):
        return {}
    said = phrases.predicate(_TYPES.get(text, f"default {text}" if header == "default" else text))
    return dict(said) if said is not None else None
