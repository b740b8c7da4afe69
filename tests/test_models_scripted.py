"""The double of a model: the n-th answer for the n-th attempt, expectations, transient failures, no made-up answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from project import Project
from runner.errors import StepFailed, Transient
from runner.models import scripted
from runner.models.base import Ask, Message

SCRIPT = """
    models:
      plan:
        - {transient: true}
        - {json: {n: 1}}
        - {text: second, delay: 1ms}
      strict: [{expects: [VARCHAR, posts], json: []}]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    Project(tmp_path).write("scripted/m.yaml", SCRIPT)
    return tmp_path


def _ask(address: str, text: str = "", attempt: int = 1) -> Ask:
    return Ask(address=address, messages=(Message(role="user", text=text),), attempt=attempt)


async def test_each_attempt_has_its_answer_and_fails_first_where_the_script_says_so(root: Path) -> None:
    model = scripted.open_model("m", {}, root)
    with pytest.raises(Transient):
        await model.send(_ask("plan"))
    assert (await model.send(_ask("plan"))).data == {"n": 1}
    assert (await model.send(_ask("plan", attempt=2))).text == "second"


async def test_the_last_entry_serves_all_later_attempts(root: Path) -> None:
    Project(root).write("scripted/m.yaml", SCRIPT + "      down: [{json: 1}, {transient: true}]\n")
    model = scripted.open_model("m", {}, root)
    assert [(await model.send(_ask("plan", attempt=number))).text for number in (2, 3, 7)] == ["second"] * 3
    assert (await model.send(_ask("down"))).data == 1
    for _ in range(3):
        with pytest.raises(Transient):
            await model.send(_ask("down", attempt=2))


async def test_what_the_script_lacks_is_said(root: Path) -> None:
    model = scripted.open_model("m", {}, root)
    with pytest.raises(StepFailed, match='no answer for "other"'):
        await model.send(_ask("other"))
    with pytest.raises(StepFailed, match="lacks 'posts'"):
        await model.send(_ask("strict", "a VARCHAR"))
    assert (await model.send(_ask("strict", "VARCHAR posts"))).data == []


def test_readiness_names_what_is_wrong(root: Path) -> None:
    assert scripted.ready("m", {}, root, False) == ""
    assert "none.yaml" in scripted.ready("none", {}, root, False)
    Project(root).write("scripted/typo.yaml", "models: {plan: [{jsno: 1}]}\n")
    assert "jsno" in scripted.ready("typo", {}, root, False)
