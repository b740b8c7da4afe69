"""Exit codes are about the work: nobody who stops reading, and nothing a person types, makes them another one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from project import Project

REPOSITORY = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "runner"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "p")
    made.pipeline("bad: {uses: command, with: {run: ['false']}}")
    return made


def orch(
    project: Project, *words: str, stdout: int = subprocess.PIPE, stdin: int = subprocess.DEVNULL
) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=project.root, env=environment, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.fixture
def nobody() -> int:
    """The end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("words", [("run", "p", "--progress", "quiet"), ("lint", "pipelines/broken.yaml")])
def test_what_failed_has_failed_although_nobody_reads_it(project: Project, nobody: int, words: tuple[str, ...]) -> None:
    project.write("pipelines/broken.yaml", "version: 1\nname: broken\nsteps: {}\n")
    assert orch(project, *words, stdout=nobody)[0] == 1


REQUEST = "inputs: {request: {type: markdown}, size: {type: number, default: 1}}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--request", "r.md", "--set", "request=x"), "say the same input"),
        (("--request", "r.md", "--set", "size=nan"), "is no number"),
        (("--request", "r.md", "--time", "0s"), "longer than nothing"),
        (("--request", "letters.md"), '"requirements" in front matter must be a list of texts'),
    ],
)
def test_what_would_be_ignored_in_silence_is_refused(project: Project, words: tuple[str, ...], said: str) -> None:
    project.pipeline("a: {uses: command, with: {run: ['true']}}", head=REQUEST)
    project.write("r.md", "# A list\n")
    project.write("letters.md", "---\nrequirements: Loans end\n---\n# A list\n")
    code, err = orch(project, "run", "p", *words)
    assert (code, said in err) == (2, True), err


@pytest.mark.parametrize("command", ["resume", "cancel"])
def test_a_run_that_came_to_its_end_is_not_touched_and_found_by_its_beginning(project: Project, command: str) -> None:
    project.run()
    code, err = orch(project, command, "last")
    assert (code, 'run "run" is finished: failed' in err) == (3, True), err


def test_another_sandbox_in_another_life_is_said(project: Project) -> None:
    project.run(sandbox="none")
    with project.journal() as journal:
        journal.update_run("run", status="interrupted", sandbox="bubblewrap")
    project.resume()
    notes = [event.data["message"] for event in project.events("note")]
    assert "sandbox: none (switched off), it was bubblewrap before" in notes


def test_places_that_cannot_be_written_are_said(project: Project) -> None:
    project.write("file", "x")
    code, err = orch(project, "run", "p", "--workspace", "file/inside")
    assert (code, "the workspace cannot be made" in err) == (3, True), err
    code, err = orch(project, "report", "-o", "file/inside")
    assert (code, "--output file/inside" in err) == (2, True), err


@pytest.mark.parametrize("name", ["/dev/zero", "large.md", "-"])
def test_a_request_has_a_size(project: Project, name: str) -> None:
    project.pipeline("a: {uses: command, with: {run: ['true']}}", head=REQUEST)
    project.write("large.md", "x" * (1024 * 1024 + 1))
    with Path("/dev/zero").open("rb") as zeroes:
        code, err = orch(project, "run", "p", "--request", name, stdin=zeroes.fileno())
    assert (code, "is larger than 1 MiB" in err) == (2, True), err
