"""Notifications: who is told of what, live or not."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re

from runner.blueprint.english import base_verb, singular
from runner.blueprint.understanding import phrases
from runner.blueprint.understanding.facts import Fact, Scene

_LIVE = r"(?:in real time|at once|immediately|instantly|live|as it happens|as they happen|right away|straight away)"
_RELOAD = r"(?:without (?:reloading|having to reload|a reload of)(?: the| a)?(?: page)?)"
_SOMEONE = re.compile(
    r"^(?:someone|somebody|anyone|another (?:user|person|member)|a (?:user|person|member)|other (?:users|people))(?: else)? "
)
_NOUNS = {
    "like": "like",
    "comment": "comment",
    "follow": "follow",
    "follower": "follow",
    "reply": "reply",
    "bookmark": "bookmark",
    "review": "review",
    "answer": "answer",
    "favourite": "favourite",
}


def ability(text: str) -> list[Fact] | None:
    """What stands behind "A user can": "receive real time notifications for likes and comments"."""
    found = re.fullmatch(
        rf"(?:receive|get|see|have) (?P<live>real time |live |instant )?(?:notifications?|alerts?)(?: {_LIVE})?(?: (?:for|about|of|on|when) (?P<events>.+?))?(?P<late>,? {_LIVE})?",
        text,
    )
    if not found or not (found.group("live") or found.group("late") or found.group("events")):
        return None
    live = bool(found.group("live") or found.group("late") or re.search(_LIVE, text))
    events = _events(found.group("events")) if found.group("events") else ["*"]
    return [Fact(kind="notify", entity="notification", data={"events": events, "live": live})] if events else None


def read(text: str, scene: Scene) -> list[Fact] | None:
    """Sentences about notifications."""
    told = re.fullmatch(
        rf"(?P<who>.+?) (?:(?:is|are|gets?|must be|can be) (?:notified|told|informed|alerted)|receives? (?:a |an )?(?P<real>live |real time |instant )?notifications?|gets? (?:a |an )?(?P<re>live |real time |instant )?notifications?)"
        rf"(?P<live>,? {_LIVE})?,?(?: (?:when|whenever|as soon as|if|for|about|of|on) (?P<events>.+?))?(?P<late>,? {_LIVE})?(?P<reload>,? {_RELOAD})?",
        text,
    )
    if told and _addressee(told.group("who")):
        live = any(told.group(key) for key in ("live", "late", "reload", "real", "re")) or " as soon as " in text
        events = _events(told.group("events")) if told.group("events") else ["*"]
        if events is None or (events == ["*"] and not live):
            return None
        return [Fact(kind="notify", entity="notification", data={"events": events, "live": live})]
    if re.fullmatch(
        rf"(?:the )?notifications? (?:arrives?|appears?|comes?|shows? up|are shown|is shown|are delivered|are sent) ?(?:in)?,? ?(?:{_LIVE}|{_RELOAD})(?:,? (?:and )?{_RELOAD})?",
        text,
    ):
        return [Fact(kind="notify", entity="notification", data={"events": [], "live": True})]
    return None


def _addressee(text: str) -> bool:
    owner = re.fullmatch(r"(?:the|its|an?) (?:author|owner|writer|creator)(?: of (?:an?|the) [a-z ]+)?", text)
    return phrases.is_user(text) or bool(owner)


def _events(text: str) -> list[str] | None:
    """The verbs of what happens: "someone follows them, likes or comments on their post" -> follow, like, comment."""
    names: list[str] = []
    acted = bool(_SOMEONE.match(text))
    for part in [part for part in re.split(r", and |, or |, | and | or ", text) if part]:
        name = _event(part.strip(), acted)
        if name is None:
            return None
        names.append(name)
    return names or None


def _event(text: str, acted: bool) -> str | None:
    text = re.sub(r"^(?:(?:an?|the|new|every|each) )+", "", _SOMEONE.sub("", text))
    if singular(text) in _NOUNS:
        return _NOUNS[singular(text)]
    if not acted:
        return phrases.thing(text)
    found = re.fullmatch(
        r"(?P<verb>[a-z]+)(?: (?:on|to))?(?: (?:(?P<them>them|him or her|me|you)|it|(?:one of )?(?:their|a user's|his|her|the user's|my) (?P<on>[a-z]+)))?",
        text,
    )
    if not found:
        return None
    on = "user" if found.group("them") else singular(found.group("on") or "")
    verb = {"replie": "reply", "reply": "reply"}.get(base_verb(found.group("verb")), base_verb(found.group("verb")))
    return f"{verb} {on}".strip()
