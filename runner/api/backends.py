"""Which model or agent serves each name: the first that is ready, and why the earlier ones were not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from runner.errors import CannotStart
from runner.records import Backend, JsonObject
from runner.registry import NotShipped, Table, UnknownName

FREE = ("blueprint", "none")
"""What `--offline` leaves: these send nothing anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """`alias` is served by `backend`; `why` tells which earlier entries were not ready, and why."""

    alias: str
    backend: Backend
    module: ModuleType
    why: str = ""

    @property
    def spends(self) -> bool:
        return bool(self.module.SPENDS)

    @property
    def data(self) -> JsonObject:
        """What events, reports and the run's row say of it."""
        return {"name": self.backend.use, "settings": dict(self.backend.settings), "why": self.why}


def choose(
    table: Table, alias: str, entries: Sequence[Backend], root: Path, *, offline: bool, named: str = ""
) -> Chosen:
    """The first ready entry; `named` explicitly, only that one. Raises CannotStart with every reason when none is."""
    if named:
        entries = [next((entry for entry in entries if entry.use == named), Backend(use=named))]
    elif offline:
        entries = [entry for entry in entries if entry.kind in FREE] or [Backend(use="blueprint")]
    reasons: list[str] = []
    for entry in entries:
        module, reason = _ready(table, entry, root, offline)
        if module is not None:
            return Chosen(alias=alias, backend=entry, module=module, why="; ".join(reasons))
        reasons.append(f"{entry.use}: {reason}")
    raise CannotStart(
        f'no {table.seam.removesuffix("s")} for "{alias}" is ready: {"; ".join(reasons)}',
        "set its key, or name another one" + ("" if offline else ", or use --offline"),
    )


def reopen(table: Table, alias: str, stored: JsonObject, root: Path, offline: bool) -> Chosen:
    """What a run chose when it started: resume never changes it. Raises CannotStart when it is not ready any more."""
    entry = Backend(use=str(stored["name"]), settings=dict(stored.get("settings", {})))
    return choose(table, alias, [entry], root, offline=offline, named=entry.use)


def entries_of(aliases: Mapping[str, tuple[Backend, ...]], use: str | Sequence[str]) -> list[Backend]:
    """The backends that an option names: an alias stands for its list, anything else for itself."""
    names = [use] if isinstance(use, str) else list(use)
    return [backend for name in names for backend in aliases.get(name, (Backend(use=name),))]


def _ready(table: Table, entry: Backend, root: Path, offline: bool) -> tuple[ModuleType | None, str]:
    try:
        module = table.module(entry.kind)
    except (NotShipped, UnknownName) as error:
        return None, str(error)
    reason = str(module.ready(entry.model, entry.settings, root, offline))
    return (None, reason) if reason else (module, "")
