"""A repository in which tasks do things to files: what the tests of workspace, proof and executor stand on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runner.workspace import Merge, Proof, Workspace, Worktree, merge, prove, trailers

Edit = Callable[[Path], object]


def git(folder: Path, *words: str) -> str:
    """What git says, as a person would ask it in `folder`."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@dataclass
class Workshop:
    """A new workspace, and tasks that work in it one after the other or side by side."""

    workspace: Workspace
    count: int = field(default=0)

    @classmethod
    def at(cls, folder: Path) -> Workshop:
        return cls(Workspace.create(folder / "out", run="r1", home=folder / "home"))

    @property
    def files(self) -> Path:
        """The checked-out files."""
        return self.workspace.path

    def seat(self) -> Worktree:
        return self.workspace.worktree("team.group.1")

    def work(self, task: str, edit: Edit, base: str = "") -> str:
        """A commit of `task` that did `edit` on `base` (default: the head)."""
        self.count += 1
        base, seat, branch = base or self.workspace.head(), self.seat(), f"orch/r1/order-{self.count}"
        seat.start(base, branch)
        edit(seat.path)
        return seat.commit(seat.changed(base), trailers(f"Do {task}", run="r1", task=task, attempt=1, round=0), branch)

    def merged(self, commit: str) -> Merge:
        return merge(self.workspace, self.workspace.head(), commit)

    def proof(self, commit: str, *allowed: str, generated: tuple[str, ...] = ()) -> Proof:
        """Of the commit's merge into the head, which must be without conflicts."""
        made = self.merged(commit)
        assert not made.conflicts
        return prove(self.workspace, made.head, made.commit, allowed, generated)

    def land(self, commit: str) -> str:
        """Merges without asking for a proof; returns the merged commit."""
        made = self.merged(commit)
        self.workspace.advance(made.head, made.commit)
        assert self.workspace.check_out()
        return made.commit

    def do(self, task: str, edit: Edit) -> str:
        """The task's commit on the head, merged."""
        return self.land(self.work(task, edit))


def writing(**files: str) -> Edit:
    """Writes whole files; `__` in a name is a `/`, and names end in .py where they have no other ending."""

    def edit(folder: Path) -> None:
        for name, text in files.items():
            put(folder, name.replace("__", "/") + ("" if "." in name else ".py"), text)

    return edit


def put(folder: Path, path: str, content: str | bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)


def replacing(path: str, old: str, new: str) -> Edit:
    """Replaces a text that must be there."""

    def edit(folder: Path) -> None:
        text = (folder / path).read_bytes().decode()
        assert old in text
        put(folder, path, text.replace(old, new))

    return edit
