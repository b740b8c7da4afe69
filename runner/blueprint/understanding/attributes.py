"""What things have: "Each book has a title of up to 120 characters", "The status of a ticket is open, busy or done"."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re

from runner.blueprint.english import words_of
from runner.blueprint.understanding import phrases, vocabulary
from runner.blueprint.understanding.facts import Fact, Scene
from runner.records import JsonObject

_HAS = r"(?:has|have|consists of|contains|includes|is made of|comes with)"


def read(text: str, scene: Scene) -> list[Fact] | None:
    """Sentences about fields and what belongs to what."""
    for form in (_in_one, _belongs, _many, _has, _starts, _is):
        found = form(text, scene)
        if found is not None:
            return found
    return None


def _entity(text: str, scene: Scene) -> str:
    if text in ("it", "they"):
        return scene.subject
    if re.fullmatch(
        r"(?:an?|the|their|every|each|all)? ?(?:user'?s? )?(?:profiles?|accounts?)(?: of (?:a|the) user)?", text
    ) or phrases.is_user(text):
        return "user"
    return phrases.thing(text) or ""


def _in_one(text: str, scene: Scene) -> list[Fact] | None:
    """ "An article belongs to a section: news, sports or culture": a field of a few values."""
    found = re.fullmatch(
        r"(?:an?|each|every) (?P<what>[a-z ]+?) (?:belongs to|is in|has) (?:an?|one|exactly one) (?P<field>[a-z]+): (?P<said>.+)",
        text,
    )
    said = phrases.predicate(found.group("said")) if found else None
    entity = _entity(found.group("what"), scene) if found else ""
    if not found or not entity or said is None or said.keys() != {"type", "choices"}:
        return None
    return [Fact(kind="field", entity=entity, data={"name": words_of(found.group("field")), **said})]


def _belongs(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?P<what>.+?) (?:belongs?|is assigned|are assigned|refers?) to (?P<one>exactly one|one|an?|the|its|their) (?P<to>.+)",
        text,
    )
    if not found:
        return None
    entity = _entity(found.group("what"), scene)
    to = (
        "user"
        if phrases.is_user(found.group("to")) or found.group("to") in vocabulary.OWNERS
        else phrases.thing(found.group("to"))
    )
    if to == "user" and " belong" not in text:
        return None
    return [Fact(kind="belongs", entity=entity, data={"to": to})] if entity and to else None


def _many(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?P<what>.+?) (?:has|have|can have|contains|holds) (?:many|several|any number of|zero or more|one or more) (?P<child>[a-z ]+)",
        text,
    )
    if not found or "one or more" in text:
        return None
    entity, child = _entity(found.group("what"), scene), phrases.thing(found.group("child"))
    return [Fact(kind="belongs", entity=child, data={"to": entity, "known": True})] if entity and child else None


def _has(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(rf"(?P<what>.+?) {_HAS}:? (?P<fields>.+)", text)
    if not found:
        return None
    what = found.group("what")
    said = phrases.predicate(found.group("fields"))
    if said is not None and said.keys() & {"min", "max", "pattern"}:
        alone = "pattern" not in said or re.search(r"\b(?:only|just|consists of|is made of)\b", text)
        return _said(what, said, scene) if alone else None
    entity = _entity(what, scene)
    fields = phrases.fields(found.group("fields"))
    if not entity or not fields or entity in ("list", "feed", "page"):
        return None
    return [Fact(kind="field", entity=entity, data=field) for field in fields]


def _starts(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:an?|each|every) new (?P<what>[a-z ]+?) (?:is|starts as|starts out as|starts) (?P<value>[a-z]+(?: [a-z]+)?)(?: by default)?",
        text,
    )
    if not found:
        return None
    entity = phrases.thing(found.group("what"))
    return [Fact(kind="default", entity=entity, data={"value": words_of(found.group("value"))})] if entity else None


def _is(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(r"(?P<what>.+?) (?:is|are|must be|can be|cannot be|must) (?P<said>.+)", text)
    if not found:
        return None
    negative = "cannot be empty" if " cannot be " in text else ""
    said = phrases.predicate(negative or found.group("said"))
    if said is None or (negative and found.group("said") != "empty"):
        return None
    facts = _said(found.group("what"), said, scene)
    done = "choices" in said and re.search(r" (?:can|must|cannot)(?: be)? ", text)
    return [_done(fact) for fact in facts] if facts and done else facts


def _done(fact: Fact) -> Fact:
    """ "Items can be lent or sold" may say what is done to them; of a field ("the status can be ...") it cannot."""
    return Fact(kind=fact.kind, entity=fact.entity, data={**fact.data, "done": True}) if fact.kind == "said" else fact


def _said(what: str, said: JsonObject, scene: Scene) -> list[Fact] | None:
    """A predicate about "the title of a book", "a username", or a thing itself (its text, its state)."""
    found = re.fullmatch(
        r"(?:the|an?|its|their|every|each|all) (?P<field>[a-z]+(?: [a-z]+){0,2}?) of (?:an?|the|every|each|all) (?P<of>[a-z ]+)",
        what,
    )
    if found:
        entity = _entity(found.group("of"), scene)
        return [_field(entity, found.group("field"), said)] if entity else None
    account = re.fullmatch(r"(?:an?|the|every|each|their)? ?(password|email)s?(?: address(?:es)?)?", what)
    name = account.group(1) if account else phrases.thing(re.sub(r"^(?:its|their) ", "", what))
    if name is None:
        return None
    if what.startswith(("its ", "their ")) and scene.subject:
        return [_field(scene.subject, name, said)]
    return [Fact(kind="said", entity=name, data=dict(said))]


def _field(entity: str, name: str, said: JsonObject) -> Fact:
    return Fact(
        kind="field",
        entity=entity,
        data={"name": words_of({"email address": "email"}.get(name, name)), **said, "known": True},
    )
