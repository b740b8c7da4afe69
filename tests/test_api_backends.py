"""Who serves a name: the first that is ready, never a replacement for what was named, the blueprint alone offline."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from project import Project
from runner.api.backends import choose
from runner.errors import CannotStart
from runner.records import Backend
from runner.registry import MODELS

PAID = Backend(use="openai/gpt-5.2")
DOUBLE = Backend(use="scripted/m")
MISSING = Backend(use="scripted/nothing")
BLUEPRINT = Backend(use="blueprint")
NONE = Backend(use="none")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    Project(tmp_path).write("scripted/m.yaml", "models: {}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("entries", "offline", "named", "chosen"),
    [
        ([PAID, DOUBLE, BLUEPRINT], False, "", "scripted/m"),
        ([PAID, MISSING, BLUEPRINT], False, "", "blueprint"),
        ([DOUBLE, BLUEPRINT], True, "", "blueprint"),
        ([DOUBLE], True, "", "blueprint"),
        ([PAID, NONE], True, "", "none"),
        ([BLUEPRINT], True, "scripted/m", "scripted/m"),
        ([BLUEPRINT], False, "scripted/m", "scripted/m"),
    ],
)
def test_the_first_that_is_ready_is_chosen(
    root: Path, entries: list[Backend], offline: bool, named: str, chosen: str
) -> None:
    assert choose(MODELS, "a", entries, root, offline=offline, named=named).backend.use == chosen


def test_the_reasons_of_those_that_were_not_ready_are_kept(root: Path) -> None:
    why = choose(MODELS, "a", [PAID, MISSING, BLUEPRINT], root, offline=False).why
    assert "openai/gpt-5.2: this version of orch has no adapter" in why
    assert "scripted/nothing" in why


@pytest.mark.parametrize(("entries", "named"), [([PAID, MISSING], ""), ([BLUEPRINT], "openai/gpt-5.2")])
def test_nothing_ready_is_said_with_every_reason(root: Path, entries: list[Backend], named: str) -> None:
    with pytest.raises(CannotStart, match=r"openai/gpt-5\.2: this version"):
        choose(MODELS, "a", entries, root, offline=False, named=named)


def test_a_run_that_can_spend_needs_a_limit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The double stands in for a paid service: the only thing that is changed is that it says it spends.
    monkeypatch.setattr("runner.models.scripted.SPENDS", True)
    project = Project(root)
    project.write("scripted/m.yaml", "models: {a: [{text: hello}]}\n")
    project.pipeline("a: {uses: prompt, with: {model: scripted/m, prompt: hello}}")
    with pytest.raises(CannotStart, match=r"scripted/m can spend .* no cost limit"):
        project.run()
    assert not (root / ".orch").exists()
    assert project.run(budget=1.0).exit_code == 0
    with project.journal() as journal:
        assert len(journal.entries("run", "asking")) == 1


def test_what_was_not_ready_is_said_when_the_run_starts(root: Path) -> None:
    project = Project(root)
    project.write("scripted/m.yaml", "models: {a: [{text: hello}]}\n")
    project.pipeline(
        "a: {uses: prompt, with: {model: writer, prompt: hello}}", "models: {writer: [openai/gpt-5.2, scripted/m]}\n"
    )
    project.run()
    (note,) = project.events("note")
    assert note.data["message"].startswith("writer: scripted/m, because openai/gpt-5.2: ")


def test_a_request_in_flight_at_a_crash_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.models.scripted.SPENDS", True)
    project = Project(root)
    project.write("scripted/m.yaml", "models: {a: [{text: hello, delay: 30s}]}\n")
    project.pipeline("a: {uses: prompt, with: {model: scripted/m, prompt: hello}}", "limits: {cost_usd: 1}\n")
    assert project.run(time=0.3).exit_code == 4
    with project.journal() as journal:
        row = journal.run("run")
        sources = {**row["sources"], "scripted/m.yaml": "models: {a: [{text: hello}]}\n"}
    with sqlite3.connect(root / ".orch" / "journal.db") as other:
        other.execute("UPDATE runs SET sources = ?", (json.dumps(sources),))
        other.execute("UPDATE runs SET data = json_patch(data, ?)", (json.dumps({"options": {"time": 60}}),))
    other.close()
    assert project.resume().exit_code == 0
    notes = [event.data["message"] for event in project.events("note")]
    assert notes[-1] == "in flight when the run stopped, counts as spent: scripted/m for a"
