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
