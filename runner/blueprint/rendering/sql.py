"""SQL: the DDL of table and index specs in two dialects, binds of statements, and statements laid out to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from runner.blueprint.rendering.literals import WIDTH

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[A-Za-z_][A-Za-z0-9_]*|::|\s+|.", re.S)
_BIND = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_CLAUSES = (
    "INSERT INTO", "DELETE FROM", "SELECT", "FROM", "LEFT JOIN", "INNER JOIN", "CROSS JOIN", "JOIN", "WHERE",
    "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "VALUES", "SET", "ON CONFLICT", "RETURNING", "UNION",
)  # fmt: skip


def binds(sql: str) -> tuple[str, ...]:
    """The names that a statement binds, each once, in order; text in quotes does not count."""
    bare = "".join(word for word in _TOKEN.findall(sql) if word[:1] not in "'\"")
    return tuple(dict.fromkeys(_BIND.findall(bare)))


def _words(sql: str) -> Iterator[tuple[str, int]]:
    """Tokens with the depth of parentheses they stand at; white space folded to one blank."""
    depth = 0
    for word in _TOKEN.findall(sql.strip().rstrip(";")):
        if word == ")":
            depth -= 1
        yield (" " if word.isspace() else word), depth
        if word == "(":
            depth += 1


def statement(sql: str) -> str:
    """The statement with a line for each clause, long lists broken after commas and conditions before AND and OR."""
    lines: list[list[tuple[str, int]]] = [[]]
    words = list(_words(sql))
    for index, (word, depth) in enumerate(words):
        if depth == 0 and lines[-1] and _starts_clause(words, index):
            lines.append([])
        lines[-1].append((word, depth))
    return "\n".join(part for line in lines for part in _broken(line)).strip()


def _starts_clause(words: list[tuple[str, int]], index: int) -> bool:
    if words[index][0] == " " or (index and words[index - 1][0] == ":"):
        return False
    before = [t.upper() for t, _ in words[max(0, index - 4) : index] if t != " "]
    ahead = " ".join(t.upper() for t, _ in words[index : index + 4] if t != " ")
    last = before[-1] if before else ""
    if last in {"LEFT", "INNER", "CROSS", "DELETE"}:
        return False
    return any(ahead == clause or ahead.startswith(clause + " ") for clause in _CLAUSES)


def _broken(line: list[tuple[str, int]]) -> Iterator[str]:
    text = "".join(word for word, _ in line).strip()
    if len(text) <= WIDTH - 12:
        yield text
        return
    current, first = "", True
    for word, depth in line:
        if depth == 0 and word.upper() in {"AND", "OR"} and current.strip():
            yield current.strip() if first else "  " + current.strip()
            current, first = "", False
        current += word
        if depth == 0 and word == ",":
            yield current.strip() if first else "  " + current.strip()
            current, first = "", False
    yield current.strip() if first else "  " + current.strip()


def table_ddl(spec: dict[str, Any], dialect: str) -> str:
    """CREATE TABLE and its indexes, each harmless when repeated."""
    lines = [_column(column, dialect) for column in spec["columns"]]
    lines.append(f"PRIMARY KEY ({', '.join(spec['primary_key'])})")
    lines += [f"UNIQUE ({', '.join(columns)})" for columns in spec.get("uniques", ())]
    lines += [_foreign_key(key) for key in spec.get("foreign_keys", ())]
    lines += [f"CONSTRAINT {check['name']} CHECK ({check['expression']})" for check in spec.get("checks", ())]
    body = ",\n".join(f"    {line}" for line in lines)
    parts = [f"CREATE TABLE IF NOT EXISTS {spec['table']} (\n{body}\n);"]
    parts += [index_ddl({**index, "table": spec["table"]}) for index in spec.get("indexes", ())]
    return "\n\n".join(parts[:1]) + ("\n\n" + "\n".join(parts[1:]) if parts[1:] else "")


def _column(column: dict[str, Any], dialect: str) -> str:
    kind, default = column["type"], column.get("default")
    if dialect == "postgresql":
        kind, default = _postgresql(kind, default)
    words = [column["name"], kind]
    if not column["null"]:
        words.append("NOT NULL")
    if default is not None:
        words.append(f"DEFAULT {default}")
    if column.get("unique"):
        words.append("UNIQUE")
    # PostgreSQL's DATE holds dates only: it has no length, and date() would compare a date with itself.
    checked = dialect != "postgresql" or column["type"].upper() != "DATE"
    if column.get("check") and (checked or not column["check"].startswith(("length(", "date("))):
        words.append(f"CHECK ({column['check']})")
    return " ".join(words)


def _postgresql(kind: str, default: str | None) -> tuple[str, str | None]:
    """SQLite's dynamic types and functions, said in PostgreSQL."""
    upper = kind.upper()
    if upper in {"TIMESTAMP", "DATETIME"}:
        now = default is not None and ("strftime" in default or "CURRENT_TIMESTAMP" in default.upper())
        return "TIMESTAMPTZ", "now()" if now else default
    # A flag that is checked with IN (0, 1) stays a number, or the check would not type.
    return {"BOOLEAN": "SMALLINT", "REAL": "DOUBLE PRECISION", "BLOB": "BYTEA"}.get(upper, kind), default


def _foreign_key(key: dict[str, Any]) -> str:
    target = f"{key['table']} ({', '.join(key['references'])})"
    return f"FOREIGN KEY ({', '.join(key['columns'])}) REFERENCES {target} ON DELETE {key['on_delete'].upper()}"


def index_ddl(spec: dict[str, Any]) -> str:
    """CREATE INDEX, harmless when repeated."""
    unique = "UNIQUE " if spec.get("unique") else ""
    where = f" WHERE {spec['where']}" if spec.get("where") else ""
    return (
        f"CREATE {unique}INDEX IF NOT EXISTS {spec['name']} ON {spec['table']} ({', '.join(spec['columns'])}){where};"
    )
