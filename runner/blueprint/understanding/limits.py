"""What is forbidden or bounded: once only, not oneself, nobody else's, unique, required, one of."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re

from runner.blueprint.english import words_of
from runner.blueprint.understanding import abilities, phrases, vocabulary
from runner.blueprint.understanding.facts import Fact, Scene

_NOBODY = r"(?:nobody|no one|no user|a user cannot|users cannot|one cannot|people cannot|you cannot|nobody can|no one can|no user can|a person cannot|a member cannot|members cannot)"
_TWICE = r"(?:twice|more than once|again|a second time|two times)"
_SELF = r"(?:themselves|themself|himself|herself|himself or herself|oneself|yourself|itself|him- or herself)"
_LINK = abilities.LINK


def read(text: str, scene: Scene) -> list[Fact] | None:
    """Sentences that forbid something, joined by "and"."""
    whole = _one(text, scene)
    if whole is not None:
        return whole
    for left, right in phrases.splits(text, r", and |; |, but | and | but |, "):
        head = _one(left, scene)
        tail = (read(right, scene) or abilities.read(right, scene)) if head is not None else None
        if head is not None and tail is not None:
            return head + tail
    return None


def _one(text: str, scene: Scene) -> list[Fact] | None:
    for form in (_twice, _once_passive, _undo_passive, _same_pair, _self, _empty, _fixed, _cascade, _own_only):
        found = form(text, scene)
        if found is not None:
            return found
    return None


def _verb(text: str) -> str:
    return next((words_of(verb) for verb in _LINK.split("|") if text in (verb, verb + "s", f"{verb}es")), "")


def _twice(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(rf"{_NOBODY} (?P<verb>{_LINK})s? (?P<what>.+?) {_TWICE}", text)
    if not found:
        return None
    target = _target(found.group("what").replace("the same ", "the "), scene)
    return [Fact(kind="once", entity=target, data={"verb": words_of(found.group("verb"))})] if target else None


def _once_passive(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?P<what>.+?) can (?:only )?be (?P<verb>[a-z]+?)e?d (?:only once|once|at most once)(?: (?:by|per) (?:each|every|the same|a|one) (?:user|person|member))?",
        text,
    )
    if not found:
        only = re.fullmatch(
            rf"(?P<who>.+?) can (?:only )?(?P<verb>{_LINK}) (?P<what>.+?) (?:only once|once|at most once)", text
        )
        if not only or not phrases.is_user(only.group("who")):
            return None
        target = _target(only.group("what").replace("the same ", "the "), scene)
        return (
            [Fact(kind="link", entity=target, data={"verb": words_of(only.group("verb")), "once": True})]
            if target
            else None
        )
    verb = next(
        (words_of(verb) for verb in _LINK.split("|") if verb.rstrip("e") == found.group("verb").rstrip("e")), ""
    )
    target = _target(found.group("what"), scene)
    return [Fact(kind="once", entity=target, data={"verb": verb})] if verb and target else None


def _undo_passive(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:an?|the|their) (?P<noun>like|follow|favourite|bookmark|star|upvote|vote) can be (?:taken back|undone|removed|withdrawn)(?: again)?",
        text,
    )
    return [Fact(kind="unlink", data={"verb": found.group("noun")})] if found else None


def _same_pair(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:no two (?P<a>[a-z ]+?) can (?:have|share) the same (?P<f>[a-z ]+?)|(?:the |an? )?(?P<g>[a-z]+(?: [a-z]+)?)(?: of an? (?P<b>[a-z ]+?))? (?:is|are|must be) unique)",
        text,
    )
    if not found:
        return None
    name = words_of(found.group("f") or found.group("g") or "")
    entity = phrases.thing(found.group("a") or found.group("b") or "") or ""
    if entity in vocabulary.USERS:
        entity = "user"
    name = {"email_address": "email", "usernames": "username", "emails": "email"}.get(name, name)
    return [Fact(kind="field", entity=entity, data={"name": name, "unique": True, "known": True})]


def _self(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(rf"{_NOBODY} (?P<verb>{_LINK})s? {_SELF}", text)
    return [Fact(kind="not_self", entity="user", data={"verb": words_of(found.group("verb"))})] if found else None


def _empty(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:an?|the) empty (?P<what>[a-z ]+?) (?:is|are|must be) (?:refused|rejected|not allowed|not accepted)|(?:an?|the|no)? ?(?P<b>[a-z ]+?) (?:cannot be|is never|must not be|can be never) empty",
        text,
    )
    entity = phrases.thing(found.group("what") or found.group("b")) if found else None
    return [Fact(kind="content", entity=entity, data={"min": 1})] if entity else None


def _fixed(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?P<what>.+?) cannot be (?P<verb>edited|changed|deleted|removed)(?: (?:later|afterwards|again))?", text
    )
    entity = phrases.thing(found.group("what")) if found else None
    if not found or not entity:
        return None
    action = "update" if found.group("verb") in ("edited", "changed") else "delete"
    return [Fact(kind="forbid", entity=entity, data={"action": action})]


def _cascade(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:deleting an? (?P<a>[a-z ]+?) (?:also )?(?:deletes|removes) its (?P<b>.+)|when an? (?P<c>[a-z ]+?) is (?:deleted|removed),? (?:all )?its (?P<d>.+?) (?:are|is) (?:also )?(?:deleted|removed|go|gone)(?: too| as well| with it)?)",
        text,
    )
    if not found:
        return None
    entity = phrases.thing(found.group("a") or found.group("c") or "")
    parts = [phrases.thing(part) for part in re.split(r", and |, | and ", found.group("b") or found.group("d"))]
    return [Fact(kind="cascade", entity=entity, data={"to": parts})] if entity and all(parts) else None


def _own_only(text: str, scene: Scene) -> list[Fact] | None:
    """ "and nobody else's" behind an ability of owners says what `owner` enforces."""
    if text in (
        "nobody else's",
        "nobody else can",
        "no one else's",
        "not those of others",
        "nobody else",
        "no one else can",
    ):
        return [Fact(kind="nobody_else")]
    return None


def _target(text: str, scene: Scene) -> str:
    return abilities._target(text, scene) or ""
