"""Whether the blueprint can serve a request at all: it builds web applications that store something.

Pure. Only what the request insists on refuses it: exclusions ("no command-line client") and side remarks do not.
"""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re
from collections.abc import Mapping

from runner.blueprint.reading import Reading, Statement, read
from runner.blueprint.understanding import scope
from runner.blueprint.understanding.normal import normal
from runner.records import Json, JsonObject

_SHAPES: Mapping[str, str] = {
    "a command-line tool": r"command[- ]line (?:tool|program|application|app|utility|interface|script)|cli(?: tool| program| application| app| utility)?|terminal (?:tool|program|application|app|ui)|shell script|console (?:tool|program|application|app)",
    "a game": r"(?:[a-z0-9-]+ ){0,3}?(?:video ?game|game)(?! (?:collection|library|night|nights|review|reviews|catalog|catalogue|list|shop|store))|platformer|first-person shooter|roguelike",
    "a library": r"(?:[a-z+#0-9-]+ ){0,2}?(?:library|crate|sdk|package)(?= (?:that|for|to|which|in|with|of functions)|[.,;]|$)",
    "a model training job": r"(?:training (?:job|script|pipeline|run)|model training|machine[- ]learning model|neural network|deep[- ]learning model|classifier|language model)",
    "a phone app": r"(?:native )?(?:phone|mobile|ios|android|iphone|smartphone)(?: and (?:ios|android))? ?(?:app|application)s?|app for (?:ios|android|iphone|phones)",
    "a desktop application": r"desktop (?:app|application|program|tool)",
    "a static page": r"static (?:web ?)?(?:page|site|website)|landing page",
    "a browser extension": r"browser (?:extension|plugin|add-on)|(?:chrome|firefox) extension",
    "firmware": r"firmware|embedded (?:system|software)|microcontroller|device driver|kernel module|operating system|compiler",
}
_MAKES = re.compile(
    r"^(?:(?:please )?(?:build|create|make|write|develop|implement|design|train|program|code)(?: me| us)?|(?:i|we) (?:want|need|would like)(?: to (?:build|train|write|make|have|create|develop))?|"
    r"this is|it is|it's|[a-z0-9_' -]{1,40} (?:is|must be|should be)|(?:it|this|the [a-z]+) (?:must|should|shall) be)\b"
)
_TRAINS = re.compile(
    r"^(?:please )?(?:(?:i|we) (?:want|need|would like) to )?(?:re-?train|train|fine-?tune) (?:(?:an?|the|our|my|some|this) )?(?:[a-z0-9-]+ ){0,3}?(?:models?|networks?|classifiers?|llms?|detectors?)\b"
)
_ARTICLE = r"^(?: (?:an?|the|our|my|new|small|simple|tiny|little|fast|modern|lightweight|2d|3d|multiplayer|single-player|cross-platform|native|pure|reusable|portable|responsive|interactive|[a-z+#]+(?=-based))| ?(?:[a-z]+-based))* ?"
_STACKS = (
    "rust|go|golang|java|kotlin|scala|ruby|rails|ruby on rails|php|laravel|symfony|c\\+\\+|c#|\\.net|asp\\.net|elixir|phoenix|haskell|swift|typescript|node|node\\.js|nodejs|express|"
    "nestjs|next\\.js|nextjs|django|flask|spring|spring boot|react|react native|vue|angular|svelte|flutter|dart|mongodb|mysql|mariadb|oracle|dynamodb|cassandra|redis|kubernetes|aws lambda|perl|clojure|erlang|zig|unity|unreal|godot"
)
_INSISTS = re.compile(
    rf"\b(?:(?:must|should|shall|has to|needs to) be (?:written|built|made|implemented|coded|developed|done) (?:only )?(?:in|with|on|using)|(?:must|should|shall|has to|needs to) (?:use|run on)|(?:is|are) (?:to be )?(?:written|built|implemented|coded) (?:in|with|on)|"
    rf"(?:written|implemented|built|coded) (?:in|with)|(?:backend|frontend|server|database|stack|language|code base|codebase)(?: is| must be| should be|:)(?: in)?|use|using|^(?:build|create|make|write|develop|implement|i want|we want|we need|i need)\b.* in) (?:pure |plain |modern |idiomatic )?(?P<stack>{_STACKS})(?![a-z0-9+#.-]*[a-z0-9+#])",
)
_SERVED = re.compile(
    r"^(?:python(?: ?3(?:\.\d+)?)?|fastapi|uvicorn|sqlite3?|docker|docker compose|pytest|web components|server-sent events|html5?|css3?|javascript|js|rest|json|vanilla js|plain javascript)$"
)
_NO_BACKEND = re.compile(
    r"\b(?:(?:no|without(?: an?)?|needs no|has no) (?:backend|back end|back-end|server)(?![ -][a-z])|purely? static|local ?storage only|only (?:in )?(?:the )?browser)\b"
)


def unfit(request: Json, plan: JsonObject | None = None) -> str:
    """Why the blueprint cannot serve the request, in words that quote it, or "" when it can.

    `request` is its text, or an object with `text` and perhaps `stack`; `plan` is the plan made of it, if there is one.
    """
    return misfit(read(request), plan)


def misfit(reading: Reading, plan: JsonObject | None) -> str:
    """The same for a request that is read already."""
    for reason in (_foreign_stack(reading), _another_shape(reading), _nothing_behind(reading)):
        if reason:
            return reason
    stored = plan is None or any(entity.get("relations") for entity in plan.get("entities") or ())
    if stored:
        return ""
    first = next((statement.text for statement in reading.statements if not _aside(statement)), reading.title)
    return f'the blueprint builds web applications that store things and let people work on them; it found nothing of that in "{_short(first)}"'


def _foreign_stack(reading: Reading) -> str:
    parts = [
        part.strip(" .")
        for part in re.split(r"[,;+/\n]|\band\b|\bwith\b|\bon\b", reading.stack.lower())
        if part.strip(" .")
    ]
    foreign = [part for part in parts if not _SERVED.match(part)]
    if foreign:
        return f'the blueprint builds with Python, FastAPI and SQLite; the request insists on "{_short(reading.stack)}"'
    for statement in _told(reading):
        found = _INSISTS.search(normal(statement.text))
        if found:
            return f'the blueprint builds with Python, FastAPI and SQLite; the request says "{_short(statement.text)}"'
    return ""


def _another_shape(reading: Reading) -> str:
    title = normal(reading.title)
    for shape, pattern in _SHAPES.items():
        if title and re.search(rf"(?:^|[:,–—-] )(?:an? )?(?:[a-z0-9-]+ ){{0,2}}(?:{pattern})$", title):
            return _refusal(shape, reading.title)
    for statement in _told(reading)[:6]:
        text = normal(statement.text)
        made = _MAKES.match(text) or re.match(r"^(?=an? )", text)
        rest = text[made.end() :] if made else ""
        if _TRAINS.match(text):
            return _refusal("a model training job", statement.text)
        for shape, pattern in _SHAPES.items():
            if made and re.match(rf"{_ARTICLE}(?:[a-z0-9+#-]+ ){{0,2}}?(?:{pattern})(?![a-z-])", f" {rest.strip()}"):
                return _refusal(shape, statement.text)
    return ""


def _nothing_behind(reading: Reading) -> str:
    for statement in reading.statements:
        if _NO_BACKEND.search(statement.text.lower()):
            return _refusal("something without a server", statement.text)
    return ""


def _refusal(shape: str, quote: str) -> str:
    return f'the blueprint builds web applications with a server, not {shape}; the request says "{_short(quote)}"'


def _told(reading: Reading) -> list[Statement]:
    return [statement for statement in reading.statements if statement.kind == "sentence" and not _aside(statement)]


def _aside(statement: Statement) -> bool:
    return scope.excluding_section(statement.section) or scope.excluded(normal(statement.text), statement.lead)


def _short(text: str) -> str:
    bare = " ".join(text.split())
    return bare if len(bare) <= 160 else bare[:157] + "..."
