"""Ask until the answer is right: judge each answer, and name every problem by its JSON path in the next request."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from runner.errors import StepFailed, Transient
from runner.models.base import Answer, Ask, Message
from runner.records import Json, Problem, read_json

Send = Callable[[Ask], Awaitable[Answer]]
Judge = Callable[[Json], Sequence[Problem]]
Rejected = Callable[[Ask, Sequence[Problem]], None]
"""Told of each answer that cannot be used, with what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The last answer's `data`, what is still wrong with it (only where nobody can be asked again), and the request
    that it answered: `ask_again` goes on from there."""

    data: Json
    problems: tuple[Problem, ...]
    ask: Ask
    answer: Answer


async def ask_json(
    send: Send,
    ask: Ask,
    judge: Judge,
    attempts: int,
    deterministic: bool = False,
    rejected: Rejected = lambda ask, problems: None,
) -> Answered:
    """The first answer that `judge` finds no error in, after at most `attempts` requests.

    A deterministic model is not asked again: what is wrong is returned with its answer. Raises errors.StepFailed when
    the last attempt is still wrong.
    """
    problems: Sequence[Problem] = ()
    while True:
        answer = await _sent(send, ask, problems)
        data, problems = _judged(answer, judge)
        if deterministic or not errors(problems):
            return Answered(data=data, problems=tuple(problems), ask=ask, answer=answer)
        rejected(ask, errors(problems))
        if ask.attempt >= attempts:
            raise StepFailed(too_many(problems, ask.attempt))
        ask = ask_again(ask, answer.text or _text(data), problems)


async def _sent(send: Send, ask: Ask, before: Sequence[Problem]) -> Answer:
    try:
        return await send(ask)
    except Transient:
        raise
    except StepFailed as failed:
        if not before:
            raise
        message = f"{failed.message}; the answer before it was rejected: {found_in(before)}"
        raise StepFailed(message, failed.hint) from failed


def ask_again(ask: Ask, said: str, problems: Sequence[Problem]) -> Ask:
    """The next attempt: what was said, and each problem of it."""
    messages = (*ask.messages, Message(role="assistant", text=said), Message(role="user", text=feedback(problems)))
    return replace(ask, messages=messages, attempt=ask.attempt + 1)


def errors(problems: Sequence[Problem]) -> list[Problem]:
    """Those that make an answer unusable; warnings and infos do not."""
    return [problem for problem in problems if problem.severity == "error"]


def feedback(problems: Sequence[Problem]) -> str:
    """The text that asks for a better answer."""
    lines = [f"- {problem.pointer or '/'}: {problem.message}{_hint(problem)}" for problem in errors(problems)]
    return "\n".join(
        [
            "Your answer has problems. Each line is a JSON path and what is wrong there:",
            *lines,
            "Give the whole answer again, corrected.",
        ]
    )


def too_many(problems: Sequence[Problem], attempts: int) -> str:
    """The reason of a step whose answers stay wrong."""
    return f"the answer is still wrong after {attempts} attempt{'' if attempts == 1 else 's'}: {found_in(problems)}"


def found_in(problems: Sequence[Problem]) -> str:
    """The first errors of an answer in one line, and how many more there are."""
    wrong = errors(problems)
    first = "; ".join(f"{problem.pointer or '/'}: {problem.message}" for problem in wrong[:3])
    return f"{first} and {len(wrong) - 3} more" if len(wrong) > 3 else first


def _judged(answer: Answer, judge: Judge) -> tuple[Json, Sequence[Problem]]:
    if answer.data is not None:
        return answer.data, judge(answer.data)
    try:
        data = read_json(answer.text)
    except ValueError as error:
        return None, [Problem("ORC103", "wrong_type", f"the answer is not JSON: {error}")]
    return data, judge(data)


def _hint(problem: Problem) -> str:
    return f" ({problem.hint})" if problem.hint else ""


def _text(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False)
