"""Where files are: the project's first, the shipped ones second, and never outside the folder of their kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from runner.errors import UsageError

_SUFFIXES = {"pipelines": ".yaml", "managers": ".yaml", "agents": ".yaml", "scripted": ".yaml"}
_PROJECT_ONLY = {"scripted"}
KINDS = ("pipelines", "managers", "templates", "schemas", "agents", "blueprints", "examples", "scripted")


def find_root(cwd: Path) -> Path:
    """The nearest of `cwd` and its parents that holds `.orch/` or `managers/`, else `cwd`."""
    here = cwd.resolve()
    for folder in (here, *here.parents):
        if (folder / ".orch").is_dir() or (folder / "managers").is_dir():
            return folder
    return here


@lru_cache(maxsize=32)
def shipped_folder(kind: str) -> Path:
    """The folder of what orch ships: inside the installed package, else in the checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_data"
    return (installed if installed.is_dir() else package.parent) / kind


@dataclass(frozen=True)
class Resources:
    """Looks up references of one project; `root` is its folder."""

    root: Path

    @cached_property
    def _folders(self) -> dict[str, tuple[Path, ...]]:
        return {kind: tuple(self._of(kind)) for kind in KINDS}

    def _of(self, kind: str) -> Iterator[Path]:
        own, shipped = self.root / kind, shipped_folder(kind)
        yield own
        if kind not in _PROJECT_ONLY and own.resolve() != shipped.resolve():
            yield shipped

    def folders(self, kind: str) -> tuple[Path, ...]:
        """The folders of a kind, the project's first; they need not exist."""
        return self._folders[kind]

    def find(self, kind: str, name: str) -> Path | None:
        """The file that `name` (with or without its suffix, "/" between folders) refers to, or None."""
        if not self.inside(name):
            return None
        for folder in self.folders(kind):
            for candidate in self._candidates(kind, name):
                file = folder / candidate
                if file.exists() and _stays_in(file, folder):
                    return file
        return None

    def inside(self, name: str) -> bool:
        """Whether `name` is relative and climbs nowhere."""
        path = PurePosixPath(name)
        return bool(name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name

    def escapes(self, kind: str, name: str) -> bool:
        """Whether `name` would leave its folder: absolute, climbing, or by a symbolic link."""
        if not self.inside(name):
            return True
        files = [(folder / c, folder) for folder in self.folders(kind) for c in self._candidates(kind, name)]
        return any(file.exists() and not _stays_in(file, folder) for file, folder in files)

    def looked(self, kind: str, name: str) -> tuple[str, ...]:
        """Where `find` looks, for messages: the project's folder, then the shipped one."""
        places = (f"{kind}/ (project)", f"{kind}/ (shipped)")
        return places[: len(self.folders(kind))]

    def names(self, kind: str) -> tuple[str, ...]:
        """Every name that `find` would find, sorted; without the suffix where one is implied."""
        suffix = _SUFFIXES.get(kind, "")
        found: set[str] = set()
        for folder in self.folders(kind):
            for file in folder.rglob(f"*{suffix}"):
                if file.is_file():
                    found.add(file.relative_to(folder).as_posix().removesuffix(suffix))
        return tuple(sorted(found))

    def read(self, kind: str, name: str) -> str:
        """The text of a file. Raises UsageError, saying where it was looked for, when there is none."""
        file = self.find(kind, name)
        if file is None:
            raise UsageError(f'"{name}" was not found', f"looked in {', '.join(self.looked(kind, name))}")
        return file.read_text(encoding="utf-8-sig")

    def relative(self, file: Path) -> str:
        """How messages call `file`: relative to the project's root, or to the shipped folder of its kind."""
        for base in (self.root, shipped_folder("pipelines").parent):
            if file.absolute().is_relative_to(base):
                return file.absolute().relative_to(base).as_posix()
        return file.name

    def _candidates(self, kind: str, name: str) -> tuple[str, ...]:
        suffix = _SUFFIXES.get(kind, "")
        return (name,) if not suffix or name.endswith((suffix, ".yml")) else (name + suffix, name)


def _stays_in(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())
