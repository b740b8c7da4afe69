"""CREATE TABLE in a request, taken as it stands: a reader of the DDL that requests hold, not of all SQL."""

from __future__ import annotations

import re

from runner.blueprint.english import singular
from runner.blueprint.understanding.facts import Fact
from runner.records import JsonObject

_TABLE = re.compile(r"create\s+table\s+(?:if\s+not\s+exists\s+)?[\"`]?(?P<name>[a-z_][a-z0-9_]*)[\"`]?\s*\(", re.I)
_INDEX = re.compile(
    r"create\s+(?P<unique>unique\s+)?index\s+(?:if\s+not\s+exists\s+)?(?P<name>\w+)\s+on\s+(?P<table>\w+)\s*\((?P<columns>[^()]+)\)(?:\s+where\s+(?P<where>[^;]+))?\s*$",
    re.I,
)
_COLUMN = re.compile(
    r"^[\"`]?(?P<name>[a-z_][a-z0-9_]*)[\"`]?\s+(?P<type>[a-z]+(?:\s+precision|\s+varying)?(?:\s*\([\d\s,]+\))?)(?P<rest>.*)$",
    re.I | re.S,
)
_REFERENCES = re.compile(
    r"references\s+[\"`]?(?P<table>\w+)[\"`]?\s*(?:\((?P<columns>[^)]*)\))?(?P<actions>(?:\s+on\s+(?:delete|update)\s+(?:cascade|restrict|set\s+null|no\s+action))*)",
    re.I,
)


def read(text: str) -> list[Fact] | None:
    """One `table` fact a CREATE TABLE (and its indexes), None where a part of the SQL is not understood."""
    bare = re.sub(r"--[^\n]*", "", text)
    facts: list[Fact] = []
    indexes: dict[str, list[JsonObject]] = {}
    for statement in _split(bare, ";"):
        if found := _TABLE.match(statement):
            inner = statement[found.end() :].rstrip()
            table = _table(found.group("name").lower(), inner[:-1]) if inner.endswith(")") else None
            if table is None:
                return None
            facts.append(Fact(kind="table", entity=singular(found.group("name").lower()), data=table))
        elif found := _INDEX.match(statement):
            columns = [" ".join(column.split()) for column in found.group("columns").split(",")]
            index = {"name": found.group("name").lower(), "columns": columns, "unique": bool(found.group("unique"))}
            if found.group("where"):
                index["where"] = found.group("where").strip()
            indexes.setdefault(found.group("table").lower(), []).append(index)
        else:
            return None
    known = {str(fact.data["table"]) for fact in facts}
    if not facts or set(indexes) - known:
        return None
    return [
        Fact(kind="table", entity=f.entity, data={**f.data, "indexes": indexes.get(str(f.data["table"]), [])})
        for f in facts
    ]


def _split(text: str, separator: str) -> list[str]:
    parts, depth, quoted, current = [], 0, False, ""
    for letter in text:
        quoted = quoted != (letter == "'")
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if letter == separator and depth == 0 and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += letter
    return [part for part in [*parts, current.strip()] if part]


def _table(name: str, inner: str) -> dict[str, object] | None:
    table: dict[str, list[object]] = {"columns": [], "primary_key": [], "foreign_keys": [], "uniques": [], "checks": []}
    for part in _split(inner, ","):
        if not (_constraint(name, part, table) or _column(part, table)):
            return None
    if not table["columns"]:
        return None
    return {"table": name, **table}


def _constraint(name: str, part: str, table: dict[str, list[object]]) -> bool:
    named = re.match(r"^constraint\s+(?P<name>\w+)\s+", part, re.I)
    part = part[named.end() :] if named else part
    if found := re.fullmatch(r"primary\s+key\s*\((?P<c>[^)]*)\)", part, re.I):
        table["primary_key"] = list(_names(found.group("c")))
    elif found := re.fullmatch(r"unique\s*\((?P<c>[^)]*)\)", part, re.I):
        table["uniques"].append(_names(found.group("c")))
    elif found := re.fullmatch(r"check\s*\((?P<e>.*)\)", part, re.I | re.S):
        label = named.group("name").lower() if named else f"{name}_check_{len(table['checks']) + 1}"
        table["checks"].append({"name": label, "expression": _expression(found.group("e"))})
    elif found := re.fullmatch(rf"foreign\s+key\s*\((?P<c>[^)]*)\)\s*{_REFERENCES.pattern}", part, re.I):
        table["foreign_keys"].append(_reference(_names(found.group("c")), found))
    else:
        return False
    return True


def _column(part: str, table: dict[str, list[object]]) -> bool:
    found = _COLUMN.match(part)
    if not found:
        return False
    name, rest = found.group("name").lower(), found.group("rest").strip()
    column: dict[str, object] = {"name": name, "type": " ".join(found.group("type").upper().split()), "null": True}
    while rest:
        taken = _clause(name, rest, column, table)
        if taken == 0:
            return False
        rest = rest[taken:].strip()
    table["columns"].append(column)
    return True


def _clause(name: str, rest: str, column: dict[str, object], table: dict[str, list[object]]) -> int:
    """Reads one clause of a column into it; the number of characters it took, 0 where it is not understood."""
    if found := re.match(r"primary\s+key", rest, re.I):
        table["primary_key"], column["null"] = [name], False
    elif found := re.match(r"not\s+null", rest, re.I):
        column["null"] = False
    elif found := re.match(r"null\b", rest, re.I):
        column["null"] = True
    elif found := re.match(r"unique\b", rest, re.I):
        column["unique"] = True
    elif found := _REFERENCES.match(rest):
        table["foreign_keys"].append(_reference([name], found))
    elif found := re.match(r"default\s+('(?:[^']|'')*'|-?[\w.]+(?:\(\))?|\([^)]*\))", rest, re.I):
        value = _default(found.group(1))
        if value:
            column["default"] = value
    elif re.match(r"check\s*\(", rest, re.I):
        end = _closing(rest)
        start = rest.index("(") + 1
        column["check"] = _expression(rest[start : end - 1])
        return end
    return found.end() if found else 0


def _closing(text: str) -> int:
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and depth == 0:
            return position + 1
    return len(text)


def _names(text: str) -> list[str]:
    return [name.strip(' "`').lower() for name in text.split(",")]


def _reference(columns: list[str], found: re.Match[str]) -> JsonObject:
    action = re.search(r"on\s+delete\s+(cascade|restrict|set\s+null|no\s+action)", found.group("actions") or "", re.I)
    return {
        "columns": columns,
        "table": found.group("table").lower(),
        "references": _names(found.group("columns")) if found.group("columns") else ["id"],
        "on_delete": " ".join(action.group(1).lower().split()) if action else "no action",
    }


def _expression(text: str) -> str:
    return re.sub(r"\bchar(?:acter)?_length\(", "length(", " ".join(text.split()), flags=re.I)


def _default(text: str) -> str:
    """The default in SQLite's words; an id is made by the application, so its generator is dropped."""
    if re.fullmatch(r"gen_random_uuid\(\)|uuid_generate_v4\(\)", text, re.I):
        return ""
    if re.fullmatch(r"now\(\)|current_timestamp", text, re.I):
        return "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"
    return {"true": "1", "false": "0"}.get(text.lower(), text)
