"""A task's commit onto the run's head, without touching any work tree."""

from __future__ import annotations

from dataclasses import dataclass

from runner.workspace.worktrees import Workspace


@dataclass(frozen=True, slots=True)
class Merge:
    """`commit` is the merged commit on `head`, "" where `conflicts` (paths) are in the way; `tree` its files.

    With conflicts, `tree` still holds everything, the two sides marked in the files. `said` is what git said.
    """

    head: str
    commit: str
    tree: str
    conflicts: tuple[str, ...] = ()
    said: str = ""


def merge(workspace: Workspace, head: str, commit: str) -> Merge:
    """`commit` on top of `head`: itself where it already stands there, else one new commit with its message.

    History stays one line with one commit a task, so that blame finds the task of every line.
    """
    git = workspace.plain
    if workspace.parent(commit) == head:
        return Merge(head, commit, workspace.tree(commit))
    words = ("merge-tree", "--write-tree", "--name-only", "-z", "--messages", head, commit)
    code, said = git.ended(*words, good=(0, 1))
    tree, *rest = said.decode(errors="surrogateescape").split("\0")
    if code:
        end = rest.index("") if "" in rest else len(rest)
        return Merge(head, "", tree, tuple(dict.fromkeys(rest[:end])), "\n".join(_messages(rest[end:])))
    return Merge(head, on_top(workspace, head, tree, commit), tree)


def on_top(workspace: Workspace, head: str, tree: str, like: str) -> str:
    """A commit of `tree` on `head` with the message of `like`."""
    return workspace.make(tree, head, workspace.message(like))


def _messages(fields: list[str]) -> list[str]:
    return [field.strip() for field in fields if field.strip().startswith("CONFLICT")]
