"""SQL as text: just enough to find the CHECKs of a stored CREATE TABLE and to compare expressions."""

from __future__ import annotations

import functools
import re

TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[A-Za-z_][\w$]*|\d+(?:\.\d+)?"""
    r"""|<>|!=|<=|>=|==|\|\||->>|->|\S""",
    re.DOTALL,
)
SAME = {"<>": "!=", "==": "=", "char_length": "length", "character_length": "length", "true": "1", "false": "0"}
PLAIN = re.compile(r"""\s*(?:[+-]?\d+(?:\.\d+)?|'(?:[^']|'')*'|null|true|false|current_\w+)\s*""", re.IGNORECASE)


def tokens(text: str) -> list[str]:
    """The words and signs of a piece of SQL, comments dropped, quoted names unquoted, words in lower case."""
    found = (match.group() for match in TOKEN.finditer(text))
    return [_fold(word) for word in found if not word.startswith(("--", "/*"))]


def _fold(word: str) -> str:
    if word.startswith("'"):
        return word
    if word[0] in '"`[' and len(word) > 1:
        return word[1:-1].lower()
    return SAME.get(word.lower(), word.lower())


def fold(expression: str) -> str:
    """An expression in one spelling: equal texts mean the same, unequal ones may."""
    return " ".join(_bare(tokens(expression)))


def _bare(words: list[str]) -> list[str]:
    while len(words) > 1 and words[0] == "(" and closing(words, 0) == len(words) - 1:
        words = words[1:-1]
    return words


def closing(words: list[str], start: int) -> int:
    """The index of the bracket that closes the one at `start`; -1 where none does."""
    depth = 0
    for index in range(start, len(words)):
        depth += {"(": 1, ")": -1}.get(words[index], 0)
        if depth == 0:
            return index
    return -1


def checks(create: str) -> list[str]:
    """The expression of each CHECK in a CREATE TABLE, in one spelling (`fold`), split at its top-level ANDs."""
    words = tokens(create)
    found: list[str] = []
    for index, word in enumerate(words[:-1]):
        if word == "check" and words[index + 1] == "(":
            end = closing(words, index + 1)
            found += conjuncts(words[index + 2 : end])
    return found


def conjuncts(words: list[str]) -> list[str]:
    """The parts of `a AND b AND c`, each in one spelling; BETWEEN becomes two comparisons."""
    words = _bare(words)
    parts: list[list[str]] = [[]]
    depth, between = 0, False
    for word in words:
        depth += {"(": 1, "case": 1, ")": -1, "end": -1}.get(word, 0)
        if depth == 0 and word == "and" and not between:
            parts.append([])
            continue
        between = (between or word == "between") and not (depth == 0 and word == "and")
        parts[-1].append(word)
    if len(parts) > 1:
        return [part for words in parts for part in conjuncts(words)]
    return _ranges(words)


def _ranges(words: list[str]) -> list[str]:
    if words.count("between") != 1 or "or" in words or "not" in words:
        return [" ".join(words)]
    at = words.index("between")
    rest = words[at + 1 :]
    middle = rest.index("and") if "and" in rest else -1
    if middle < 0:
        return [" ".join(words)]
    left = " ".join(_bare(words[:at]))
    return [f"{left} >= {' '.join(_bare(rest[:middle]))}", f"{left} <= {' '.join(_bare(rest[middle + 1 :]))}"]


def names(expression: str) -> set[str]:
    """Every word of an expression that may be a column."""
    return {word for word in tokens(expression) if re.fullmatch(r"[a-z_][\w$]*", word)}


def numbers(expression: str) -> list[float]:
    """The numbers that stand in an expression."""
    return [float(word) for word in tokens(expression) if re.fullmatch(r"\d+(?:\.\d+)?", word)]


def characters(expression: str) -> list[str]:
    """The characters that an expression names by number: `char(9)` is a tab."""
    found = (int(number) for number in re.findall(r"(?<!\w)char\s*\(\s*(\d{1,7})\s*\)", expression, re.IGNORECASE))
    return [chr(number) for number in found if 0 < number < 0xD800]


def texts(expression: str) -> list[str]:
    """The string literals of an expression, unquoted."""
    return [word[1:-1].replace("''", "'") for word in tokens(expression) if word.startswith("'") and len(word) > 1]


@functools.cache
def source(statement: str) -> str:
    """The table after the outermost FROM of a SELECT, "" where there is none."""
    words, depth = tokens(statement), 0
    for index, word in enumerate(words[:-1]):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "from" and depth == 0:
            return words[index + 1]
    return ""


def literal(expression: str) -> bool:
    """Whether a default may stand in SQL without brackets around it."""
    return PLAIN.fullmatch(expression) is not None


def quoted(name: str) -> str:
    """A name as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'
