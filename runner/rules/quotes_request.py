"""ORC450 quotes_request: every requirement quotes the request.

A quote is a substring of the request (or of its front matter) once white space is folded, so that what a model
invented shows. Exclusions and contradictions quote as well, and a constraint that has a quote.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from runner.records import Plan, Problem, Request
from runner.rules.base import Judgement
from runner.rules.reading import folded, plan_of

ID = "ORC450"
NAME = "quotes_request"
SEVERITY: Literal["error"] = "error"
JUDGES: Literal["plan"] = "plan"


def judge(judgement: Judgement) -> Iterator[Problem]:
    if judgement.request is None:
        return
    text = _text(judgement.request)
    for label, pointer, quote in _quotes(plan_of(judgement)):
        if not folded(quote) or folded(quote) not in text:
            yield Problem(
                ID,
                NAME,
                f'{label}: the quote is not in the request: "{folded(quote)[:80]}"',
                pointer=pointer,
                hint="copy the words of the request, letter by letter",
            )


def _text(request: Request) -> str:
    return folded(" \n ".join([request.text, request.title, request.stack, *request.requirements]))


def _quotes(plan: Plan) -> Iterator[tuple[str, str, str]]:
    for place, requirement in enumerate(plan.requirements):
        yield requirement.id, f"/requirements/{place}/quote", requirement.quote
    for place, constraint in enumerate(plan.constraints):
        if constraint.quote:
            yield constraint.id, f"/constraints/{place}/quote", constraint.quote
    for place, exclusion in enumerate(plan.exclusions):
        yield f"exclusion {place + 1}", f"/exclusions/{place}/quote", exclusion.quote
    for place, contradiction in enumerate(plan.contradictions):
        for number, quote in enumerate(contradiction["quotes"]):
            yield f"contradiction {place + 1}", f"/contradictions/{place}/quotes/{number}", str(quote)
