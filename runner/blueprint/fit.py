"""Whether the blueprint can serve a request at all: it builds web applications that store something.

Pure. Only what the request insists on refuses it: exclusions ("no command-line client") and side remarks do not.
"""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

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
_FOREIGN = re.compile(
    r"(?<![\w.-])(?:django|flask|ruby on rails|rails|laravel|symfony|wordpress|spring boot|asp\.net|\.net(?: core)?|nest\.?js|next\.?js|nuxt(?:\.?js)?|node\.?js|express\.?js|vue\.?js|react\.?js|react native|angular(?:js)?|svelte(?:kit)?|jquery|tailwind(?: ?css)?|"
    r"bootstrap css|flutter|golang|kotlin|scala|php|c#|c\+\+|elixir|clojure|haskell|erlang|typescript|mongo(?:db)?|postgres(?:ql)?|mysql|mariadb|mssql|sql server|oracle database|dynamodb|cassandra|redis|firebase|firestore|supabase|"
    r"couchdb|neo4j|elasticsearch|kafka|rabbitmq|graphql|grpc|kubernetes|k8s|aws(?: lambda)?|amazon web services|azure|google cloud|gcp|heroku|vercel|netlify|cloudflare)(?![\w#+-]|\.\w)",
    re.I,
)
_FOREIGN_NAMES = re.compile(
    r"(?<![\w.-])(?:Go|Rust|Java|Ruby|Swift|React|Vue|Angular|Express|Spring|Phoenix|Oracle|Node|Perl|Dart|Deno|Bun)(?![\w#+-]|\.\w)"
)
"""Words that are plain English too: only with a capital, and where a stack is spoken of."""

_OF_A_STACK = re.compile(
    r"\b(?:(?:re)?written|write (?:it|this|the [a-z -]+?)|built|build|implement(?:ed)?|developed?|coded|programmed|made (?:in|with)|use|uses|using|based on|powered|backed by|runs? (?:on|in|with)|running on|(?:stored?|kept|keep|saved?|persist(?:ed)?|lives?) (?:[a-z]+ ){0,4}(?:in|on|with)|tech|"
    r"host(?:ed)?|deploy(?:ed|ment)?|front[ -]?end|back[ -]?end|server|database|db|storage|(?:tech(?:nical|nology)? )?stack|technolog(?:y|ies)|framework|language|infrastructure|cloud|architecture|api|on top of|prefer(?:red|ably)?|ideally)\b",
    re.I,
)
_SPOKEN_AS = r"(?:\b(?:in|with|on|using|uses?|by|via|is|are|be|to|and|or|plus|an?|the|prefer|as)\s+|[:,/|+(]\s*|^)(?:(?:an?|the|plain|modern) )?"
_DENIED = re.compile(
    r"\b(?:no|not|never|without|neither|nor|avoid|instead of|rather than|other than|than|unlike|away from|from|replaces?|(?:do|does|is|are|must|should|need)n't|cannot|about|used to|was|were|had|previously|until now|so far)\b",
    re.I,
)
_CLAUSE = re.compile(r";|\bbut\b|, (?=(?:use|it|we|the|they|instead|so|and use)\b)|[.] ", re.I)
_OWN = r"(?:sqlite3?|python|fastapi|web components|javascript)"
_SERVED = re.compile(
    r"^(?:python(?: ?3(?:\.\d+)?)?|fastapi|uvicorn|sqlite3?|docker|docker compose|pytest|web components|server-sent events|html5?|css3?|javascript|js|rest|json|vanilla js|plain javascript)$"
)
_BUILT_WITH = "the blueprint builds with Python, FastAPI and SQLite"
_NO_BACKEND = re.compile(
    r"\b(?:(?:no|without(?: an?)?|needs no|has no) (?:backend|back end|back-end|server)(?![ -][a-z])|purely? static|local ?storage only|only (?:in )?(?:the )?browser)\b"
)


def unfit(request: Json, plan: JsonObject | None = None, stored: bool = False) -> str:
    """Why the blueprint cannot serve the request, in words that quote it, or "" when it can.

    `request` is its text, or an object with `text` and perhaps `stack`; `plan` is the plan made of it, if there is one;
    `stored` says that its tasks store something, whatever the plan says.
    """
    return misfit(read(request), plan, stored)


def misfit(reading: Reading, plan: JsonObject | None, stored: bool = False) -> str:
    """The same for a request that is read already."""
    reasons = (_foreign_stack(reading), _another_shape(reading), _nothing_behind(reading), _too_little(reading, plan))
    refused = next((reason for reason in reasons if reason), "")
    if refused or stored or plan is None or any(entity.get("relations") for entity in plan.get("entities") or ()):
        return refused
    first = next((statement.text for statement in reading.statements if not _aside(statement)), reading.title)
    return f'the blueprint builds web applications that store things and let people work on them; it found nothing of that in "{_short(first)}"'


def _too_little(reading: Reading, plan: JsonObject | None) -> str:
    """Software made of less than half of what was said would be another software. A fence of code counts as nothing."""
    code = {statement.quote for statement in reading.statements if statement.kind == "code"}
    missed = [entry["text"] for entry in (plan or {}).get("not_understood") or () if entry["text"] not in code]
    told = [*((plan or {}).get("requirements") or ()), *((plan or {}).get("constraints") or ())]
    good = len([entry for entry in told if entry.get("quote") not in missed])
    if not good or good >= len(missed):
        return ""
    return f"only {good} of {good + len(missed)} sentences were understood; the rest is listed under not understood"


def _foreign_stack(reading: Reading) -> str:
    parts = [
        part.strip(" .")
        for part in re.split(r"[,;+/\n]|\band\b|\bwith\b|\bon\b", reading.stack.lower())
        if part.strip(" .")
    ]
    foreign = [part for part in parts if not _SERVED.match(part)]
    if foreign:
        return f'{_BUILT_WITH}; the request insists on "{_short(reading.stack)}"'
    named = (statement.text for statement in _named(reading) if _states_foreign(statement))
    quote = next(named, reading.title if _titled_foreign(reading.title) else "")
    return f'{_BUILT_WITH}; the request says "{_short(quote)}"' if quote else ""


def _named(reading: Reading) -> Iterator[Statement]:
    """What may name a stack: sentences and rows of tables that are not excluded."""
    wanted = (statement for statement in reading.statements if statement.kind in ("sentence", "row"))
    return (statement for statement in wanted if not _aside(statement))


def _states_foreign(statement: Statement) -> bool:
    """Whether the statement wants its software made with, run on or stored in what the blueprint does not use."""
    context = " ".join((*statement.section[1:], statement.lead, statement.text))
    if _ABILITY.match(normal(statement.text)) or not _OF_A_STACK.search(context):
        return _insists(statement)
    text = f"{statement.lead} {statement.text}" if statement.lead else statement.text
    found = [*_FOREIGN.finditer(text), *_FOREIGN_NAMES.finditer(text)]
    return _insists(statement) or any(_wanted(text, one) for one in found)


_ABILITY = re.compile(r"^(?:only )?(?:an?|any|every|each|the|all)? ?(?:[a-z-]+ ){1,3}can (?!be\b)")


def _insists(statement: Statement) -> bool:
    found = _INSISTS.search(normal(statement.text)) if statement.kind == "sentence" else None
    return found is not None and not _DENIED.search(_before(normal(statement.text), found.start("stack")))


def _wanted(text: str, found: re.Match[str]) -> bool:
    """Whether the name is wanted there: no "instead of", no choice that the blueprint's own stack is among."""
    start, end = found.span()
    spoken = re.search(rf"{_SPOKEN_AS}$", text[:start], re.I) or re.match(
        r" (?:is|as|for|front|back|server|data)", text[end:], re.I
    )
    choice = re.search(rf"\b{_OWN},? or (?:an? )?$", text[:start], re.I) or re.match(
        rf",? or (?:an? )?{_OWN}\b", text[end:], re.I
    )
    spared = choice or re.match(r" (?:twin|is not|are not|isn't|comes later|later)\b", text[end:], re.I)
    return bool(spoken) and not spared and not _DENIED.search(_before(text, start))


def _before(text: str, end: int) -> str:
    """What stands before in the same clause."""
    cuts = [found.end() for found in _CLAUSE.finditer(text, 0, end)]
    return text[cuts[-1] if cuts else 0 : end]


def _titled_foreign(title: str) -> bool:
    return bool(
        re.search(rf"\b(?:in|with|using|on) (?:(?-i:{_FOREIGN_NAMES.pattern})|{_FOREIGN.pattern})$", title, re.I)
    )


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
