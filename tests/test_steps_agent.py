"""`agent`: one agent in a tree of its own; what failed is told to the next attempt; its words may be data."""

from __future__ import annotations

from pathlib import Path

import pytest

from project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_failed_check_is_told_to_the_next_attempt(project: Project) -> None:
    project.write(
        "scripted/a.yaml",
        """
        agents:
          write:
            - {writes: {a.txt: one}}
            - {writes: {a.txt: two}, expects: [The last attempt was not good, is two]}
    """,
    )
    project.pipeline("""
        write:
          uses: agent
          with:
            agent: scripted/a
            prompt: Write two.
            owns: [a.txt]
            attempts: 2
            checks: [{name: is two, run: [grep, two, a.txt]}]
    """)
    assert project.run().exit_code == 0, project.steps()
    assert (project.root / "out" / "p" / "a.txt").read_text() == "two"


def test_the_last_attempt_fails_the_step(project: Project) -> None:
    project.write("scripted/a.yaml", "agents: {write: [{writes: {b.txt: one}}]}\n")
    project.pipeline("write: {uses: agent, with: {agent: scripted/a, prompt: x, owns: [a.txt], attempts: 2}}")
    assert project.run().exit_code == 1
    assert "not good after 2 attempts: changed b.txt" in project.steps()["write"]["reason"]


def test_an_agent_with_a_schema_answers_data(project: Project) -> None:
    project.write(
        "scripted/a.yaml",
        """
        agents:
          look:
            - {says: "no json"}
            - {says: '{"n": "x"}', expects: [not JSON]}
            - {says: '{"n": 3}', expects: [/n]}
    """,
    )
    project.pipeline("""
        look:
          uses: agent
          with:
            agent: scripted/a
            prompt: Count.
            attempts: 3
            schema: {type: object, required: [n], properties: {n: {type: integer}}}
    """)
    assert project.run().exit_code == 0, project.steps()
    assert project.steps()["look"]["output"] == {"n": 3}


def test_without_owns_an_agent_only_reads(project: Project) -> None:
    project.write("scripted/a.yaml", "agents: {look: [{writes: {a.txt: x}, says: done}]}\n")
    project.pipeline("look: {uses: agent, with: {agent: scripted/a, prompt: x, attempts: 1}}")
    assert project.run().exit_code == 1
    assert "may only read" in project.steps()["look"]["reason"]
