"""What changed in a work tree, computed by us: by an index of our own, whatever the worker told git to overlook."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.managing.globs import matches
from runner.workspace.git import Git

BYPRODUCTS = frozenset(
    {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "node_modules", ".venv", ".coverage"}
)
"""Names of what interpreters and test runners leave behind: never committed, and no reason to refuse a turn."""


@dataclass(frozen=True, slots=True)
class Change:
    """`status` is A, M, D or T as in `git diff --raw`; `mode` the new file mode ("000000" when it is gone)."""

    path: str
    status: str
    mode: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A work tree against the commit it started from: the tree it makes, and each path that differs.

    `nested` are folders that hold a repository of their own, which no tree can hold.
    """

    base: str
    tree: str
    changes: tuple[Change, ...]
    nested: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that differs, repositories inside the work tree too."""
        return (*(change.path for change in self.changes), *self.nested)


def snapshot(git: Git, base: str, wanted: Sequence[str] = (), only: Sequence[str] = ()) -> Snapshot:
    """The work tree of `git` against `base`, which its index holds. `wanted` globs count even where ignored; with
    `only`, all but what it names stays as in `base`."""
    listed = git("ls-files", "-z", "-t", "--others", "--modified", "--deleted").split("\0")
    known = {line[2:] for line in listed if line and line[0] != "?"}
    others = [line[2:] for line in listed if line.startswith("? ")]
    nested = tuple(path for path in others if path.endswith("/"))
    fresh = _not_ignored(git, base, [path for path in others if not path.endswith("/")], wanted)
    if paths := [path for path in (*sorted(known), *fresh) if not only or _fits(path, only)]:
        git("update-index", "--add", "--remove", "-z", "--stdin", stdin="\0".join(paths) + "\0")
    tree = git("write-tree").strip()
    changes = tree_changes(git, base, tree) if paths else ()
    return Snapshot(base, tree, changes, nested)


def tree_changes(git: Git, old: str, new: str) -> tuple[Change, ...]:
    """Each path that differs between two commits or trees; a rename is one gone and one new."""
    fields = git("diff-tree", "-r", "-z", "--raw", "--no-renames", old, new).split("\0")
    pairs = zip(fields[0::2], fields[1::2], strict=False)
    return tuple(Change(path, words[4], words[1]) for words, path in ((head.split(), path) for head, path in pairs))


def _not_ignored(git: Git, base: str, paths: list[str], wanted: Sequence[str]) -> list[str]:
    """Without byproducts and what the ignore files of `base` name; an ignore file of the turn hides nothing."""
    asked = [path for path in paths if _fits(path, wanted)]
    rest = [path for path in paths if path not in set(asked) and not BYPRODUCTS & set(path.split("/"))]
    rest = [path for path in rest if not path.endswith(".pyc")]
    return sorted([*asked, *_without_ignored(git, base, rest)])


def _fits(path: str, globs: Iterable[str]) -> bool:
    return any(matches(glob, path) for glob in globs)


def _without_ignored(git: Git, base: str, paths: list[str]) -> list[str]:
    if not paths:
        return []
    files = [path for path in git("ls-tree", "-r", "-z", "--name-only", base).split("\0") if _is_ignore_file(path)]
    if not files:
        return paths
    with tempfile.TemporaryDirectory(prefix="orch-") as folder:
        for path in files:
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(git.raw("cat-file", "blob", f"{base}:{path}"))
        there = Git(git.directory, Path(folder))
        words = ("check-ignore", "--no-index", "-z", "--stdin")
        ignored = set(there(*words, stdin="\0".join(paths) + "\0", good=(0, 1)).split("\0"))
    return [path for path in paths if path not in ignored]


def _is_ignore_file(path: str) -> bool:
    return path.rpartition("/")[2] == ".gitignore"
