"""Statements to facts. One file a family of sentences; `READERS` is the visible table, tried in this order.

A reader gives facts only where it understood every word. What no reader understands as a whole goes to the plan's
`not_understood`; clauses of it that are understood on their own still shape the software, under an assumption.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runner.blueprint.english import singular
from runner.blueprint.reading import Statement
from runner.blueprint.understanding import (
    abilities,
    accounts,
    attributes,
    delivery,
    limits,
    lists,
    notices,
    phrases,
    rows,
    scope,
    sql,
    vocabulary,
)
from runner.blueprint.understanding.facts import Fact, Scene
from runner.blueprint.understanding.normal import brief, normal

_MOST_PARTS, _LONGEST = 24, 1500
"""A sentence with more is not read: nobody could check what was made of it."""

READERS: tuple[Callable[[str, Scene], list[Fact] | None], ...] = (
    limits.read,
    accounts.read,
    notices.read,
    abilities.read,
    lists.read,
    delivery.read,
    attributes.read,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A statement with its facts: all of them (`whole`), or those of its clauses that were understood. `built` is what
    a brief calls the whole ("a Twitter-like platform")."""

    statement: Statement
    facts: tuple[Fact, ...] = ()
    whole: bool = False
    excluded: bool = False
    built: str = ""


def understand(statements: Iterable[Statement]) -> tuple[Understood, ...]:
    """Every statement, in order, read in a scene that the whole request sets."""
    known = tuple(statements)
    actors = _actors(known)
    first = [_understood(statement, Scene(subject=_subject(statement), actors=actors)) for statement in known]
    things = frozenset(fact.entity for unit in first if not unit.excluded for fact in unit.facts if fact.entity)
    things |= frozenset(
        singular(word) for s in known for word in re.findall(r"[a-z]+s\b", normal(s.text)) if word == "posts"
    )
    return tuple(_understood(s, Scene(subject=_subject(s), actors=actors, things=things)) for s in known)


def _understood(statement: Statement, scene: Scene) -> Understood:
    if statement.kind == "code":
        return Understood(statement=statement, excluded=scope.excluding_section(statement.section))
    text = normal(statement.text)
    lead = normal(statement.lead)
    if scope.excluding_section(statement.section) or scope.excluded(text, statement.lead):
        return Understood(statement=statement, excluded=True)
    if statement.kind in ("sql", "row"):
        facts = sql.read(statement.text) if statement.kind == "sql" else rows.read(statement.cells, scene)
        return Understood(statement=statement, facts=tuple(facts or ()), whole=facts is not None)
    built, text = brief(text)
    if any(scope.restricts_section(title) for title in statement.section):
        return Understood(statement=statement, built=built)
    if len(re.findall(r", | and | or ", text)) > _MOST_PARTS or len(text) > _LONGEST:
        return Understood(statement=statement, built=built)
    for sentence in _with_lead(lead, text):
        facts = next((found for reader in READERS if (found := reader(sentence, scene)) is not None), None)
        if facts is not None:
            return Understood(statement=statement, facts=tuple(facts), whole=True, built=built)
    parts = () if scope.restricts(lead) else abilities.partly(text, scene)
    return Understood(statement=statement, facts=tuple(parts), built=built)


def _with_lead(lead: str, text: str) -> list[str]:
    if scope.restricts(lead):
        return [f"{lead} {text}"]
    return [f"{lead} {text}", text] if lead else [text]


def _subject(statement: Statement) -> str:
    """The thing that the nearest heading names: "## Books" -> book."""
    for title in reversed(statement.section[1:] or statement.section[:0]):
        bare = re.sub(r"^\d+[.)]?\s*", "", title.lower())
        words = phrases.thing(bare)
        if words:
            return words
    return ""


def _actors(statements: Iterable[Statement]) -> frozenset[str]:
    """The request's own word for its users, where it uses none of the usual ones ("a cook can write a recipe")."""
    counted: Counter[str] = Counter()
    usual = False
    for statement in statements:
        text = normal(f"{statement.lead} {statement.text}" if statement.lead else statement.text)
        found = re.match(r"^(?:only )?(?P<who>[a-z -]+?) can (?!(?:be|have|hold|contain|include|belong|last)\b)", text)
        story = re.match(r"^as an? (?P<who>[a-z-]+),", statement.text.lower())
        if story:
            counted[story.group("who")] += 1
        if found and not phrases.is_anyone(found.group("who")):
            if phrases.is_user(found.group("who")):
                usual = usual or not story
            else:
                words = [word for word in found.group("who").split() if word not in vocabulary.DETERMINERS]
                if len(words) == 1 and singular(words[0]) not in vocabulary.OWNERS:
                    counted[singular(words[0])] += 1
    return frozenset() if usual or len(counted) > 1 else frozenset(counted) - vocabulary.ROLES
