"""One git command, the habits of user and repository shut out: no hooks, no filters, no prompts, no daemon."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from runner.errors import CannotStart, OrchError

NEEDED = (2, 38)
"""`git merge-tree --write-tree` came with 2.38."""

_SETTINGS = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.untrackedCache=false", "core.autocrlf=false"),
    *("core.attributesFile=/dev/null", "core.excludesFile=/dev/null", "core.quotePath=false", "core.pager=cat"),
    *("commit.gpgSign=false", "gc.auto=0", "maintenance.auto=false", "advice.detachedHead=false", "color.ui=false"),
    *("blame.ignoreRevsFile=", "diff.renames=true", "merge.renames=true", "merge.directoryRenames=false"),
    *("diff.noprefix=false", "diff.mnemonicPrefix=false", "diff.algorithm=myers", "diff.renameLimit=0"),
    *("submodule.recurse=false", "index.threads=1", "core.preloadIndex=false", "feature.manyFiles=false"),
)


class GitError(OrchError):
    """A git command ended otherwise than it should; `said` is what it wrote to stderr."""

    def __init__(self, words: Sequence[str], code: int, said: str) -> None:
        super().__init__(f"git {' '.join(words[:3])} ended with {code}: {said.strip()[-2000:]}")
        self.code, self.said = code, said


@dataclass(frozen=True, slots=True)
class Identity:
    name: str = "orch"
    email: str = "orch@localhost"


@dataclass(frozen=True, slots=True)
class Git:
    """Commands on one repository. `directory` is its git directory, `tree` a work tree, `index` an index file of ours:
    given explicitly, nothing that a worker does to `.git` in its work tree can lead a command elsewhere. `objects` is
    an object store other than the directory's own."""

    directory: Path
    tree: Path | None = None
    index: Path | None = None
    objects: Path | None = None
    identity: Identity = field(default_factory=Identity)

    def __call__(self, *words: str, stdin: str | bytes = b"", good: Sequence[int] = (0,)) -> str:
        """What the command says on stdout. Raises GitError on an exit code that is not in `good`."""
        return self.raw(*words, stdin=stdin, good=good).decode(errors="surrogateescape")

    def raw(self, *words: str, stdin: str | bytes = b"", good: Sequence[int] = (0,)) -> bytes:
        """As `__call__`, in bytes."""
        return self.ended(*words, stdin=stdin, good=good)[1]

    def ended(self, *words: str, stdin: str | bytes = b"", good: Sequence[int] = (0,)) -> tuple[int, bytes]:
        """Exit code and stdout."""
        given = stdin.encode(errors="surrogateescape") if isinstance(stdin, str) else stdin
        ended = subprocess.run(
            [*self._words(), *words], input=given, capture_output=True, check=False, env=self._env(), cwd=self._cwd()
        )
        if ended.returncode not in good:
            raise GitError(words, ended.returncode, ended.stderr.decode(errors="replace"))
        return ended.returncode, ended.stdout

    def _words(self) -> list[str]:
        words = ["git", f"--git-dir={self.directory}"]
        if self.tree:
            words.append(f"--work-tree={self.tree}")
        for setting in (*_SETTINGS, "safe.directory=*"):
            words += ["-c", setting]
        return words

    def _cwd(self) -> Path:
        return self.tree or self.directory

    def _env(self) -> dict[str, str]:
        who = self.identity
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            **_named("AUTHOR", who),
            **_named("COMMITTER", who),
        }
        places = {"GIT_INDEX_FILE": self.index, "GIT_OBJECT_DIRECTORY": self.objects}
        return {**env, **{name: str(path) for name, path in places.items() if path}}


def _named(role: str, who: Identity) -> Mapping[str, str]:
    return {f"GIT_{role}_NAME": who.name, f"GIT_{role}_EMAIL": who.email}


@cache
def require_git() -> tuple[int, int]:
    """The version of git. Raises CannotStart where there is none, or one older than NEEDED."""
    needed = ".".join(map(str, NEEDED))
    try:
        said = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise CannotStart(f"git is not installed; orch needs {needed} or newer", "install git") from None
    found = re.search(r"(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < NEEDED:
        raise CannotStart(f"{said.strip() or 'git'} is too old; orch needs {needed} or newer", "update git")
    return version


def without_configuration(git: Git, directory: Path) -> Git:
    """The objects of a repository, seen from an empty one in `directory`: its settings and attributes do not count.

    What stands in a repository's own configuration cannot be shut out from inside it. Names of branches are not known
    there, only commits.
    """
    if not (directory / "HEAD").exists():
        form = git("rev-parse", "--show-object-format").strip()
        directory.mkdir(parents=True, exist_ok=True)
        Git(directory)("init", "--bare", "--quiet", "--template=", f"--object-format={form}")
    if (git.directory / "shallow").exists():
        shutil.copyfile(git.directory / "shallow", directory / "shallow")
    return Git(directory, objects=git.directory / "objects", identity=git.identity)


def ask_user_git(folder: Path, *words: str) -> str:
    """What git says to the user in `folder`, with the user's own configuration; "" where it fails."""
    ended = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else ""


def uncommitted(folder: Path) -> list[str]:
    """The tracked files with edits that no commit holds yet."""
    said = ask_user_git(folder, "-c", "core.quotepath=false", "diff", "--name-only", "HEAD")
    return said.splitlines()


def identity_of(folder: Path) -> Identity:
    """Who commits here by the user's configuration; what is missing there is set by us."""
    fallback = Identity()
    return Identity(
        ask_user_git(folder, "config", "user.name") or fallback.name,
        ask_user_git(folder, "config", "user.email") or fallback.email,
    )
