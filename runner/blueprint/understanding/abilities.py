"""Who can do what: "A signed-in user can write a post of up to 280 characters", "Only the author can delete it"."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re
from collections.abc import Callable

from runner.blueprint.english import words_of
from runner.blueprint.things import TEXTS
from runner.blueprint.understanding import accounts, lists, notices, phrases
from runner.blueprint.understanding.actors import Who, actor, own_actor
from runner.blueprint.understanding.facts import Fact, Scene
from runner.records import JsonObject

CREATE = "write|create|post|publish|add|make|submit|record|enter|open|start|share|leave|save|register|offer|plan|propose|ask|log"
LINK = "follow|like|favourite|favorite|bookmark|star|watch|upvote|endorse|join|attend|subscribe to|applaud|recommend"
READ = "read|see|view|look at|browse|list|look through"
UPDATE = "edit|change|update|correct|rename"
DELETE = "delete|remove|take down|erase"
CHILD = {"comment on": "comment", "reply to": "reply", "review": "review", "answer": "answer"}
_OWN = r"(?:their own|his own|her own|my own|own|their|his|her|my)"
_VERBS = re.compile(
    rf"^(?P<verbs>(?:{CREATE}|{LINK}|{READ}|{UPDATE}|{DELETE}|comment on|comment|reply to)"
    rf"(?:(?:, | and | or |, and )(?:{CREATE}|{LINK}|{READ}|{UPDATE}|{DELETE}|unfollow|unlike|comment on|comment|reply to))+) (?P<rest>.+)$"
)


def read(text: str, scene: Scene) -> list[Fact] | None:
    """The facts of a sentence with "can" (or a present-tense brief), None where a part is not understood."""
    found = re.match(r"^(?P<who>.+?) can (?P<what>.+)$", text)
    if not found:
        return None
    who = actor(found.group("who"), scene)
    if who is None:
        return None
    if who.entity:
        scene = Scene(subject=who.entity, actors=scene.actors, things=scene.things)
    return clauses(found.group("what"), who, scene)


def partly(text: str, scene: Scene) -> list[Fact]:
    """The facts of the clauses that are understood, where the sentence as a whole is not."""
    found = re.match(r"^(?P<who>.+?) can (?P<what>.+)$", text)
    who = actor(found.group("who"), scene) if found else None
    if not found or who is None:
        return []
    facts: list[Fact] = []
    for part in re.split(r", and |, | and ", found.group("what")):
        facts += clauses(part, who, scene) or []
    return facts


def clauses(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    """Every ability of a list ("write a post, like it and comment on it")."""
    text = re.sub(r"(, | and |, and )can ", r"\1", text)
    whole = clause(text, who, scene)
    if whole is not None:
        return whole
    shared = _shared_object(text)
    if shared is not None:
        return _all([clauses(part, who, scene) for part in shared])
    for left, right in phrases.splits(text):
        head = clause(left, who, scene)
        if head is None and (several := _shared_object(left)) is not None:
            head = _all([clause(part, who, scene) for part in several])
        if head:
            said = _last_entity(head)
            later = Scene(subject=said or scene.subject, actors=scene.actors, things=scene.things)
            tail = clauses(right, who, later)
            if tail is not None:
                return head + tail
    return None


def _shared_object(text: str) -> list[str] | None:
    found = _VERBS.match(text)
    if not found:
        return None
    verbs = [verb for verb in re.split(r", and |, | and | or ", found.group("verbs")) if verb]
    rest = found.group("rest")
    if verbs[-1] == "comment" and rest.startswith("on "):
        verbs[-1], rest = "comment on", rest.removeprefix("on ")
    return [f"{verb} {rest}" for verb in verbs]


def _all(parts: list[list[Fact] | None]) -> list[Fact] | None:
    return [fact for part in parts for fact in part or []] if all(part is not None for part in parts) else None


def _last_entity(facts: list[Fact]) -> str:
    return next((fact.entity for fact in reversed(facts) if fact.entity), "")


def clause(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    """One ability."""
    for form in _FORMS:
        found = form(text.strip(), who, scene)
        if found is not None:
            return found
    return None


def _ability(entity: str, action: str, who: Who, **more: object) -> Fact:
    return Fact(kind="ability", entity=entity, data={"action": action, "who": who.role, "only": who.only, **more})


def named(text: str, scene: Scene) -> str | None:
    """The thing that the words name; "it" and "them" are the subject."""
    if text in ("it", "them", "that", "this", "one"):
        return scene.subject or None
    return phrases.thing(re.sub(rf"^(?:{_OWN}) ", "", text))


def _account(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    return accounts.ability(text)


def _link(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(
        rf"(?P<verb>{LINK}) (?P<what>.+?)(?P<once> (?:only once|at most once|once))?", text.replace("only once", "once")
    )
    if found is None or who.role != "user":
        return None
    target = "user" if found.group("what") in ("each other", "one another") else _target(found.group("what"), scene)
    if target is None:
        return None
    return [
        Fact(
            kind="link", entity=target, data={"verb": words_of(found.group("verb")), "once": bool(found.group("once"))}
        )
    ]


def _target(text: str, scene: Scene) -> str | None:
    if phrases.is_user(text) or own_actor(text, scene):
        return "user"
    if text in ("it", "them") and scene.subject:
        return scene.subject
    return named(text, scene)


_NOUNS = {"like": "like", "favourite": "favourite", "bookmark": "bookmark", "star": "star", "vote": "upvote"}


def _unlink(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(rf"(?:un-?(?P<a>{LINK})|stop (?P<b>[a-z]+)ing) ?(?P<what>.*?)(?: again)?", text)
    if found:
        verb = found.group("a") or _base(found.group("b"))
        target = _target(found.group("what"), scene) if found.group("what") else scene.subject
        return (
            [Fact(kind="unlink", entity=target or "", data={"verb": words_of(verb)})]
            if verb and target is not None
            else None
        )
    back = re.fullmatch(
        r"(?:take|get) (?:(?:back )?(?:a|the|their|that|his) (?P<a>[a-z]+)(?: back)?|(?:it|that) back)|"
        r"(?:undo|withdraw|remove|revoke) (?:(?:a|the|their|that) (?P<b>[a-z]+)(?: again)?|(?:it|that|this))",
        text,
    )
    if not back:
        return None
    noun = back.group("a") or back.group("b") or ""
    if noun and noun not in _NOUNS:
        return None
    if not noun and text.split()[0] == "remove":
        return None
    return [Fact(kind="unlink", entity="", data={"verb": _NOUNS.get(noun, "")})]


def _base(gerund: str) -> str:
    return (
        gerund
        if gerund in LINK.split("|")
        else next((verb for verb in LINK.split("|") if verb.rstrip("e") == gerund), "")
    )


def _child(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(rf"(?P<verb>{'|'.join(CHILD)}) (?P<what>.+)", text)
    if found is None or who.role != "user":
        return None
    entity = CHILD[found.group("verb")]
    for target, tail in _cuts(found.group("what")):
        parent, said = _parent(target, scene), _content(tail)
        if parent is not None and said is not None:
            return [
                _ability(entity, "create", who),
                Fact(kind="belongs", entity=entity, data={"to": parent}),
                *_told(entity, said),
            ]
    return None


def _parent(text: str, scene: Scene) -> str | None:
    """What a new thing belongs to; a user is no parent: who it is for is not who made it."""
    return None if phrases.is_user(text) or own_actor(text, scene) else named(text, scene)


def _create(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(rf"(?P<verb>{CREATE}) (?P<what>.+)", text)
    if found is None or who.role == "owner" or found.group("what").startswith("the "):
        return None
    verb = found.group("verb")
    for target, tail in _cuts(found.group("what")):
        entity, said = named(target, scene), _content(tail)
        if entity is not None and said is not None and entity != "user":
            entity = _posted(verb, entity, scene)
            made = _makes(verb, entity, tail)
            return [_ability(entity, "create", who, verb=verb), *_told(entity, said)] if made else None
    return _create_under(text, who, scene)


_OPENED = frozenset(
    [
        "ticket",
        "issue",
        "discussion",
        "topic",
        "thread",
        "request",
        "case",
        "record",
        "result",
        "measurement",
        "expense",
    ]
)


def _makes(verb: str, entity: str, tail: str) -> bool:
    """Whether the verb makes the thing: one leaves a review, and walks out of a group; what is shared with
    somebody was there before."""
    if verb in ("start", "open", "enter"):
        return entity.split("_")[-1] in TEXTS | _OPENED
    if verb == "leave":
        return entity.split("_")[-1] in TEXTS | {"rating", "feedback", "tip"}
    return not (verb == "share" and tail.startswith("with"))


def _posted(verb: str, entity: str, scene: Scene) -> str:
    """People post messages and then speak of posts: the same thing."""
    same = verb == "post" and "post" in scene.things and entity in ("message", "text", "update", "short_message")
    return "post" if same else entity


def _create_under(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    verb, _, text = text.partition(" ")
    for found in re.finditer(r" (?:to|for|on|about|under|in|of) ", text):
        entity = named(text[: found.start()], scene)
        if found.group() == " of " and (entity or "").split("_")[-1] not in ("review", "comment"):
            continue  # a list of books, a note of thanks
        for target, tail in _cuts(text[found.end() :]):
            parent, said = _parent(target, scene), _content(tail)
            if entity and parent and said is not None and entity != parent:
                return [
                    _ability(entity, "create", who, verb=verb, under=True),
                    Fact(kind="belongs", entity=entity, data={"to": parent}),
                    *_told(entity, said),
                ]
    return None


def _cuts(text: str) -> list[tuple[str, str]]:
    """The text as a thing and what follows, at every word, the longest thing last."""
    words = text.split()
    return [(" ".join(words[:size]).rstrip(","), " ".join(words[size:])) for size in range(1, len(words) + 1)]


def _content(tail: str) -> JsonObject | None:
    """What is said behind a thing: bounds of its text, or its fields; {} for nothing, None if not understood."""
    tail = tail.strip(" ,")
    if not tail:
        return {}
    said = phrases.predicate(tail)
    if said is not None and not said.get("numeric") and said.keys() <= {"min", "max", "type", "required"}:
        return {"content": said}
    with_fields = re.fullmatch(r"(?:with|by giving|that has|having|giving) (.+)", tail)
    listed = phrases.fields(with_fields.group(1)) if with_fields else None
    return {"fields": listed} if listed else None


def _told(entity: str, said: JsonObject) -> list[Fact]:
    facts = [Fact(kind="field", entity=entity, data=field) for field in said.get("fields", ())]
    return facts + ([Fact(kind="content", entity=entity, data=said["content"])] if "content" in said else [])


def _see(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(rf"(?:{READ}) (?P<what>.+)", text)
    if found is None:
        return None
    feed = lists.feed(found.group("what"))
    if feed is not None:
        return feed
    for target, tail in _cuts(found.group("what")):
        own = bool(re.match(r"^(?:only )?(?:their|my|own|his|her)\b", target))
        bare = re.sub(r"^(?:the |a )?(?:list|details|page) of ", "", target.removeprefix("only ").strip())
        entity = "user" if _profile(bare) else named(bare, scene)
        said = lists.listing(tail.strip(" ,")) if tail.strip(" ,") else {}
        if entity is not None and said is not None:
            limited = own and target.startswith("only ")
            if (own and not limited and entity not in ("notification", "user")) or (
                who.entity and who.entity != entity
            ):
                return None
            return [_ability(entity, "read", who, own=own, limited=limited), *_list_fact(entity, said)]
    return None


def _list_fact(entity: str, said: JsonObject) -> list[Fact]:
    return [Fact(kind="list", entity=entity, data=said)] if said else []


def _profile(text: str) -> bool:
    return bool(
        re.fullmatch(
            r"(?:an?|the|their|every|each|their own|other|another)? ?(?:users?'?s? |person's )?profiles?(?: of (?:an?|the|any|every|another|other) users?)?",
            text,
        )
    )


def _change(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(rf"(?P<verb>{UPDATE}|{DELETE}) (?P<what>.+?)(?: again| at any time)?", text)
    if found is None:
        return None
    action = "update" if found.group("verb") in UPDATE.split("|") else "delete"
    what = found.group("what")
    if _profile(what) or what in ("their display name", "their bio"):
        return [_ability("user", action, Who("owner"))] if action == "update" else None
    entity = named(what, scene)
    if entity is not None:
        role = "owner" if re.match(rf"^(?:{_OWN}) ", what) or who.role == "owner" else who.role
        wrong = who.entity and entity != who.entity
        return None if wrong else [_ability(entity, action, Who(role, entity, who.only))]
    return _change_field(what, action, who, scene)


def _change_field(text: str, action: str, who: Who, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(r"(?:the|its) (?P<field>[a-z ]+?)(?: of (?P<of>.+))?", text)
    if action != "update" or found is None:
        return None
    entity = named(found.group("of"), scene) if found.group("of") else (who.entity or scene.subject)
    if not entity:
        return None
    return [_ability(entity, "update", who, field=words_of(found.group("field")))]


def _mark(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    found = re.fullmatch(r"(?:mark|set|close|reopen) (?P<what>.+?)(?: as (?P<value>[a-z][a-z ]*))?", text)
    if found is None or not found.group("value"):
        return None
    bare = found.group("what")
    if phrases.thing(bare) == "notification" or (bare in ("it", "them") and scene.subject == "notification"):
        every = bare.startswith(("all", "every")) or bare == "them"
        return (
            [Fact(kind="mark_read", entity="notification", data={"all": every})]
            if found.group("value") == "read"
            else None
        )
    entity = named(bare, scene)
    role = Who("owner", entity or "") if re.match(rf"^(?:{_OWN}) ", bare) else who
    return [_ability(entity, "update", role, value=words_of(found.group("value")))] if entity else None


def _search(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    return lists.narrowing(text, scene.subject)


def _nobody_else(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    """Behind "their own": what owners may, others may not; the owner of the endpoint enforces it."""
    return (
        [Fact(kind="nobody_else", entity=scene.subject)]
        if re.fullmatch(r"(?:nobody|no one) else's|not those of others", text)
        else None
    )


def _notified(text: str, who: Who, scene: Scene) -> list[Fact] | None:
    return notices.ability(text)


_FORMS: tuple[Callable[[str, Who, Scene], list[Fact] | None], ...] = (
    _account,
    _unlink,
    _link,
    _notified,
    _child,
    _mark,
    _search,
    _nobody_else,
    _see,
    _change,
    _create,
)
