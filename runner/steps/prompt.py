"""`prompt`: render a template, ask a model, judge the answer by schema and rules, ask again naming each problem.

Under `foreach` the rules judge the joined answers (`settle`), and only the items that own a problem are asked again.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping, Sequence

from runner import schema
from runner.errors import FileProblems, StepFailed
from runner.models.ask import Answered, Judge, ask_again, ask_json, errors, too_many
from runner.models.base import Answer, Ask, Message
from runner.records import Json, JsonObject, Plan, Problem, from_json
from runner.rules.answers import judge_answer
from runner.rules.base import Judgement
from runner.rules.places import placed
from runner.steps.base import StepContext, StepResult
from runner.steps.owners import by_item
from runner.steps.rejecting import say_rejected
from runner.steps.splitting import expanded

OPTIONS: JsonObject = {"$ref": "pipeline.schema.json#/$defs/with_prompt"}
VERBATIM = ("model", "template", "prompt", "schema", "attempts", "rules")
IMPLICIT = ("request", "plan", "managers", "run")
"""What every template sees beside its `vars`."""
DEPTH = 3
"""Levels of further decomposition where no limit says otherwise."""
PUBLISHED: Mapping[str, str] = {"urn:orch:plan:1": "plan", "urn:orch:tasks:1": "tasks"}
"""Answers of these schemas are made known under these names."""


async def run(context: StepContext) -> StepResult:
    """The answer: text without a schema, else data that fits it. Raises errors.StepFailed, errors.Transient."""
    ask = first_ask(context)
    if ask.schema is None:
        answer = await _send(context, ask)
        return StepResult(output=answer.text)
    alone = context.step.foreach is None
    judge: Judge = (lambda data: _judged(context, data)) if alone else (lambda data: _misfits(context, data))
    answered = await _ask(context, ask, judge)
    if alone:
        _publish(context, answered.data)
    return StepResult(output=answered.data)


async def settle(
    contexts: Mapping[str, StepContext],
    results: Mapping[str, StepResult],
    join: Callable[[list[Json]], Json],
) -> Mapping[str, StepResult]:
    """Judges the joined answers and asks the items that own a problem again; an item without a result has failed, and
    what it owes is asked of no other one. Raises errors.StepFailed."""
    if not results:
        return results
    context = next(iter(contexts.values()))
    if wanted_schema(context) is None:
        return results
    outputs = {item: result.output for item, result in results.items()}
    asks = {item: first_ask(contexts[item]) for item in outputs}
    failed = contexts.keys() - results.keys()
    while True:
        joined = join(list(outputs.values()))
        wrong = [one for one in _by_rules(context, joined, depth=0) if one.owner not in failed]
        if not errors(wrong) or _deterministic(context):
            break
        for item, problems in by_item(context.step, outputs, errors(wrong)).items():
            say_rejected(contexts[item], asks[item], problems)
            answered = await _again(contexts[item], asks[item], outputs[item], problems)
            asks[item], outputs[item] = answered.ask, answered.data
    _say(context, wrong)
    _publish(context, joined)
    return {item: dataclasses.replace(results[item], output=output) for item, output in outputs.items()}


async def given(context: StepContext, output: Json) -> StepResult:
    """Judges an output that a person supplies like an answer, and publishes it. Raises errors.FileProblems."""
    wrong = _judged(context, output)
    if errors(wrong):
        raise FileProblems([placed(problem, context.document) for problem in errors(wrong)])
    _say(context, wrong)
    _publish(context, output)
    return StepResult(output=output)


def first_ask(context: StepContext) -> Ask:
    """The request of the first attempt: the rendered prompt, and its variables for models that work by rules."""
    options = context.options
    variables = {name: context.scope[name] for name in IMPLICIT if name in context.scope} | dict(
        options.get("vars", {})
    )
    text = context.render(str(options.get("template", "")), str(options.get("prompt", "")), variables)
    return Ask(
        address=context.address,
        messages=(Message(role="user", text=text),),
        inputs=variables,
        schema=wanted_schema(context),
    )


def wanted_schema(context: StepContext) -> JsonObject | None:
    """The JSON Schema of the answer, from its file or from the pipeline itself; None for text."""
    option = context.options.get("schema")
    return context.schemas(option) if isinstance(option, str) else option


async def _ask(context: StepContext, ask: Ask, judge: Judge) -> Answered:
    attempts = _attempts(context)
    rejected = functools.partial(say_rejected, context)
    answered = await ask_json(lambda one: _send(context, one), ask, judge, attempts, _deterministic(context), rejected)
    if misfits := errors(_misfits(context, answered.data)):
        raise StepFailed(too_many(misfits, answered.ask.attempt))
    _say(context, answered.problems)
    return dataclasses.replace(answered, data=await _split(context, ask, answered.data))


async def _split(context: StepContext, ask: Ask, data: Json) -> Json:
    """The answer with tasks that are too large decomposed again. Raises errors.StepFailed where they stay wrong."""

    async def answer(part: Ask) -> Json:
        judge = functools.partial(_misfits, context)
        send = functools.partial(_send, context)
        rejected = functools.partial(say_rejected, context)
        found = await ask_json(send, part, judge, _attempts(context), _deterministic(context), rejected)
        if errors(found.problems):
            raise StepFailed(too_many(found.problems, found.ask.attempt))
        return found.data

    def render(variables: JsonObject) -> str:
        options = context.options
        return context.render(str(options.get("template", "")), str(options.get("prompt", "")), variables)

    whole = await expanded(ask, data, _depth(context), render, answer)
    if whole is not data and context.step.foreach is None and (wrong := errors(_by_rules(context, whole, depth=0))):
        raise StepFailed(too_many(wrong, 1))
    return whole


async def _again(context: StepContext, ask: Ask, output: Json, problems: Sequence[Problem]) -> Answered:
    if ask.attempt >= _attempts(context):
        raise StepFailed(f"{context.item}: {too_many(problems, ask.attempt)}")
    said = json.dumps(output, ensure_ascii=False)
    return await _ask(context, ask_again(ask, said, problems), lambda data: _misfits(context, data))


async def _send(context: StepContext, ask: Ask) -> Answer:
    return await context.ask(str(context.options["model"]), ask)


def _judged(context: StepContext, data: Json) -> list[Problem]:
    """By the schema first; rules read data that fits it."""
    misfits = _misfits(context, data)
    return misfits if errors(misfits) else [*misfits, *_by_rules(context, data)]


def _misfits(context: StepContext, data: Json) -> list[Problem]:
    wanted = wanted_schema(context)
    return schema.problems(wanted, data, context.document, schemas=context.schemas) if wanted is not None else []


def _by_rules(context: StepContext, data: Json, depth: int | None = None) -> list[Problem]:
    names = context.options.get("rules", ())
    if not names:
        return []
    judgement = Judgement(
        data=data,
        managers=context.managers,
        plan=from_json(Plan, context.scope["plan"]) if context.scope.get("plan") else context.plan,
        request=context.request,
        depth=_depth(context) if depth is None else depth,
    )
    return judge_answer(tuple(names), judgement)


def _deterministic(context: StepContext) -> bool:
    return context.deterministic(str(context.options["model"]))


def _depth(context: StepContext) -> int:
    return context.step.limits.depth or context.pipeline.limits.depth or DEPTH


def _attempts(context: StepContext) -> int:
    own = context.options.get("attempts") or context.step.limits.attempts or context.pipeline.limits.attempts
    return int(own or 3)


def _publish(context: StepContext, data: Json) -> None:
    wanted = wanted_schema(context) or {}
    kind = PUBLISHED.get(str(wanted.get("$id", "")))
    if kind:
        context.publish(kind, data)


def _say(context: StepContext, problems: Sequence[Problem]) -> None:
    """What nobody can be asked about again stays an open question, which the report shows."""
    for problem in problems:
        data = {"severity": "warning", "rule": problem.rule, "message": problem.message, "hint": problem.hint}
        context.emit("problem", context.address, data)
