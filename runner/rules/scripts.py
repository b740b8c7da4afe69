"""ORC317 braces_in_shell: a value never becomes a part of a script, neither under `shell` nor behind `sh -c`, and never
the program of a `run`.

Bad: `run: [sh, -c, "echo {{ inputs.name }}"]`. Good: `shell: echo "$NAME"` with `env: {NAME: "{{ inputs.name }}"}`, or
`run: [sh, -c, 'echo "$1"', sh, "{{ inputs.name }}"]`, where the value is a word of its own behind the script.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from runner.expressions import ExpressionError, words
from runner.load import Loaded
from runner.records import Json, Position, Problem
from runner.records.catalogue import finding
from runner.rules.uses import checks_of

_READS_SCRIPTS = re.compile(r"(?:.*/)?(?:(?:ba|da|z|k|a)?sh|python[0-9.]*|node|perl|ruby|php)")
_SCRIPT_FOLLOWS = re.compile(r"-[A-Za-z]*[cer]|--eval|--command")

Pointer = tuple[str | int, ...]


def judge(loaded: Loaded) -> Iterator[Problem]:
    """Every script of a command or check that holds braces."""
    for name in loaded.managers:
        at = functools.partial(loaded.in_manager, name)
        for pointer, check in checks_of(loaded.data[name]):
            yield from _judge_run(check.get("run"), (*pointer, "run"), at)
    if loaded.pipeline is None:
        return
    for name, step in loaded.pipeline.steps.items():
        yield from _judge_run(step.options.get("run"), ("steps", name, "with", "run"), loaded.at)
        for index, check in enumerate(step.options.get("checks", ())):
            yield from _judge_run(check.get("run"), ("steps", name, "with", "checks", index, "run"), loaded.at)


def _judge_run(run: Json, pointer: Pointer, at: Callable[..., Position]) -> Iterator[Problem]:
    try:
        argv = words(run or [])
    except ExpressionError:
        return  # another rule says what is wrong with the words
    if argv and "{{" in argv[0]:
        shown = "".join(f"/{part}" for part in pointer)
        message, hint = f"a value may not name the program: {argv[0]}", "write the program, and give values to it"
        yield finding("ORC317", message, at(*pointer), pointer=shown, hint=hint)
    found = script_of(argv)
    if found is None or "{{" not in found:
        return
    shown = "".join(f"/{part}" for part in pointer)
    hint = 'give the value by "env", or as a word of its own behind the script'
    yield finding("ORC317", f"a script takes no {{{{ }}}}: the text {found!r}", at(*pointer), pointer=shown, hint=hint)


def script_of(argv: Sequence[str]) -> str | None:
    """The word that a shell or an interpreter among `argv` reads as a script, or None."""
    reads = False
    for word, after in itertools.pairwise(argv):
        reads = bool(_READS_SCRIPTS.fullmatch(word)) or (reads and word.startswith("-"))
        if reads and _SCRIPT_FOLLOWS.fullmatch(word):
            return after
    return None
