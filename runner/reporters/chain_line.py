"""What a task of the longest chain waited for, and what a whole schedule was bound by, in words."""

from __future__ import annotations

from runner.records import JsonObject

_WAITED = {
    "needs": "{what}, which it needs",
    "attempt": "its attempt before",
    "seat": "{what}, on the same seat",
    "file": "{what}, which writes the same files",
    "parallel": "{what}: its manager's parallel was full",
    "slots": "{what}: all agents were at work",
    "nothing": "nothing",
}
_BOUND = {
    "needs": "what tasks need",
    "attempt": "attempts made again",
    "seat": "the seats",
    "file": "files that several tasks write",
    "parallel": "a manager's parallel",
    "slots": "the number of agents",
    "itself": "a single task",
}


def waited(link: JsonObject) -> str:
    """`waited_for` and `what` of one link as a phrase behind "started after"."""
    return _WAITED[link["waited_for"]].format(what=link["what"])


def bound(word: str) -> str:
    """`bound_by` as a phrase behind "bound by"."""
    return _BOUND[word]
