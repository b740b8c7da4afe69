"""A request to its plan: what each sentence asks, what is stored, what is assumed, and what was not understood.

The plan is tested before it is given: its own decomposition must serve every requirement and repeat every number of
its quote; a sentence for which that does not hold is not understood, and the plan is made again without it.
"""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runner.blueprint.criteria import criteria_of
from runner.blueprint.doubting import doubts
from runner.blueprint.entities import entities_of
from runner.blueprint.fit import misfit
from runner.blueprint.folding import fold
from runner.blueprint.reading import Reading, Statement, read
from runner.blueprint.reading import fold as folded
from runner.blueprint.things import World
from runner.blueprint.understanding import Understood, understand
from runner.blueprint.understanding.facts import Fact
from runner.records import Json, JsonObject

Decompose = Callable[[JsonObject], list[dict[str, Json]]]
"""All tasks of a plan, whatever its components."""

_NO_ACCOUNTS = re.compile(
    r"^(?:there (?:is|are|must be) )?(?:no|without(?: an?)?) (?:log-?ins?|accounts?|sign-?up|registration|users?|authentication)"
    r"(?:(?:,| and| or|,? no| nor)+ (?:no )?(?:log-?ins?|accounts?|sign-?up|registration|users?|authentication))*$"
)
_CONSTRAINTS = frozenset({"hashed", "forbid", "open_reading"})
_TITLES: Mapping[str, str] = {
    "database": "SQLite database",
    "backend": "FastAPI application",
    "authentication": "Sign-up, login, bearer tokens",
    "api": "REST endpoints",
    "realtime": "Live notifications",
    "frontend": "Web page",
    "infrastructure": "Container, workflow, dependencies",
    "testing": "Tests",
    "documentation": "Documents",
}


@dataclass(slots=True)
class Draft:
    """The plan while it is made: which statements count as understood, and the ids that they were given."""

    reading: Reading
    units: tuple[Understood, ...]
    refused: set[int] = field(default_factory=set)
    ids: dict[int, str] = field(default_factory=dict)
    assumptions: list[dict[str, str]] = field(default_factory=list)
    doubted: set[str] = field(default_factory=set)

    def assume(self, text: str, why: str, *about: str) -> str:
        """The id of an assumption; the same text keeps its id. `about` are its words, each with its alternatives: a
        sentence that was not understood and has a word of each may say otherwise, and is then the `why`."""
        for known in self.assumptions:
            if known["text"] == text:
                return known["id"]
        lines = doubts((unit.statement for unit in self.missed()), about)
        if lines:
            why = f"{lines} something about it that was not understood."
            self.doubted.add(f"A-{len(self.assumptions) + 1}")
        self.assumptions.append({"id": f"A-{len(self.assumptions) + 1}", "text": text, "why": why})
        return self.assumptions[-1]["id"]

    def missed(self) -> Iterator[Understood]:
        """What was not understood, as a whole or at all."""
        kept = ((index, unit) for index, unit in enumerate(self.units) if not unit.excluded)
        return (unit for index, unit in kept if not unit.whole or index in self.refused)


def make_plan(request: Json, components: Mapping[str, Sequence[str]] | None, decompose: Decompose) -> dict[str, Json]:
    """The plan of a request. `components` are those that managers declare, each with its signals (None:
    every one that is known)."""
    reading = read(request)
    units = understand(reading.statements)
    refused: set[int] = set()
    while True:
        draft = Draft(reading=reading, units=units, refused=refused)
        plan, wrong = _attempt(draft, components, decompose)
        if not wrong - refused:
            refusal = misfit(draft.reading, plan) if plan["entities"] else ""
            return _nothing(draft, plan, components) if refusal else plan
        refused = refused | wrong


def _attempt(
    draft: Draft, components: Mapping[str, Sequence[str]] | None, decompose: Decompose
) -> tuple[dict[str, Json], set[int]]:
    """A plan, and the numbers of the statements that it does not serve after all."""
    _number(draft)
    signed_in = not any(unit.excluded and _NO_ACCOUNTS.match(_bare(unit)) for unit in draft.units)
    world = fold(_facts(draft), signed_in)
    back = {id_: index for index, id_ in draft.ids.items()}
    wrong = {back[id_] for id_ in world.refused if id_ in back}
    if wrong:
        return {}, wrong
    plan = _plan(draft, world, signed_in)
    if not plan["requirements"] or not any(entity["relations"] for entity in plan["entities"]):
        return _nothing(draft, {**plan, "entities": []}, components), set()
    tasks = decompose(plan)
    wrong = {back[id_] for id_ in _unserved(plan, tasks) if id_ in back}
    plan["components"] = _components(plan, tasks, components)
    plan["questions"] += _signalled(draft, plan, components or {})
    _settle(plan)
    return plan, wrong


def _bare(unit: Understood) -> str:
    return re.sub(r"^[-*+] ", "", unit.statement.text.lower()).strip(" .!")


def _number(draft: Draft) -> None:
    """R-n and C-n in the order of the text; what is understood in part gets an assumption."""
    counts = {"R": 0, "C": 0}
    for index, unit in enumerate(draft.units):
        if unit.excluded or index in draft.refused:
            continue
        if unit.whole:
            letter = "C" if all(fact.kind in _CONSTRAINTS for fact in unit.facts) else "R"
            counts[letter] += 1
            draft.ids[index] = f"{letter}-{counts[letter]}"
        elif unit.facts:
            draft.ids[index] = draft.assume(
                f'Of the sentence "{unit.statement.text}" the parts that were understood are built.',
                f"Line {unit.statement.line} was not understood as a whole.",
            )


def _facts(draft: Draft) -> list[tuple[str, Fact]]:
    return [
        (draft.ids[index], fact) for index, unit in enumerate(draft.units) if index in draft.ids for fact in unit.facts
    ]


def _plan(draft: Draft, world: World, signed_in: bool) -> dict[str, Json]:
    entities, stack = entities_of(world, draft.assume, signed_in)
    _delivery(draft, world, stack)
    whole = [(index, unit) for index, unit in enumerate(draft.units) if index in draft.ids and unit.whole]
    for _, unit in whole:
        if unit.built:
            draft.assume(
                f'"{unit.built}" is read as what the rest of the request says, no more.',
                "A name or a likeness states nothing exact.",
            )
    requirements = [_entry(draft, index, unit) for index, unit in whole if draft.ids[index].startswith("R")]
    constraints = [_entry(draft, index, unit) for index, unit in whole if draft.ids[index].startswith("C")]
    title = draft.reading.title or "Application"
    return {
        "title": title,
        "summary": f"{title}: one FastAPI application on SQLite with a web page of plain web components.",
        "requirements": requirements,
        "constraints": constraints,
        "criteria": criteria_of(entities, stack, draft.doubted),
        "components": [],
        "entities": entities,
        "interfaces": [],
        "assumptions": draft.assumptions,
        "exclusions": [
            {"text": unit.statement.text, "quote": unit.statement.quote} for unit in draft.units if unit.excluded
        ],
        "questions": _questions(draft),
        "contradictions": _contradictions(draft),
        "not_understood": [{"line": unit.statement.line, "text": unit.statement.quote} for unit in draft.missed()],
        "stack": stack,
    }


def _entry(draft: Draft, index: int, unit: Understood) -> dict[str, Json]:
    statement = unit.statement
    text = f"{statement.lead}: {statement.text}" if statement.lead else statement.text
    return {"id": draft.ids[index], "text": folded(text), "quote": statement.quote}


def _delivery(draft: Draft, world: World, stack: dict[str, Json]) -> None:
    """What the software comes with: asked for, or assumed with its reason."""
    artefacts = {name: sorted(ids) for name, ids in world.artefacts.items()}
    stack["artefacts"] = artefacts
    stack["ids"] = {
        "storage": artefacts.get("sqlite")
        or [
            draft.assume(
                "The data lives in one SQLite file; every migration has a PostgreSQL twin.",
                "The request asks for no other database; a file needs no server to start.",
                "database|db|store|storage|sqlite|data",
            )
        ],
        "operations": [
            draft.assume(
                "A pinned container image, a compose file, a GitHub Actions workflow and pinned dependencies.",
                "Whoever runs the software needs a way to start it anywhere.",
                "docker|container|compose|deploy|workflow|ci|host|image",
            )
        ],
        "tests": artefacts.get("tests")
        or [
            draft.assume(
                "Unit and integration tests with pytest.",
                "Every requirement is shown by a test that can fail.",
                "test|pytest|coverage",
            )
        ],
        "documents": [
            draft.assume(
                "A README, an API reference and a description of the data.",
                "Whoever runs it needs the commands.",
                "readme|documentation|documented|manual",
            )
        ],
        "health": artefacts.get("health")
        or [draft.assume("A health endpoint.", "The container's health check calls it.", "health")],
        "page": artefacts.get("page")
        or [
            draft.assume(
                "A web page on which everything can be done.",
                "People use the software in a browser; the request asks for no other way.",
                "page|browser|web|website|interface|ui|screen",
            )
        ],
    }


def _questions(draft: Draft) -> list[str]:
    return [
        f'Line {unit.statement.line}: what exactly is meant by "{unit.statement.text}"?'
        for unit in draft.missed()
        if unit.statement.kind == "sentence"
    ]


_OPPOSITES = (
    (
        r"\blocal storage only|only in (?:the )?local storage|no server\b|without a server\b",
        r"\brest api\b|\bsqlite\b|\bserver\b",
        "nothing but the browser, and a server",
    ),
    (r"\bno (?:login|accounts?)\b", r"\b(?:log in|sign up|sign in|password)\b", "no accounts, and accounts"),
)


def _contradictions(draft: Draft) -> list[dict[str, Json]]:
    found = []
    for one, other, text in _OPPOSITES:
        first = next((unit.statement for unit in draft.units if re.search(one, unit.statement.text, re.I)), None)
        second = next(
            (
                unit.statement
                for unit in draft.units
                if unit.statement is not first and not unit.excluded and re.search(other, unit.statement.text, re.I)
            ),
            None,
        )
        if first and second:
            found.append({"text": f"The request wants {text}.", "quotes": [first.quote, second.quote]})
    return found


def _unserved(plan: JsonObject, tasks: list[dict[str, Json]]) -> set[str]:
    """Requirements and constraints that no task serves, or whose numbers stand in no task that serves them."""
    said: dict[str, str] = {}
    for task in tasks:
        text = f"{task['spec']} "
        for id_ in task["requirements"]:
            said[id_] = said.get(id_, "") + text
    wrong: set[str] = set()
    for entry in [*plan["requirements"], *plan["constraints"]]:
        numbers = {number.replace(",", "") for number in re.findall(r"\d[\d,]*", _prose(str(entry["quote"])))}
        known = set(re.findall(r"\d+", said.get(entry["id"], "")))
        if entry["id"] not in said or not numbers <= known:
            wrong.add(str(entry["id"]))
    return wrong


def _prose(quote: str) -> str:
    """The quote without the markers of numbered lists and names that hold digits."""
    return re.sub(r"(?<=: )\d+[.)] |\b[a-z_]+\d+\b|\bv\d+\b", "", quote, flags=re.I)


def _components(
    plan: JsonObject, tasks: list[dict[str, Json]], known: Mapping[str, Sequence[str]] | None
) -> list[dict[str, Json]]:
    """A component is planned because a task of it serves something: its `why` is what its tasks serve."""
    why: dict[str, list[str]] = {}
    for task in tasks:
        names = why.setdefault(str(task["component"]), [])
        names += [id_ for id_ in task["requirements"] if id_ not in names]
    return [
        {"name": name, "title": _TITLES[name], "why": sorted(why[name], key=_id_key)}
        for name in _TITLES
        if name in why and (known is None or name in known)
    ]


def _id_key(id_: str) -> tuple[int, int]:
    return "RCSA".index(id_[0]), int(id_[2:])


def _signalled(draft: Draft, plan: JsonObject, components: Mapping[str, Sequence[str]]) -> list[str]:
    """Components of managers that the request speaks of and that these rules cannot plan: asked, never dropped."""
    planned = {component["name"] for component in plan["components"]}
    told = [unit.statement for unit in draft.units if not unit.excluded]
    questions = []
    for name, signals in components.items():
        found = (
            (statement, signal)
            for signal in signals
            for statement in told
            if re.search(rf"\b{re.escape(signal)}", statement.text, re.I)
        )
        statement, signal = next(found, (None, ""))
        if statement is not None and name not in planned and name not in _TITLES:
            questions.append(
                f'Line {statement.line} says "{signal}": should the component {name} be built? It needs another model.'
            )
    return questions


def _settle(plan: dict[str, Json]) -> None:
    """Requirements that no planned component serves (its manager is not there) are not claimed."""
    named = {id_ for component in plan["components"] for id_ in component["why"]}
    lost = [entry for entry in plan["requirements"] if entry["id"] not in named]
    if lost and len(lost) < len(plan["requirements"]):
        plan["requirements"] = [entry for entry in plan["requirements"] if entry["id"] in named]
        plan["not_understood"] += [{"line": 1, "text": entry["quote"]} for entry in lost]


def _nothing(draft: Draft, plan: dict[str, Json], components: Mapping[str, Sequence[str]] | None) -> dict[str, Json]:
    """The plan of a request that is refused when it is to be carried out: why, what was understood and what was not."""
    statement = next(
        (unit.statement for unit in draft.units if not unit.excluded),
        next((unit.statement for unit in draft.units), Statement(text=plan["title"], quote=plan["title"], line=1)),
    )
    reason = misfit(draft.reading, plan)
    name = "documentation" if components is None or "documentation" in components else min(components)
    requirements = plan["requirements"] or [{"id": "R-1", "text": statement.text, "quote": statement.quote}]
    ids = [entry["id"] for entry in requirements]
    return {
        **plan,
        "summary": f"Not built: {reason}.",
        "requirements": requirements,
        "criteria": [],
        "constraints": [],
        "entities": [],
        "assumptions": [],  # nothing is built that could rest on one
        "questions": [],
        "components": [{"name": name, "title": _TITLES.get(name, name), "why": ids}],
    }
