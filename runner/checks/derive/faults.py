"""Faults to put into what tests are about: if these stay green, they show nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.checks.derive.model import success
from runner.checks.derive.reference import Spec, named_checks
from runner.checks.derive.sql import numbers

BOUND = "the bound "


@dataclass(frozen=True, slots=True)
class Fault:
    """One change of some files: each (file, pattern, replacement) is applied wherever it fits."""

    words: str
    edits: tuple[tuple[str, str, str], ...]

    def seed(self, folder: Path) -> bool:
        """Put the fault into the files of a folder; whether anything changed."""
        changed = False
        for name, pattern, new in self.edits:
            path = folder / name
            old = path.read_text(encoding="utf-8") if path.is_file() else ""
            text = re.sub(pattern, new, old)
            if text != old:
                path.write_text(text, encoding="utf-8")
                changed = True
        return changed

    def fits(self, folder: Path) -> bool:
        """Whether there is something to change."""
        return any(
            (folder / name).is_file() and re.search(old, (folder / name).read_text()) for name, old, _ in self.edits
        )


def faults(folder: Path, spec: Spec, specs: Iterable[Spec]) -> Iterator[Fault]:
    """The faults that fit the files of `folder`, the most telling first: a bound, an answer, a name."""
    everything = list(specs)
    targets = [one for one in everything if names_of(one) & {_shape(name) for name in spec.get("targets", [])}]
    found = [fault for one in targets for fault in _of(one)]
    bounds = {fault.words for fault in found if fault.words.startswith(BOUND)}
    joined = list(_joined(bounds, [fault for one in everything for fault in _of(one)], str(spec.get("cases", ""))))
    others = [fault for fault in found if fault.words not in bounds]
    # A bound that no case is about shows nothing, and then another fault has to.
    yield from (fault for fault in (*joined[:1], *others, *joined[1:]) if fault.fits(folder))


def _of(spec: Spec) -> Iterator[Fault]:
    makers = {"endpoint": _endpoint, "table": _table, "module": _module, "ui_component": _component}
    return makers[spec["kind"]](spec) if spec["kind"] in makers else iter(())


def names_of(spec: Spec) -> set[str]:
    """What other specs call this one."""
    own = {str(spec[key]) for key in ("file", "name") if spec.get(key)}
    if spec["kind"] in ("table", "index"):
        own = {str(spec.get("name") or spec["table"])}
    if spec["kind"] == "endpoint":
        own = {f"{spec['method']} {spec['path']}"}
    return {_shape(name) for name in own}


def _shape(name: str) -> str:
    return re.sub(r"\{[^}]*\}|:[a-z_]\w*", "{}", name)


def _joined(wanted: set[str], known: list[Fault], cases: str) -> Iterator[Fault]:
    """One fault for each number, in every layer at once: another layer would still refuse what one lets through."""
    by_words: dict[str, list[Fault]] = {}
    for fault in known:
        if fault.words in wanted:
            by_words.setdefault(fault.words, []).append(fault)
    for words, group in sorted(by_words.items(), key=lambda item: (not _named(item[0], cases), -len(item[1]))):
        yield Fault(words, tuple(edit for fault in group for edit in fault.edits))


def _named(words: str, cases: str) -> bool:
    """Whether the tests' cases speak of the number."""
    return re.search(rf"(?<!\d){re.escape(words.removeprefix(BOUND).split()[0])}(?!\d)", cases) is not None


def _bound(file: str, number: float) -> Fault:
    whole = f"{number:g}"
    return Fault(
        f"the bound {whole} becomes {whole}9", ((file, rf"(?<![\w.]){re.escape(whole)}(?![\w.])", f"{whole}9"),)
    )


def _endpoint(spec: Spec) -> Iterator[Fault]:
    for field in (*spec.get("body", []), *spec.get("params", [])):
        if field.get("max"):
            yield _bound(spec["file"], field["max"])
    status = success(spec)
    yield Fault(
        f"{spec['method']} {spec['path']} is gone",
        ((spec["file"], re.escape(spec["path"]), "/gone" + spec["path"].replace("\\", "")),),
    )
    yield Fault(f"{spec['path']} answers 299", ((spec["file"], rf"(?<!\d){status}(?!\d)", "299"),))


def _table(spec: Spec) -> Iterator[Fault]:
    if not spec.get("file"):
        return
    for expression in named_checks(spec).values():
        for number in sorted(set(numbers(expression)), reverse=True):
            if number > 1:
                yield _bound(spec["file"], number)
    yield Fault(
        f"the table {spec['table']} is gone", ((spec["file"], rf"\b{spec['table']}\b", f"{spec['table']}_gone"),)
    )


def _module(spec: Mapping[str, Any]) -> Iterator[Fault]:
    for one in spec["exports"]:
        name = one["name"].split(".")[-1]
        pattern = rf"\b(def|class|function|const)(\s+){re.escape(name)}\b"
        yield Fault(f"{name} of {spec['file']} is gone", ((spec["file"], pattern, rf"\1\2{name}_gone"),))


def _component(spec: Spec) -> Iterator[Fault]:
    if spec.get("tag"):
        yield Fault(
            f"the element {spec['tag']} is gone", ((spec["file"], re.escape(spec["tag"]), f"{spec['tag']}-gone"),)
        )
