"""An exact spec in one line: tables as DDL reads, endpoints as calls read, everything else by its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.records import Json, JsonObject
from runner.reporters.safe import escape

_NAMES = ("signature", "name", "heading", "status", "path", "table", "selector", "action", "field", "id")
_ASIDE = frozenset({"kind", "dialect", "settings", "role", "tag", "twins", "summary", "title", "test_ids"})


def spec_line(spec: JsonObject) -> str:
    """The spec on one line; a manager's own kinds come out by their fields, in the order they were written."""
    speak = {"table": _table, "index": _index, "endpoint": _endpoint}.get(str(spec.get("kind")), _fields)
    return escape(speak(spec))


def _table(spec: JsonObject) -> str:
    key = spec.get("primary_key") or []
    single = {key[0]} if len(key) == 1 else set()
    foreign = {fk["columns"][0]: fk for fk in spec.get("foreign_keys") or () if len(fk["columns"]) == 1}
    parts = [_column(column, column["name"] in single, foreign.get(column["name"])) for column in spec["columns"]]
    parts += [f"PRIMARY KEY ({', '.join(key)})"] if len(key) > 1 else []
    parts += [_foreign(key) for key in spec.get("foreign_keys") or () if len(key["columns"]) > 1]
    parts += [f"UNIQUE ({', '.join(columns)})" for columns in spec.get("uniques") or ()]
    parts += [f"CHECK ({check['expression']})" for check in spec.get("checks") or ()]
    indexes = [_index({**index, "table": ""}) for index in spec.get("indexes") or ()]
    return f"{spec['table']}({', '.join(parts)})" + "".join(f"; {index}" for index in indexes)


def _foreign(key: JsonObject) -> str:
    to = f"{key['table']}({', '.join(key['references'])})"
    return f"({', '.join(key['columns'])}) -> {to} ON DELETE {key['on_delete'].upper()}"


def _column(column: JsonObject, key: bool, foreign: JsonObject | None) -> str:
    parts = [column["name"], column["type"]]
    parts += ["PRIMARY KEY"] if key else [] if column["null"] else ["NOT NULL"]
    parts += ["UNIQUE"] if column.get("unique") else []
    parts += [f"DEFAULT {column['default']}"] if column.get("default") is not None else []
    parts += [f"CHECK ({column['check']})"] if column.get("check") else []
    if foreign:
        parts.append(f"-> {foreign['table']}.{foreign['references'][0]} ON DELETE {foreign['on_delete'].upper()}")
    return " ".join(parts)


def _index(spec: JsonObject) -> str:
    unique = "UNIQUE INDEX" if spec.get("unique") else "INDEX"
    where = f" WHERE {spec['where']}" if spec.get("where") else ""
    return f"{unique} {spec['name']} {spec.get('table') or ''}({', '.join(spec['columns'])}){where}"


def _endpoint(spec: JsonObject) -> str:
    parts = [f"{spec['method']} {spec['path']}", f"auth {spec.get('auth', 'none')}"]
    for word, fields in (("params", spec.get("params")), ("body", spec.get("body"))):
        if fields:
            parts.append(f"{word} {{{', '.join(_bounded(field) for field in fields)}}}")
    for query in spec.get("queries") or ():
        parts.append(str(query.get("sql")))
    answers = ", ".join(str(answer["status"]) for answer in spec.get("responses") or ())
    return "; ".join(parts) + (f" -> {answers}" if answers else "")


def _bounded(field: JsonObject) -> str:
    least, most = field.get("min"), field.get("max")
    bounds = (
        f" {'' if least is None else least}..{'' if most is None else most}" if (least, most) != (None, None) else ""
    )
    more = "".join(f" {word} {field[word]}" for word in ("pattern", "format", "default") if field.get(word) is not None)
    return f"{field['name']}{'' if field.get('required', True) else '?'}: {field['type']}{bounds}{more}"


def _fields(spec: JsonObject) -> str:
    said = [f"{key}: {_brief(value)}" for key, value in spec.items() if key not in _ASIDE and value not in ([], {}, "")]
    return "; ".join(said)


def _brief(value: Json) -> str:
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_brief(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _object(value: Mapping[str, Any]) -> str:
    name = next((key for key in _NAMES if key in value), None)
    rest = [f"{key} {_brief(item)}" for key, item in value.items() if key != name and not isinstance(item, list | dict)]
    aside = f" ({', '.join(rest)})" if rest else ""
    return f"{value[name]}{aside}" if name else ", ".join(rest)
