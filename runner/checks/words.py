"""A command that a spec names, as words: it comes from a model or a person's task, so no shell ever reads it."""

from __future__ import annotations

import re
import shlex

SIGNS = frozenset("();<>|&")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class NoWords(Exception):
    """The command cannot be run without a shell; the message says why and what to write instead."""


def words(command: str) -> tuple[str, ...]:
    """The command's words; assignments before it become its environment, by `env`. Raises NoWords."""
    try:
        found = shlex.split(command)
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.commenters = ""
        signs = [word for word in lexer if word and set(word) <= SIGNS]
    except ValueError as error:
        raise NoWords(f"`{command}` cannot be split into words: {error}") from error
    if signs:
        raise NoWords(
            f"`{command}` needs a shell (`{signs[0]}`), and none reads it: name one program, or a script file"
        )
    if not found:
        raise NoWords("the command is empty")
    return ("env", *found) if ASSIGNMENT.match(found[0]) else tuple(found)
