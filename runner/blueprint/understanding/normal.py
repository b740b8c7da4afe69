"""Sentences in one form: lower case, one word for each modal, no fillers; stories and briefs as plain abilities."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re

_REWRITES: tuple[tuple[str, str], ...] = (
    (r"[“”\"]", ""),
    (r"’", "'"),
    (r"(?<=[a-z]): (?=only )", ", "),
    (r"^(?:and|also|then|finally|additionally|furthermore|please|in addition|besides),? ", ""),
    (r"\bi (?:want|would like|need) to (?:be able to )?", "i can "),
    (r"\bi (?:want|would like|need) ", "i want "),
    (r"^as (?=an? [a-z -]+?, i (?:can|cannot|want) )(?P<who>[^,]+), i ", r"\g<who> "),
    (r"\b(?:must|should|shall|need to|needs to|will) (?:also )?be able to ", "can "),
    (r"\b(?:is|are) (?:also )?able to ", "can "),
    (r"\b(?:must|should|may|shall|can|is|are|do|does) ?(?:not|n't) be (?:allowed|able) to ", "cannot "),
    (r"\b(?:is|are) (?:not|never) allowed to ", "cannot "),
    (r"\b(?:must|should|shall) be allowed to ", "can "),
    (r"\b(?:is|are) allowed to ", "can "),
    (
        r"\b(?:can not|can't|may not|must not|mustn't|shall not|should not|shouldn't|can never|may never|must never)\b",
        "cannot",
    ),
    (r"\bmay\b", "can"),
    (r"\bcan (?:also|then|always|again) ", "can "),
    (r"\b(?:should|shall|have to|has to|needs to|need to|will) be\b", "must be"),
    (r"\b(?:should|shall|must|will) have\b", "has"),
    (r"\b(?:should|shall|will) (?=show|list|contain|hold|include|arrive|appear)", ""),
    (r"\bmust (?=show|list|contain|hold|include|arrive|appear)", ""),
    (r"\b(logged|signed) in (user|people|person|member)", r"\1-in \2"),
    (
        r"^(?:everyone|everybody|anyone|anybody|(?:a|all|any)? ?visitors?),? (?:even |also |with or )?without (?:an account|a login|logging in|signing in),? can ",
        "anyone can ",
    ),
    (r",? but (?=(?:only|at most) once$)", " "),
    (r"\b(can (?:(?:edit|change|update|delete|remove)(?: and | or |, )?)+) only (?=(?:their|his|her) own )", r"\1 "),
    (r"((?:their|his|her) own [a-z -]+), (?:and )?nobody else(?: can| may| does)?$", r"\1"),
    (r"(?<=[a-z])(,?) (?:with )?the (newest|oldest)(?: ones?)? first$", r"\1 \2 first"),
    (
        r"^the (newest|oldest) ([a-z]+(?: [a-z]+)?[a-rt-z])s? (?:comes?|stands?|is|are)(?: listed| shown)? first$",
        r"\2s are listed \1 first",
    ),
    (
        r" (?:appear|are (?:shown|listed|displayed)) in the order (?:in which |that )?they were (?:written|made|added|posted|created)$",
        " are listed oldest first",
    ),
    (r"^([a-z ]+?) can be (edited|changed|deleted|removed) only by ", r"\1 can only be \2 by "),
    (
        r"^([a-z ]+?) can be (edit|delet|chang|remov)ed by (?:their|its|the) (author|owner|creator)s?$",
        r"the \3 of \1 can \2 it",
    ),
    (
        r"^([a-z ]+?) can only be (edit|delet|chang|remov)ed by (?:their|its|the) (author|owner|creator)s?$",
        r"only the \3 of \1 can \2 it",
    ),
    (r"(?<= can )(delet|chang|remov)(?= it$)", r"\1e"),
    (r"\b(?:gets?|receives?) an? (?:real time )?notification (?=when )", "is notified "),
    (r"\bis told (?=(?:in real time )?when )", "is notified "),
    (r"^(?:an|the) (?:author|owner) is notified ", "a user is notified "),
    (r"\brealtime\b|\breal-time\b", "real time"),
    (r"\be-mail\b", "email"),
    (r"\blog-?in\b(?= with)", "log in"),
    (r"\bsign-?up\b(?= with)", "sign up"),
)
_COMPILED = tuple((re.compile(pattern), text) for pattern, text in _REWRITES)
_BRIEF = re.compile(
    r"^(?:build|create|make|write|develop|implement|i want|we want|we need|i need)(?: me| us)? (?:an?|the) (?P<what>[^.]+?) "
    r"(?:(?:where|in which|with which|on which|for which)|that (?P<lets>lets|allows|enables)|which (?:lets|allows|enables)) "
    r"(?P<rest>.+)$"
)
_LETS = re.compile(
    r"^(?P<who>[a-z -]*?(?:users|people|members|anyone|everyone|everybody|visitors)) (?:to )?(?P<what>.+)$"
)


def normal(text: str) -> str:
    """The sentence in its plain form."""
    plain = " ".join(text.lower().split()).strip(" .;!:,")
    for pattern, replacement in _COMPILED:
        plain = pattern.sub(replacement, plain)
    return plain.strip()


def brief(text: str) -> tuple[str, str]:
    """What a brief asks to build and the sentence behind it: "build a X where users can Y" -> ("x", "users can y").

    A sentence that is no brief comes back as it is, with "".
    """
    found = _BRIEF.match(text)
    if not found:
        return "", text
    rest = found.group("rest")
    lets = _LETS.match(rest)
    if found.group("lets") and lets and " can " not in rest:
        rest = f"{lets.group('who')} can {lets.group('what')}"
    return found.group("what"), rest
