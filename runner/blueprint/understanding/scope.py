"""What is not wanted: exclusions outrank every other sign."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re

from runner.blueprint.understanding.vocabulary import ROLES

_HEADING = re.compile(
    r"\b(?:out of scope|not (?:wanted|needed|included|in scope|part of|now|yet|required|in this)|non-?goals?|exclusions?|excluded|"
    r"no-?gos?|won'?t (?:have|do|be)|will not (?:have|be)|future|later|next version|version 2|v2|what we do not|does not (?:do|have))\b",
    re.I,
)
_SENTENCE = re.compile(
    r"^(?:there (?:is|are|must be) no |we (?:do not|don't) (?:want|need) |i (?:do not|don't) (?:want|need) |(?:do not|don't) (?:build|add|make|include) |"
    r"no (?!two\b|user (?:can|follows|likes)|one\b|more\b|fewer\b|less\b|longer\b|later\b|(?:duplicate|empty|negative|double|identical)\b|"
    r"[a-z][a-z -]* (?:can|cannot|has|have|must|is (?!needed|required|wanted|necessary|planned)|are (?!needed|required|wanted|necessary|planned)))|without (?!reloading))|"
    r"\b(?:(?:is|are) (?:out of scope|not (?:wanted|needed|required|included|part of (?:this|it|the [a-z ]+)|in scope|planned))|"
    r"(?:comes?|is|are|planned) (?:for |in )?(?:later|(?:a|the) (?:later|next|future) version|version (?:2|two)|v2)|(?:stays?|is|are) for (?:later|v2))$",
    re.I,
)
_LATER_ABLE = re.compile(
    r"\b(?:in|for) (?:v2|version 2|version two|(?:a|the) (?:later|next|future) (?:version|release))\b|\((?:v2|later|not now)\)",
    re.I,
)


def excluding_section(section: tuple[str, ...]) -> bool:
    """Whether a heading above says that what follows is not wanted."""
    return any(_HEADING.search(title) for title in section)


_RESTRICTS = re.compile(
    r"\b(?:only|when|whenever|if|unless|except|during|after|before|while|once|until|without|not|never|nobody|premium|paid|paying|"
    + "|".join(sorted(ROLES))
    + r")s?\b"
)
_RESTRICTS_SECTION = re.compile(
    r"\b(?:only|unless|except|if|premium|paying|"
    + "|".join(sorted(ROLES - {"host", "judge", "leader", "chief"}))
    + r")s?\b",
    re.I,
)


def restricts(lead: str) -> bool:
    """Whether the lead of a list (normal form) bounds what its items say, so that they are not read without it."""
    return bool(_RESTRICTS.search(lead))


def restricts_section(title: str) -> bool:
    """The same for a heading ("For admins only")."""
    return bool(_RESTRICTS_SECTION.search(title))


def excluded(text: str, lead: str) -> bool:
    """Whether the sentence (normal form), or the lead of its list, excludes something."""
    if lead and (_HEADING.search(lead) or _SENTENCE.search(lead)):
        return True
    return bool(_SENTENCE.search(text) or _LATER_ABLE.search(text))
