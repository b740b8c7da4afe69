"""Where work happens: the run's repository and branch, and one work tree for each seat, outside the repository."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.errors import CannotStart, OrchError
from runner.workspace.changes import Snapshot, snapshot, tree_changes
from runner.workspace.git import Git, GitError, Identity, ask_user_git, identity_of, require_git, without_configuration
from runner.workspace.queueing import MergeQueue

_LOCK = "index.lock"
_UNFINISHED = ".git.new"

_NAMES = (40, 64)
"""Lengths of a commit's name, by SHA-1 and SHA-256."""


@dataclass(frozen=True, slots=True)
class _Commit:
    tree: str
    parent: str
    message: str


class HeadMoved(OrchError):
    """The run's branch does not stand where it was when a merge began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One run's repository.

    `path` is its folder, `home` ours for this run (work trees and indexes), `main` the full name of the run's branch,
    `base` the commit that it started from. `own` means that orch made the repository, so that `main` is checked out.
    `git` runs in the repository, `plain` reads and makes commits by id where its settings do not count. Who merges
    lines up in `queue`.
    """

    path: Path
    home: Path
    run: str
    main: str
    base: str
    own: bool
    git: Git
    plain: Git
    queue: MergeQueue = field(init=False, repr=False, compare=False)
    _adding: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _showing: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _commits: dict[str, _Commit] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "queue", MergeQueue(self.head))

    @classmethod
    def create(cls, path: Path, *, run: str, home: Path) -> Workspace:
        """A new repository at `path`, with one empty commit on `main`. Raises CannotStart where something is there.

        Called again for the same run, it goes on where an earlier call was ended.
        """
        require_git()
        if path.exists() and not _is_free(path, run):
            raise CannotStart(f"{path} is not empty", "choose another folder, or make it a git repository")
        path.mkdir(parents=True, exist_ok=True)
        git = Git(path.resolve() / ".git", identity=identity_of(path))
        if not git.directory.exists():
            _initialize(git, run)
        base = _commit_named(git, "refs/heads/main")
        made = cls._made(path, home, run, "refs/heads/main", base, True, git)
        _write(made._shown, base)
        return made

    @classmethod
    def open(cls, path: Path, *, run: str, home: Path, base: str = "") -> Workspace:
        """An existing repository, on a new branch `orch/<run>/main` from `base` (default: its HEAD).

        Raises CannotStart where `path` is no repository, or `base` no commit of it.
        """
        require_git()
        git, main = _existing(path), f"refs/heads/orch/{run}/main"
        # A run that was killed before it could write down its workspace finds its branch where it began.
        start = _commit_named(git, main) or _commit_named(git, base or _head_of(path))
        if not start and base:
            raise CannotStart(f'{path} has no commit "{base}"', "name a branch, a tag or a commit as workspace.base")
        start = start or _commit(git, _empty_tree(git), (), _first_message(run))
        git("update-ref", main, start)
        return cls._made(path, home, run, main, start, False, git)

    @classmethod
    def reopen(cls, path: Path, *, run: str, home: Path, base: str, own: bool) -> Workspace:
        """The repository of a run that goes on. Own lock files are removed: call it once its old processes are gone."""
        require_git()
        git = _existing(path)
        main = "refs/heads/main" if own else f"refs/heads/orch/{run}/main"
        workspace = cls._made(path, home, run, main, base, own, git)
        workspace._remove_locks()
        workspace._finish_checkout()
        return workspace

    @classmethod
    def _made(cls, path: Path, home: Path, run: str, main: str, base: str, own: bool, git: Git) -> Workspace:
        (home / "index").mkdir(parents=True, exist_ok=True)
        path, home = path.resolve(), home.resolve()
        plain = without_configuration(git, home / "plain.git")
        return cls(path=path, home=home, run=run, main=main, base=base, own=own, git=git, plain=plain)

    @property
    def branch(self) -> str:
        """The short name of the run's branch."""
        return self.main.removeprefix("refs/heads/")

    def head(self) -> str:
        """The commit at which the run's branch stands."""
        with contextlib.suppress(OSError):
            # Asked all the time: a loose branch is read without starting git.
            if len(said := (self.git.directory / self.main).read_text().strip()) in _NAMES:
                return said
        return self.git("rev-parse", "--verify", self.main).strip()

    def tree(self, commit: str) -> str:
        """The hash of a commit's tree."""
        return self._known(commit).tree

    def contains(self, commit: str) -> bool:
        """Whether the run's branch holds `commit`."""
        code, _ = self.git.ended("merge-base", "--is-ancestor", commit, self.main, good=(0, 1, 128))
        return code == 0

    def parent(self, commit: str) -> str:
        """The first parent of a commit, "" for a root."""
        return self._known(commit).parent

    def message(self, commit: str) -> str:
        """The message of a commit."""
        return self._known(commit).message

    def _known(self, commit: str) -> _Commit:
        if commit not in self._commits:
            said = self.plain("log", "-1", "--format=%T%x00%P%x00%B", commit)
            tree, parents, message = said.split("\0", 2)
            self._commits[commit] = _Commit(tree, parents.partition(" ")[0], message.rstrip("\n") + "\n")
        return self._commits[commit]

    def make(self, tree: str, parent: str, message: str) -> str:
        """A commit of `tree` on `parent`."""
        made = _commit(self.plain, tree, (parent,), message)
        self._commits[made] = _Commit(tree, parent, message)
        return made

    def worktree(self, name: str) -> Worktree:
        """The work tree called `name` (a seat's id), made at the first call."""
        path = self.home / "seats" / re.sub(r"[^\w.-]", "_", name)
        with self._adding:
            if not _stands(path):
                self._add(path)
        directory = _directory(path)
        git = replace(self.git, directory=directory, tree=path, index=self.home / "index" / path.name)
        return Worktree(workspace=self, name=name, path=path, git=git)

    def _add(self, path: Path) -> None:
        if path.exists():
            shutil.rmtree(path)
        (self.home / "index" / path.name).unlink(missing_ok=True)
        self.git("worktree", "prune")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.git("worktree", "add", "--quiet", "--detach", "--no-checkout", str(path), self.main)

    def advance(self, old: str, new: str) -> None:
        """Moves the run's branch from `old` to `new`, and checks it out where the repository is ours.

        Raises HeadMoved when the branch does not stand at `old`.
        """
        try:
            self.git("update-ref", "-m", "orch: merge", self.main, new, old)
        except GitError as error:
            raise HeadMoved(f"{self.branch} does not stand at {old[:12]}: {error.said.strip()}") from error

    def check_out(self) -> bool:
        """Brings the files of our own repository to its head; False where a person's edits are in the way."""
        if not self.own or not self._on_main():
            return True
        with self._showing:
            commit = self.head()
            try:
                self._visible()("read-tree", "-m", "-u", self._shown.read_text(), commit)
            except GitError:
                return False
            _write(self._shown, commit)
        return True

    @property
    def _shown(self) -> Path:
        """The file that names the commit whose files are checked out."""
        return self.home / "shown"

    def _visible(self) -> Git:
        return replace(self.git, tree=self.path)

    def _on_main(self) -> bool:
        return (self.git.directory / "HEAD").read_text().strip() == f"ref: {self.main}"

    def _finish_checkout(self) -> None:
        """After a kill between the branch's move and its files: only what differs there is written again."""
        if not self.own or not self._on_main():
            return
        git, head = self._visible(), self.head()
        changes = tree_changes(git, self._shown.read_text(), head)
        kept = [change.path for change in changes if change.status != "D"]
        if kept:
            words = ("checkout", "--quiet", head, "--pathspec-from-file=-", "--pathspec-file-nul")
            git("--literal-pathspecs", *words, stdin="\0".join(kept) + "\0")
        for change in changes:
            if change.status == "D":
                (self.path / change.path).unlink(missing_ok=True)
        git("read-tree", head)
        git("update-index", "-q", "--refresh", good=(0, 1))
        _write(self._shown, head)

    def _remove_locks(self) -> None:
        found = [*self.home.glob("index/*.lock"), *self.git.directory.glob(f"refs/heads/orch/{self.run}/**/*.lock")]
        for path in self.home.glob("seats/*"):
            if _stands(path):
                found += _directory(path).glob("*.lock")
        if self.own:
            found += [self.git.directory / name for name in (_LOCK, "HEAD.lock", "refs/heads/main.lock")]
        for lock in found:
            lock.unlink(missing_ok=True)

    def keep(self, commit: str, name: str) -> str:
        """Names a commit that was not merged by a branch of its own; returns the branch's short name."""
        branch = f"orch/{self.run}/kept/{name}"
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return branch

    def close(self) -> None:
        """Removes the work trees; every branch stays."""
        for path in (self.home / "seats").glob("*"):
            shutil.rmtree(path, ignore_errors=True)
        self.git("worktree", "prune")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktree:
    """One seat's folder. `git` works with an index of ours, beside the one that the worker sees."""

    workspace: Workspace
    name: str
    path: Path
    git: Git

    def start(self, commit: str, branch: str = "") -> None:
        """Makes the folder exactly `commit`, on `branch` (its short name) if one is given; all else there is gone."""
        directory = self.git.directory
        (self.path / ".git").write_text(f"gitdir: {directory}\n")
        if branch:
            self.git("update-ref", f"refs/heads/{branch}", commit)
        _write(directory / "HEAD", f"ref: refs/heads/{branch}\n" if branch else f"{commit}\n")
        self.git("read-tree", "--reset", "-u", commit)
        self.clean()

    def clean(self) -> None:
        """Removes what no tree holds, and shows the worker's git the same state as ours."""
        self.git("clean", "-ffdxq")
        (self.git.directory / _LOCK).unlink(missing_ok=True)
        assert self.git.index is not None  # noqa: S101 -- made with one, above
        copy = self.git.directory / "index.orch"
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(self.git.index, copy)
            os.replace(copy, self.git.directory / "index")

    def changed(self, base: str, wanted: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> Snapshot:
        """What differs from `base`: ignored files too where `wanted` names them, nothing beyond `only` if given."""
        return snapshot(self.git, base, wanted, only)

    def commit(self, work: Snapshot, message: str, branch: str = "") -> str:
        """One commit of `work` on its base; moves `branch` there. The folder then holds the commit and nothing else."""
        made = self.workspace.make(work.tree, work.base, message)
        if branch:
            self.git("update-ref", f"refs/heads/{branch}", made)
        self.clean()
        return made


def trailers(title: str, *, run: str, task: str, attempt: int, round: int) -> str:  # noqa: A002 -- the word of DESIGN
    """The message of a task's commit."""
    lines = (f"Orch-Run: {run}", f"Orch-Task: {task}", f"Orch-Attempt: {attempt}", f"Orch-Round: {round}")
    return " ".join(title.split()) + "\n\n" + "\n".join(lines) + "\n"


def _write(file: Path, text: str) -> None:
    """Whole or not at all, whatever ends us in between."""
    beside = file.with_name(f"{file.name}.new")
    beside.write_text(text)
    os.replace(beside, file)


def _commit_named(git: Git, name: str) -> str:
    """The commit that a name stands for, "" where there is none."""
    return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", good=(0, 1, 128)).strip()


def _commit(git: Git, tree: str, parents: tuple[str, ...], message: str) -> str:
    words = [word for parent in parents for word in ("-p", parent)]
    return git("commit-tree", tree, *words, "-F", "-", stdin=message).strip()


def _empty_tree(git: Git) -> str:
    return git("hash-object", "-t", "tree", "-w", "--stdin").strip()


def _first_message(run: str) -> str:
    return f"Start\n\nOrch-Run: {run}\n"


def _is_free(path: Path, run: str) -> bool:
    """Whether nothing is there, or only what a call for this run left."""
    names = {one.name for one in path.iterdir()}
    if ".git" not in names or names - {".git", _UNFINISHED}:
        return names <= {_UNFINISHED}
    first = Git(path.resolve() / ".git")("log", "-1", "--format=%B", "refs/heads/main", good=(0, 128))
    return first.strip() == _first_message(run).strip()


def _initialize(git: Git, run: str) -> None:
    """Made beside its place, and moved there when it is whole: what is there is never half a repository."""
    unfinished = git.directory.with_name(_UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    making = replace(git, directory=unfinished)
    making("init", "--quiet", "--bare", "--initial-branch=main", "--template=")
    making("config", "core.bare", "false")
    making("config", "core.logAllRefUpdates", "true")
    base = _commit(making, _empty_tree(making), (), _first_message(run))
    making("update-ref", "refs/heads/main", base)
    replace(making, tree=unfinished.parent)("read-tree", base)
    unfinished.rename(git.directory)


def _existing(path: Path) -> Git:
    found = ask_user_git(path, "rev-parse", "--path-format=absolute", "--git-common-dir") if path.is_dir() else ""
    if not found:
        raise CannotStart(f"{path} is no git repository", "run `git init` there, or leave --workspace out")
    return Git(Path(found), identity=identity_of(path))


def _head_of(path: Path) -> str:
    return ask_user_git(path, "rev-parse", "--verify", "HEAD") or "HEAD"


def _stands(path: Path) -> bool:
    try:
        return (_directory(path) / "HEAD").exists()
    except OSError:
        return False


def _directory(path: Path) -> Path:
    """The git directory of a work tree, remembered outside of it, where no worker writes."""
    memory = path.parent.parent / "index" / f"{path.name}.gitdir"
    if not memory.exists():
        said = (path / ".git").read_text().removeprefix("gitdir:").strip()
        _write(memory, said)
    return Path(memory.read_text())


__all__ = ["HeadMoved", "Identity", "Workspace", "Worktree", "trailers"]
