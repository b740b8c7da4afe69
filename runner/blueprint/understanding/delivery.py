"""How the software is delivered: page, container, documents, storage. Only what the pack really makes is understood."""

# ruff: noqa: E501 - patterns are easier to read and compare on one line.

from __future__ import annotations

import re

from runner.blueprint.understanding import phrases
from runner.blueprint.understanding.facts import Fact, Scene
from runner.records import JsonObject

_ARTEFACTS = {
    "dockerfile": "dockerfile",
    "docker image": "dockerfile",
    "container image": "dockerfile",
    "compose file": "compose",
    "docker compose file": "compose",
    "ci workflow": "ci",
    "ci pipeline": "ci",
    "github actions workflow": "ci",
    "readme": "readme",
    "web page": "page",
    "web interface": "page",
    "web app": "page",
    "tests": "tests",
    "test suite": "tests",
    "openapi file": "openapi",
    "openapi document": "openapi",
    "openapi description": "openapi",
    "rest api": "api",
    "http api": "api",
    "json api": "api",
    "health check": "health",
}
_WHOLE: tuple[tuple[str, str], ...] = (
    (
        r"(?:everything|all of this|all this|it|the whole application|the application) (?:can be done|works|is used|is usable|can be used|is available) (?:on|in|from|by|through) (?:a|the) (?:web page|web browser|browser|web interface)(?: that works in (?:a|any) (?:current|modern) browser)?",
        "page",
    ),
    (
        r"there (?:is|must be) an? (?:simple )?(?:web page|web interface)(?: for (?:it|all of this|everything|all this))?",
        "page",
    ),
    (
        r"the api is (?:described|documented) (?:by|in|with) (?:an )?openapi(?: (?:file|document|description))?",
        "openapi",
    ),
    (r"(?:the )?(?:data|everything) (?:is|are) (?:stored|kept) in (?:an? )?sqlite(?: (?:database|file))?", "sqlite"),
    (
        r"(?:it|the application|the server|everything|the software) (?:runs|can run|starts|can be started|must run) (?:in (?:a )?(?:docker )?container|in docker|with docker(?: compose)?)",
        "compose",
    ),
    (
        r"(?:it|the backend|the server|the software) (?:is|must be) (?:written|built|made) (?:in|with|on) (?:python|fastapi|python and fastapi|python with fastapi)",
        "python",
    ),
)


def read(text: str, scene: Scene) -> list[Fact] | None:
    """Sentences about what the software comes with."""
    for pattern, name in _WHOLE:
        if re.fullmatch(pattern, text):
            return [Fact(kind="artefact", data={"name": name})]
    found = re.fullmatch(
        r"(?:it|the software|the project|the application|the repository|everything) (?:comes|ships|is delivered|must come) with (?P<list>.+)|there (?:is|are|must be) (?P<also>.+)",
        text,
    )
    if not found:
        return None
    names = phrases.listed(found.group("list") or found.group("also"), _artefact)
    return [Fact(kind="artefact", data=name) for name in names] if names else None


def _artefact(text: str) -> list[JsonObject] | None:
    bare = re.sub(r"^(?:an?|the|its) ", "", text)
    return [{"name": _ARTEFACTS[bare]}] if bare in _ARTEFACTS else None
