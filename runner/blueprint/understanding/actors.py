"""Who a sentence lets do something: anybody, who is signed in, or the owner of the thing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.blueprint.english import singular
from runner.blueprint.understanding import phrases, vocabulary
from runner.blueprint.understanding.facts import Scene


@dataclass(frozen=True, slots=True)
class Who:
    """`role` is user, any or owner; `entity` the thing whose owner is meant, `only` whether nobody else may."""

    role: str
    entity: str = ""
    only: bool = False


def actor(text: str, scene: Scene) -> Who | None:
    """Who the words in front of "can" name."""
    only = text.startswith("only ")
    bare = text.removeprefix("only ").strip()
    if bare.startswith("some ") or (only and own_actor(bare, scene)):
        return None
    if phrases.is_anyone(bare):
        return Who("any", only=only)
    if phrases.is_user(bare) or own_actor(bare, scene):
        return Who("user", only=only)
    owner = re.fullmatch(
        r"(?:the|its|their|an?|his) (?:author|owner|creator|writer)s?(?: of (?P<of>.+))?|"
        r"(?:the|a) (?:user|person|member) who (?:wrote|created|posted|added|made|owns|published) (?P<by>.+)|"
        r"authors|owners",
        bare,
    )
    if not owner:
        return None
    named = owner.group("of") or owner.group("by") or ""
    entity = scene.subject if named in ("", "it", "them") else phrases.thing(named)
    return Who("owner", entity or "", only) if entity is not None else None


def own_actor(text: str, scene: Scene) -> bool:
    """Whether the words are the request's own for its users ("a cook")."""
    words = [word for word in text.split() if word not in vocabulary.DETERMINERS]
    return len(words) == 1 and singular(words[0]) in scene.actors
