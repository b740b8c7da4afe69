"""Where work happens: git repositories, work trees, and merges that lose nobody's lines."""

from runner.workspace.changes import Change, Snapshot
from runner.workspace.git import Git, GitError, Identity, require_git, uncommitted
from runner.workspace.merging import Merge, merge
from runner.workspace.proof import Proof, Removal, prove
from runner.workspace.queueing import MergeQueue, Place
from runner.workspace.worktrees import HeadMoved, Workspace, Worktree, trailers

__all__ = [
    "Change",
    "Git",
    "GitError",
    "HeadMoved",
    "Identity",
    "Merge",
    "MergeQueue",
    "Place",
    "Proof",
    "Removal",
    "Snapshot",
    "Workspace",
    "Worktree",
    "merge",
    "prove",
    "require_git",
    "trailers",
    "uncommitted",
]
