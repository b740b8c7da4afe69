"""Lists: their order, pages, filters and search; feeds; the counts that a thing shows."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re

from runner.blueprint.english import singular, words_of
from runner.blueprint.understanding import phrases, vocabulary
from runner.blueprint.understanding.facts import Fact, Scene
from runner.records import JsonObject

_N = phrases.N
_ITEMS = r"(?:items?|entries|rows|results|posts|things|of them|records|[a-z]+s)"
_SIZE = re.compile(
    rf"(?:(?:paged|in pages)[,:]? ?)?(?:(?:of )?(?P<size>{_N})(?: {_ITEMS})?(?: (?:at a time|per page|a page|on a page|by default|each))?)"
)
_MOST = re.compile(
    rf"(?:and )?(?:at most|up to|no more than|a maximum of) (?P<max>{_N})(?: {_ITEMS})?(?: (?:at a time|per page|a page))?"
)


def listing(text: str) -> JsonObject | None:
    """How a list is shown: order (field, direction), size, max; None if a part is not understood."""
    parsed = phrases.listed(text.strip(" ,"), _one)
    if parsed is None:
        return None
    merged: dict[str, object] = {}
    for part in parsed:
        if any(merged.get(key, value) != value for key, value in part.items()):
            return None
        merged |= part
    return merged


def _one(text: str) -> list[JsonObject] | None:
    bare = re.sub(
        r"^(?:in|with|and|is|are|shown|listed|sorted|ordered|always)+ (?=newest|oldest|most|latest|alphabet|by |in )",
        "",
        text.strip(),
    )
    if re.fullmatch(
        r"(?:the )?(?:newest|latest|most recent|youngest)(?: ones| one)? first|in reverse chronological order|newest to oldest",
        bare,
    ):
        return [{"order": "created_at", "descending": True}]
    if re.fullmatch(
        r"(?:the )?oldest(?: ones| one)? first|in chronological order|in the order (?:in which )?they were (?:written|added|made)",
        bare,
    ):
        return [{"order": "created_at", "descending": False}]
    if re.fullmatch(r"alphabetically|in alphabetical order", bare):
        return [{"order": "", "descending": False}]
    order = re.fullmatch(
        r"(?:sorted |ordered |alphabetically )?by (?:their |its |the )?(?P<f>[a-z]+(?: [a-z]+){0,2}?)(?P<d> descending| ascending| a to z)?",
        bare,
    )
    if order and words_of(order.group("f")) not in ("", "default"):
        return [{"order": words_of(order.group("f")), "descending": order.group("d") == " descending"}]
    if bare in ("paged", "in pages", "page by page"):
        return [{"paged": True}]
    if found := _MOST.fullmatch(bare):
        return [{"max": phrases.number(found.group("max"))}]
    if (found := _SIZE.fullmatch(bare)) and found.group(0) != found.group("size"):
        return [{"size": phrases.number(found.group("size"))}]
    return None


_FOLLOWED = (
    r"(?:the |all )?(?P<what>[a-z]+?)s (?:of|by|from) (?:the |all )?"
    r"(?:followed (?:users|people|members)|(?:users|people|members|those|everyone)(?: that| who| whom)? (?:they|the user|a user|one|he|she|i|you|the member) follows?)"
)


def feed(text: str) -> list[Fact] | None:
    """ "a feed of the posts of the people they follow and their own, newest first"."""
    found = re.fullmatch(
        rf"(?:(?:an?|the|their|my|own|home) )*(?:(?:feed|timeline)(?: (?:of|with|that shows|showing|which shows))? )?{_FOLLOWED}"
        r"(?P<own>,? (?:and|as well as|plus) (?:their own|one's own|his own|own|my own)(?: ones| posts)?)?(?:,? (?P<tail>.+))?",
        text,
    )
    if not found:
        return None
    tail = listing(found.group("tail")) if found.group("tail") else {}
    if tail is None:
        return None
    entity = singular(found.group("what") + "s")
    return [Fact(kind="feed", entity=entity, data={"own": bool(found.group("own")), **tail})]


def read(text: str, scene: Scene) -> list[Fact] | None:
    """Sentences about lists."""
    for form in (_feed, _every, _narrowed, _shown, _counts):
        found = form(text, scene)
        if found is not None:
            return found
    return None


def _feed(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:an?|the|each|every|their)? ?(?:user's |person's |home |personal )*(?:feed|timeline) (?:shows|lists|contains|holds|has|is|consists of) (?P<rest>.+)",
        text,
    )
    if found:
        return feed(found.group("rest"))
    if scene.subject == "feed" or text.startswith(("it shows", "it lists")):
        bare = re.fullmatch(r"it (?:shows|lists|contains|holds) (?P<rest>.+)", text)
        return feed(bare.group("rest")) if bare else None
    return None


def _every(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:all |every |each |the )?lists? (?:are|is|come|comes|must be|show|shows|has|have) (?P<how>.+?)(?P<more>,? and (?P<what>[a-z ]+?) can be (?P<verbs>.+))?",
        text,
    )
    if not found:
        return None
    said = listing(found.group("how"))
    if said is None:
        return None
    facts = [Fact(kind="list", entity="*", data={"paged": True, **said})]
    if found.group("more"):
        more = _narrowed(f"{found.group('what')} can be {found.group('verbs')}", scene)
        return facts + more if more is not None else None
    return facts


def _narrowed(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:the list of |lists of |a list of )?(?P<what>.+?) can be (?P<verbs>(?:filtered|searched|sorted|found|narrowed|ordered)\b.+)",
        text,
    )
    if not found:
        return None
    entity = (
        phrases.thing(found.group("what")) if found.group("what") not in ("it", "they", "the list") else scene.subject
    )
    return _verbs(found.group("verbs"), entity or "") if entity else None


def narrowing(text: str, subject: str) -> list[Fact] | None:
    """ "search posts by author and by words in their text", "filter tickets by status"."""
    found = re.fullmatch(
        r"(?P<verb>search|filter|sort|find|narrow|look for|search for) (?:through )?(?P<what>.+?) (?P<by>(?:by|for|in) .+)",
        text,
    )
    if not found:
        return None
    what = found.group("what")
    entity = (
        subject if what in ("it", "them", "the list") else phrases.thing(re.sub(r"^(?:the )?(?:list of )?", "", what))
    )
    if not entity:
        return None
    return _verbs(f"{found.group('verb').split()[0]} {found.group('by')}", entity)


_ROOTS = {
    "filter": "filter",
    "filtered": "filter",
    "narrowed": "filter",
    "narrow": "filter",
    "search": "search",
    "searched": "search",
    "find": "search",
    "look": "search",
    "found": "search",
    "sort": "sort",
    "sorted": "sort",
    "ordered": "sort",
}


def _verbs(text: str, entity: str) -> list[Fact] | None:
    facts: list[Fact] = []
    parts = re.split(
        r",? and (?=filtered|searched|sorted|found|ordered)|, (?=filtered|searched|sorted|found|ordered)", text
    )
    for part in parts:
        verb, _, rest = part.partition(" ")
        fields = _fields(rest)
        if verb not in _ROOTS or fields is None:
            return None
        facts.append(Fact(kind="narrow", entity=entity, data={"how": _ROOTS[verb], "by": fields}))
    return facts


def _fields(text: str) -> list[str] | None:
    names: list[str] = []
    for part in re.split(r", and |, or |, | and | or ", re.sub(r"^(?:(?:by|for|in|on) )", "", text)):
        bare = re.sub(
            r"^(?:(?:by|for|in|on|their|its|the|an?|words in|words of|a part of|part of|text in) )+", "", part.strip()
        )
        if re.fullmatch(r"(?:a )?words?(?: (?:in|of) (?:their|its|the) (?:text|content))?|text|keywords?", bare):
            names.append("words")
        elif re.fullmatch(r"[a-z]+(?: [a-z]+){0,2}", bare) and not set(bare.split()) & vocabulary.NOT_THINGS:
            names.append(words_of(bare))
        else:
            return None
    return names or None


def _shown(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        r"(?:the list of |lists of |a list of )?(?P<what>.+?) (?:are|is|come|comes|appear|appears|shows|show) (?:listed|shown|displayed|sorted|ordered|paged)?,? ?(?P<how>.+)",
        text,
    )
    if not found:
        return None
    what = found.group("what")
    under = re.fullmatch(r"(?P<child>[a-z ]+?) (?:of|on|under) (?:an?|the|every|each) (?P<parent>[a-z ]+)", what)
    entity = phrases.thing(under.group("child") if under else what)
    if what in ("it", "they", "the list"):
        entity = scene.subject
    said = listing(found.group("how"))
    return [Fact(kind="list", entity=entity, data=said)] if entity and said else None


_COUNT = re.compile(
    r"(?:how many (?P<a>[a-z]+) (?:it|they|he or she|the [a-z]+) (?:has|have|got)|(?:the |its |their )?(?:number|count)s? of (?:its |their |the )?(?P<b>[a-z]+)|"
    r"how often it (?:was|is|has been) (?P<c>[a-z]+)|(?:whether|if) the (?:reader|user|signed-in user|viewer) (?P<d>[a-z]+) it)"
)


def _counts(text: str, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(r"(?P<what>.+?) (?:shows?|displays?|says?|tells?) (?P<parts>.+)", text)
    if not found:
        return None
    entity = phrases.thing(found.group("what")) or (scene.subject if found.group("what") == "it" else "")
    shown = phrases.listed(found.group("parts"), _count)
    if not entity or not shown:
        return None
    return [Fact(kind="show", entity=entity, data=part) for part in shown]


def _count(text: str) -> list[JsonObject] | None:
    found = _COUNT.fullmatch(text)
    if found:
        several = found.group("a") or found.group("b") or found.group("c") or found.group("d")
        return [{"count": singular(several)}]
    if re.fullmatch(r"[a-z]+s", text) and text not in vocabulary.NOT_THINGS:
        return None
    if re.fullmatch(
        r"(?:who wrote it|(?:its|the|their) (?:author|owner|writer)|the name of its author|(?:its|the) author's name)",
        text,
    ):
        return [{"author": True}]
    if re.fullmatch(r"(?:when it was (?:written|made|posted|created|added)|its (?:age|time|date)|the time)", text):
        return [{"time": True}]
    bare = re.fullmatch(r"(?:its|the|their) (?P<f>[a-z]+(?: [a-z]+)?)", text)
    return [{"field": words_of(bare.group("f"))}] if bare else None
