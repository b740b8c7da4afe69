"""ORC313 undeclared_secret, ORC315 secret_outside_env, SEC002 hard_coded_secret: where secrets come from and go to.

Bad: `vars: {k: "{{ secrets.KEY }}"}`, a secret that `requires.secrets` does not name, a key written into the file.
Good: `env: {TOKEN: "{{ secrets.TOKEN }}"}` with `requires: {secrets: [TOKEN]}`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence

from runner.load import Loaded
from runner.records import JsonObject, Position, Problem
from runner.records.catalogue import finding
from runner.rules.scan import parsed
from runner.rules.uses import checks_of

_SECRET = re.compile(r"\{\{[^}]*\bsecrets\.([A-Za-z_][A-Za-z0-9_]*)")
_KEYS = re.compile(
    r"\b(?:sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,200}|gh[pousr]_[A-Za-z0-9]{30,200}|github_pat_[A-Za-z0-9_]{30,200}"
    r"|AKIA[0-9A-Z]{16}|xox[abprs]-[A-Za-z0-9-]{10,200}|AIza[0-9A-Za-z_-]{35}|glpat-[A-Za-z0-9_-]{20,100})"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
)


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Secrets at the wrong place."""
    for path in sorted(loaded.documents):
        yield from hard_coded(loaded.documents[path].text, path)
    for name, manager in loaded.managers.items():
        shared = loaded.pipeline.requires.secrets if loaded.pipeline is not None else ()
        for pointer, check in checks_of(loaded.data[name]):
            at = functools.partial(loaded.in_manager, name)
            yield from _in_check(check, pointer, at, (*manager.requires.secrets, *shared))
    if loaded.pipeline is None:
        return
    declared = loaded.pipeline.requires.secrets
    for name, step in loaded.pipeline.steps.items():
        for index, check in enumerate(step.options.get("checks", ())):
            yield from _in_check(check, ("steps", name, "with", "checks", index), loaded.at, declared)
    for use, expression in parsed(loaded):
        for read, _ in expression.reads():
            if not read or read[0] != "secrets":
                continue
            if use.pointer[:1] != ("steps",) or use.pointer[2:4] != ("with", "env"):
                yield use.problem("ORC315", 'secrets may stand under "env" only', "give it to a command by env")
            elif len(read) != 2 or read[1] not in declared:
                name = read[1] if len(read) > 1 else "NAME"
                yield use.problem("ORC313", f'secret "{name}" is not declared', f'add {name} to "requires.secrets"')


def _in_check(
    check: JsonObject, base: tuple[str | int, ...], at: Callable[..., Position], declared: Sequence[str]
) -> Iterator[Problem]:
    words = check.get("run", ())
    texts: list[tuple[tuple[str, ...], str]] = [
        (("run",), word) for word in ([words] if isinstance(words, str) else words)
    ]
    texts += [(("env", name), value) for name, value in check.get("env", {}).items()]
    for place, text in texts:
        for read in _SECRET.findall(text):
            pointer = (*base, *place)
            shown, where = "".join(f"/{part}" for part in pointer), at(*pointer)
            if place[0] != "env":
                message, hint = 'secrets may stand under "env" only', "give it to the check by env"
                yield finding("ORC315", message, where, pointer=shown, hint=hint)
            elif read not in declared:
                message, hint = f'secret "{read}" is not declared', f'add {read} to "requires.secrets"'
                yield finding("ORC313", message, where, pointer=shown, hint=hint)


def hard_coded(text: str, path: str) -> Iterator[Problem]:
    """Keys of known forms in a text; the message shows none of it but the first letters."""
    for found in _KEYS.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1
        where = Position(path, line, column, line, column + len(found.group()))
        message = f'a secret stands in the file ("{found.group()[:4]}...")'
        yield finding("SEC002", message, where, hint="take it out, make it invalid, and read it from the environment")


def mask(text: str) -> str:
    """The text with every key of a known form made unreadable, at the same width."""
    return _KEYS.sub(lambda found: found.group()[:4] + "*" * (len(found.group()) - 4), text)
