"""The request as statements: one sentence, list item, table row or SQL fence each, with its line.

What carries a statement: paragraphs, list items, table rows, fences, HTML, and headings that hold a verb ("Must work
offline"). Other headings, thematic breaks and front matter only give context. A lead ("Each book has:") and a table's
header are part of the first statement that they govern, so every line with text belongs to exactly one statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runner.records import Json

StatementKind = Literal["sentence", "row", "sql", "code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`text` is plain (no markup, white space folded); `quote` stands in the request once white space is folded.

    `lead` is the text before the colon that governs a list item, `section` the headings above, outermost first,
    `cells` a table row by its lower-cased header. `line` counts from 1.
    """

    text: str
    quote: str
    line: int
    kind: StatementKind = "sentence"
    lead: str = ""
    section: tuple[str, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A request taken apart. `stack` and `title` come from the front matter, or the title from the first heading."""

    title: str
    statements: tuple[Statement, ...]
    stack: str = ""
    body: str = ""


_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.S)
_ABBREVIATIONS = (
    "e.g.",
    "i.e.",
    "etc.",
    "vs.",
    " no.",
    " max.",
    "(max.",
    " min.",
    "(min.",
    " incl.",
    " approx.",
    " ca.",
)
_SENTENCE_END = re.compile(
    r"(?<=[.!?;])" + "".join(f"(?<!{re.escape(one)})" for one in _ABBREVIATIONS) + r"\s+(?=[^\s])"
)
_MARKUP = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|^\[[ xX]\]\s+|~~")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_VERBS = re.compile(
    r"\b(can|cannot|must|should|shall|may|is|are|has|have|need|needs|want|wants|work|works|only|every|each)\b", re.I
)


def fold(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def read(request: Json) -> Reading:
    """The statements of a request: its text, or an object with `text` and perhaps `title`, `stack`, `requirements`."""
    data = dict(request) if isinstance(request, Mapping) else {"text": str(request or "")}
    text = str(data.get("text") or "").replace("\r\n", "\n").replace("\r", "\n")
    front, offset = _front_matter(text)
    body = "\n" * offset + text.split("\n", offset)[-1] if offset else text
    statements = tuple(_Reader(body).statements())
    extra = _listed(data.get("requirements")) + _listed(front.get("requirements"))
    given = tuple(Statement(text=plain(item), quote=fold(item), line=1) for item in extra)
    title = str(data.get("title") or front.get("title") or _first_heading(body) or "")
    stack = str(data.get("stack") or front.get("stack") or "")
    return Reading(title=fold(title), statements=given + statements, stack=fold(stack), body=body)


def plain(text: str) -> str:
    """Text without inline markup, white space folded."""
    return fold(_MARKUP.sub("", _LINK.sub(r"\1", text)))


def _front_matter(text: str) -> tuple[Mapping[str, Json], int]:
    found = _FRONT.match(text)
    if not found:
        return {}, 0
    try:
        data = yaml.safe_load(found.group(1) or "")
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, 0
    return (data, found.group(0).count("\n")) if isinstance(data, dict) else ({}, 0)


def _listed(value: Json) -> tuple[str, ...]:
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value] if value else []
    return tuple(fold(str(item)) for item in items if item is not None and fold(str(item)))


def _first_heading(body: str) -> str:
    found = re.search(r"^#{1,6}\s+(.+?)\s*#*$", body, re.M)
    return plain(found.group(1)) if found else ""


class _Reader:
    """Walks the block tokens once, keeping the headings above and the leads of open lists."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.lines = body.split("\n")
        self.folded = fold(body)
        self.tokens = MarkdownIt("commonmark").enable("table").parse(body)
        self.section: list[tuple[int, str]] = []
        self.leads: list[Statement | None] = []
        self.pending: Statement | None = None

    def statements(self) -> Iterator[Statement]:
        index = 0
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.type == "heading_open":
                yield from self._leftover()
                yield from self._heading(token, self.tokens[index + 1])
            elif token.type == "inline" and self.tokens[index - 1].type == "paragraph_open":
                yield from self._paragraph(token)
            elif token.type in ("bullet_list_open", "ordered_list_open"):
                self.leads.append(self.pending)
                self.pending = None
            elif token.type in ("bullet_list_close", "ordered_list_close"):
                yield from self._leftover()
                lead = self.leads.pop()
                if lead is not None and lead.kind == "sentence" and lead.line > 0:
                    yield from self._unused(lead)
            elif token.type == "table_open":
                end = _closing(self.tokens, index)
                yield from self._table(self.tokens[index:end])
                index = end
            elif token.type in ("fence", "code_block", "html_block"):
                yield from self._code(token)
            index += 1
        yield from self._leftover()

    def _heading(self, token: Token, inline: Token) -> Iterator[Statement]:
        level, text = int(token.tag[1]), plain(inline.content)
        above = tuple(title for depth, title in self.section if depth < level)
        self.section = [(depth, title) for depth, title in self.section if depth < level] + [(level, text)]
        if _VERBS.search(text) and level > 1 and not text.endswith(":"):
            yield Statement(text=text, quote=fold(inline.content), line=_line(token), section=above)

    def _paragraph(self, token: Token) -> Iterator[Statement]:
        yield from self._leftover()
        found = tuple(self._sentences(token))
        if found and found[-1].text.endswith(":"):
            self.pending, found = found[-1], found[:-1]
        for statement in found:
            yield self._governed(statement)
        if self.pending is not None:
            self.pending = self._governed(self.pending)

    def _governed(self, statement: Statement) -> Statement:
        """The statement with the lead of its list; the first one also quotes the lead."""
        lead = self.leads[-1] if self.leads else None
        if lead is None:
            return statement
        quote = self._spanning(lead, statement) if lead.line > 0 else ""
        if quote:
            self.leads[-1] = replace(lead, line=-lead.line)
        text = lead.text.rstrip(":").strip()
        return replace(
            statement,
            lead=f"{statement.lead} {text}".strip() if statement.lead else text,
            quote=quote or statement.quote,
        )

    def _spanning(self, lead: Statement, statement: Statement) -> str:
        """The request from the start of the lead to the end of the statement, or "" where it does not stand so."""
        start = self.folded.find(lead.quote)
        while start >= 0:
            end = self.folded.find(statement.quote, start + len(lead.quote))
            between = self.folded[start + len(lead.quote) : end] if end >= 0 else "x"
            if re.fullmatch(r"\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s*(?:\[[ xX]\]\s*)?", between):
                return self.folded[start : end + len(statement.quote)]
            start = self.folded.find(lead.quote, start + 1)
        return ""

    def _leftover(self) -> Iterator[Statement]:
        """A lead that governs nothing is a statement of its own."""
        if self.pending is not None:
            yield self.pending
            self.pending = None

    def _unused(self, lead: Statement) -> Iterator[Statement]:
        yield replace(lead, line=abs(lead.line))

    def _sentences(self, token: Token) -> Iterator[Statement]:
        first = _line(token)
        section = tuple(title for _, title in self.section)
        offset = 0
        content = token.content
        for part in _parts(content):
            start = content.find(part, offset)
            offset = start + len(part)
            line = first + content.count("\n", 0, start + (len(part) - len(part.lstrip())))
            yield from self._quoted(part, line, section)

    def _quoted(self, part: str, line: int, section: tuple[str, ...]) -> Iterator[Statement]:
        """One statement, or one a line where markers of a block quote stand between the lines."""
        if not fold(part):
            return
        if fold(part) in self.folded or "\n" not in part:
            quote = fold(part) if fold(part) in self.folded else fold(self.lines[min(line, len(self.lines)) - 1])
            yield Statement(text=plain(part) or quote, quote=quote, line=line, section=section)
            return
        for number, text in enumerate(part.split("\n")):
            yield from self._quoted(text, line + number, section)

    def _table(self, tokens: list[Token]) -> Iterator[Statement]:
        yield from self._leftover()
        section = tuple(title for _, title in self.section)
        rows = [_cells(tokens, index) for index, token in enumerate(tokens) if token.type == "tr_open"]
        places = [_line(token) for token in tokens if token.type == "tr_open"]
        header = [cell.lower() for cell in rows[0]] if rows else []
        for number, (cells, line) in enumerate(zip(rows[1:], places[1:], strict=True)):
            first = places[0] if number == 0 else line
            quote = fold("\n".join(self.lines[first - 1 : line]))
            by_header = {name: cell for name, cell in zip(header, cells, strict=False) if name}
            text = " | ".join(cells)
            if text.strip(" |"):
                yield Statement(text=text, quote=quote, line=line, kind="row", section=section, cells=by_header)
        if len(rows) == 1:
            yield Statement(
                text=" | ".join(rows[0]), quote=fold(self.lines[places[0] - 1]), line=places[0], kind="code"
            )

    def _code(self, token: Token) -> Iterator[Statement]:
        yield from self._leftover()
        section = tuple(title for _, title in self.section)
        first = _line(token) + (1 if token.type == "fence" else 0)
        if token.type == "fence" and re.search(r"\bcreate\s+table\b", token.content, re.I):
            quote = fold(token.content)
            if quote in self.folded:
                yield Statement(text=token.content, quote=quote, line=first, kind="sql", section=section)
                return
        for number, line in enumerate(token.content.split("\n")):
            if fold(line):
                yield Statement(text=fold(line), quote=fold(line), line=first + number, kind="code", section=section)


def _parts(content: str) -> list[str]:
    """The sentences; the purpose at the end of a user story ("so that ...") is a statement of its own."""
    parts: list[str] = []
    for sentence in _SENTENCE_END.split(content):
        story = re.match(r"(?is)^(as an? .+?),?\s(so that\s.+)$", sentence)
        parts += [story.group(1), story.group(2)] if story else [sentence]
    return parts


def _line(token: Token) -> int:
    return (token.map[0] if token.map else 0) + 1


def _closing(tokens: list[Token], index: int) -> int:
    return next(i for i in range(index, len(tokens)) if tokens[i].type == "table_close")


def _cells(tokens: list[Token], index: int) -> list[str]:
    cells: list[str] = []
    for token in tokens[index:]:
        if token.type == "tr_close":
            break
        if token.type == "inline":
            cells.append(plain(token.content))
    return cells
