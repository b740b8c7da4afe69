"""Signing up and in: what an account has, how passwords are kept, what needs a login."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re

from runner.blueprint.understanding import phrases
from runner.blueprint.understanding.actors import own_actor
from runner.blueprint.understanding.facts import Fact, Scene

_UP = r"(?:sign up|register|create an account|create accounts|open an account|join)"
_IN = r"(?:log in|sign in|login|log-in)"
_WHO = r"(?P<who>.+?) (?:can )?"
_FIELDS = ("username", "password", "email", "display_name", "bio")


def ability(text: str) -> list[Fact] | None:
    """ "sign up with a username and a password", "log in with them", "log in"."""
    both = re.fullmatch(rf"{_UP} and {_IN}(?P<rest> with .+)?", text)
    if both:
        rest = both.group("rest") or ""
        up, inside = ability(f"sign up{rest}"), ability(f"log in{rest}")
        return up + inside if up is not None and inside is not None else None
    if found := re.fullmatch(rf"{_UP}(?: (?:with|by giving|using) (?P<fields>.+))?", text):
        named = phrases.fields(found.group("fields")) if found.group("fields") else []
        if named is None or any(field["name"] not in _FIELDS for field in named):
            return None
        return [Fact(kind="register", entity="user", data={"fields": named})]
    found = re.fullmatch(rf"{_IN}(?: (?:with|using|by) (?P<how>.+))?", text)
    if not found:
        return None
    how = found.group("how") or ""
    by = re.fullmatch(
        r"(?:it|them|these|that|both|(?:an?|the|their) (?P<name>username|email|email address|name)(?: and (?:an?|the|their)? ?password)?)",
        how,
    )
    if how and not by:
        return None
    name = (by.group("name") or "") if by else ""
    return [Fact(kind="login", entity="user", data={"by": name.replace(" address", "")})]


def read(text: str, scene: Scene) -> list[Fact] | None:
    """Sentences about accounts that have no "can" in them, and what needs a login."""
    for form in (_hashed, _needs_login, _anyone_reads):
        found = form(text)
        if found is not None:
            return found
    return _present(text, scene)


def _present(text: str, scene: Scene) -> list[Fact] | None:
    found = re.match(rf"^{_WHO}(?P<what>(?:{_UP}|{_IN})s?\b.*)$", text)
    who = found.group("who") if found else ""
    if not found or not (phrases.is_user(who) or phrases.is_anyone(who) or own_actor(who, scene)):
        return None
    what = re.sub(r", and (log|sign) in", r" and \1 in", found.group("what"))
    whole = ability(what)
    if whole is not None:
        return whole
    cut = re.fullmatch(rf"(?P<up>.+?),? and (?:can |then )?(?P<rest>{_IN}.*)", what)
    if not cut:
        return None
    up, rest = ability(cut.group("up").rstrip(",")), ability(cut.group("rest"))
    return up + rest if up is not None and rest is not None else None


def _hashed(text: str) -> list[Fact] | None:
    stored = r"(?:stored|kept|saved)"
    found = re.fullmatch(
        rf"(?:the |a |all )?passwords? (?:(?:is|are|must be) (?:only )?(?:{stored} )?(?:only )?(?:as )?(?:an? )?(?:salted )?hash(?:es|ed)?"
        rf"|(?:is|are|must be|cannot be|must) ?(?:never|not)? ?(?:be )?{stored} (?:as|in) (?:plain |clear )?text|"
        rf"(?:is|are) never {stored} (?:as|in) (?:plain |clear )?text)",
        text,
    )
    if not found or not re.search(r"never|not\b|hash", text):
        return None
    return [Fact(kind="hashed", entity="user")]


_DEEDS = {
    "posting": "create",
    "writing": "create",
    "adding": "create",
    "liking": "link",
    "following": "link",
    "commenting": "create",
    "editing": "update",
    "changing": "update",
    "deleting": "delete",
    "borrowing": "create",
    "creating": "create",
    "bookmarking": "link",
    "rating": "create",
}


def _needs_login(text: str) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?P<deeds>.+?) (?:need|needs|require|requires|is only possible with|are only possible with) (?:a login|an account|logging in|to be (?:logged|signed) in|signing in|a (?:signed|logged)-in user)",
        text,
    )
    if found:
        deeds = [part for part in re.split(r", and |, | and ", found.group("deeds")) if part]
        return (
            [Fact(kind="login_for", data={"deeds": [_DEEDS[d] for d in deeds]})]
            if all(d in _DEEDS for d in deeds)
            else None
        )
    return None


def _anyone_reads(text: str) -> list[Fact] | None:
    found = re.fullmatch(r"reading (?:needs no|does not need an?|requires no) (?:login|account)", text)
    return [Fact(kind="open_reading")] if found else None
