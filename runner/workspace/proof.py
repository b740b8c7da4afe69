"""The proof of a merge: every line that it removes was the task's to remove (DESIGN 7).

A line may go if it was there before the run, or is, by `git blame -w` and the `Orch-Task` trailer, of a task in
`allowed`. What a step of the pipeline made itself (`Orch-Step`) counts as there before. Blank lines and lines that are
added again in the same file (or its rename) do not count: a move, a re-indent, other line ends and sorted imports lose
nothing. A binary counts as one line of its last author, and so does a file without lines that is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from runner.managing.globs import matches
from runner.workspace.git import Git
from runner.workspace.hunks import FileHunks, read_diff
from runner.workspace.worktrees import Workspace

BEFORE = ""
"""The author of what was there before the run."""
OUTSIDE = "?"
"""The author of commits on the run's branch that no task of the run made."""

_LOOKED_AT = 8000
"""Bytes in which a NUL makes a file binary, as in git."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A line that a merge removes: `line` in the head's file (0 for a whole file), `task` its author."""

    path: str
    line: int
    text: str
    task: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        who = "a commit from outside this run" if self.task == OUTSIDE else self.task
        return f"{place} (of {who}): {self.text.strip()[:120]}"


@dataclass(frozen=True, slots=True)
class Proof:
    """`refused` are removals that were not the task's to make; `touched` the tasks whose lines it rightly removes."""

    refused: tuple[Removal, ...]
    touched: frozenset[str]

    @property
    def holds(self) -> bool:
        return not self.refused


def prove(
    workspace: Workspace, head: str, merged: str, allowed: Collection[str], generated: Sequence[str] = ()
) -> Proof:
    """Whether going from `head` to `merged` removes nothing but lines of `allowed` tasks and of before the run.

    `generated` are globs of files that a command makes again.
    """
    removals = [item for item in _removals(workspace, head, merged) if not _any_fits(item.path, generated)]
    mine = {BEFORE, *allowed}
    touched = frozenset(item.task for item in removals if item.task in mine) - {BEFORE}
    return Proof(tuple(item for item in removals if item.task not in mine), touched)


@dataclass(frozen=True, slots=True)
class _Old:
    """A file of the head that the merge changes, and what its content is: "text", "binary" or "empty"."""

    path: str
    blob: str
    status: str


def _removals(workspace: Workspace, head: str, merged: str) -> list[Removal]:
    git = workspace.plain
    olds = _changed_files(git, head, merged)
    if not olds:
        return []
    kinds = _kinds(git, olds)
    whole = [old.path for old in olds if kinds[old.path] == "binary" or _vanishes(old, kinds)]
    authors = _Authors(workspace, head)
    found = [Removal(path, 0, "the whole file", authors.last(path)) for path in whole]
    for file in _diff(git, head, merged):
        if file.path and file.path not in whole and (gone := file.gone()):
            found += authors.of_lines(file.path, gone)
    return found


def _vanishes(old: _Old, kinds: dict[str, str]) -> bool:
    return old.status == "D" and kinds[old.path] == "empty"


def _changed_files(git: Git, head: str, merged: str) -> list[_Old]:
    fields = iter(git("diff-tree", "-r", "-z", "--raw", "-M", head, merged).split("\0"))
    found = []
    for words in (field.split() for field in fields if field):
        status, path = words[4], next(fields)
        if status[0] in "RC":
            next(fields)
        if status[0] not in "AC" and status != "R100":
            blob = "" if words[0] == ":160000" else words[2]
            found.append(_Old(path, blob, status[0]))
    return found


def _kinds(git: Git, olds: Iterable[_Old]) -> dict[str, str]:
    kinds = {}
    for old in olds:
        content = git.raw("cat-file", "blob", old.blob) if old.blob else b"\0"
        kinds[old.path] = "binary" if b"\0" in content[:_LOOKED_AT] else "text" if content.strip() else "empty"
    return kinds


def _diff(git: Git, head: str, merged: str) -> list[FileHunks]:
    words = ("diff", "--text", "--no-ext-diff", "--no-textconv", "-w", "--ignore-cr-at-eol", "-M", "-U0")
    plain = ("--src-prefix=a/", "--dst-prefix=b/", "--no-color", "--submodule=short", "--inter-hunk-context=0")
    return read_diff(git.raw(*words, *plain, head, merged, "--"))


class _Authors:
    """Which task a line, or a whole file, of the head is of."""

    def __init__(self, workspace: Workspace, head: str) -> None:
        self._git = workspace.plain
        self._begun = head != workspace.base
        self._range = f"{workspace.base}..{head}"
        self._tasks = _tasks_of_commits(workspace, self._range)

    def last(self, path: str) -> str:
        commit = self._git("log", "-1", "--format=%H", self._range, "--", path).strip()
        return self._tasks.get(commit, OUTSIDE) if commit else BEFORE

    def of_lines(self, path: str, lines: list[tuple[int, bytes]]) -> list[Removal]:
        texts = dict(lines)
        if not self._begun:  # nothing to blame between a commit and itself
            return [Removal(path, number, text.decode(errors="replace"), BEFORE) for number, text in lines]
        words = [word for first, last in _ranges(texts) for word in ("-L", f"{first},{last}")]
        said = self._git.raw("blame", "-w", "--line-porcelain", *words, self._range, "--", path)
        found = []
        for number, commit, boundary in _read_blame(said):
            task = BEFORE if boundary else self._tasks.get(commit, OUTSIDE)
            found.append(Removal(path, number, texts[number].decode(errors="replace"), task))
        return found


def _tasks_of_commits(workspace: Workspace, commits: str) -> dict[str, str]:
    """The task of each commit; BEFORE for those of the pipeline's own steps. Others are not of this run."""
    words = (f"%(trailers:key=Orch-{name},valueonly,separator=%x2C)" for name in ("Run", "Task", "Step"))
    rows = (
        line.split("\0")
        for line in workspace.plain("log", f"--format=%H%x00{'%x00'.join(words)}", commits).splitlines()
    )
    return {commit: task or BEFORE for commit, run, task, step in rows if run == workspace.run and (task or step)}


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _read_blame(said: bytes) -> list[tuple[int, str, bool]]:
    """(line number, commit, whether the commit is from before the range) of each line."""
    found, number, commit, boundary, fresh = [], 0, "", False, True
    for line in said.split(b"\n"):
        if line.startswith(b"\t"):
            found.append((number, commit, boundary))
            fresh = True
        elif fresh and line:
            words = line.split()
            commit, number, boundary, fresh = words[0].decode(), int(words[2]), False, False
        elif line == b"boundary":
            boundary = True
    return found


def _any_fits(path: str, globs: Iterable[str]) -> bool:
    return any(matches(glob, path) for glob in globs)
