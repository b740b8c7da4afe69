"""Plain YAML scalars by the core of YAML 1.2: null, true, false, decimal integers and floats; everything else is text.

What YAML 1.1 would have read differently (`no`, `010`, `12:30`, dates) stays text here and is warned about.
Source: YAML 1.2.2, section 10.3.2, without octal, hexadecimal, infinity and not-a-number.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from runner.records import Json

_WORDS: dict[str, Json] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_OLD_BOOLEAN = re.compile(r"(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)\Z")
_OLD_NUMBER = re.compile(
    r"[-+]?(?:0[0-9_]+(?:\.[0-9]*)?|0o[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+|[1-9][0-9]*_[0-9_]*"
    r"|[0-9]{1,9}(?::[0-5]?[0-9]){1,9}(?:\.[0-9]*)?|\.(?:inf|Inf|INF|nan|NaN|NAN))\Z"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?\Z")
_LONGEST_NUMBER = 40
_LARGEST = 2**63


class Scalar(NamedTuple):
    """A value, and what to say about how it was written: rule id ("" for nothing), message, hint."""

    value: Json
    rule: str = ""
    message: str = ""
    hint: str = ""


def read(text: str) -> Scalar:
    """What the plain scalar `text` means."""
    if text in _WORDS:
        return _word(text)
    first = text[0]
    if first in "0123456789+-.":
        return _number_like(text)
    if _OLD_BOOLEAN.match(text):
        meant = "true" if text.lower() in {"yes", "on"} else "false"
        return Scalar(
            text, "ORC003", f'plain "{text}" is text here, and a boolean in YAML 1.1', f"write {meant}, or quote it"
        )
    return Scalar(text)


def _word(text: str) -> Scalar:
    value = _WORDS[text]
    if isinstance(value, bool) and text != text.lower():
        return Scalar(
            value, "ORC003", f'"{text}" is a boolean in unusual letters', f"write {text.lower()}, or quote it"
        )
    return Scalar(value)


def _number_like(text: str) -> Scalar:
    if _INTEGER.match(text):
        return _integer(text)
    if _FLOAT.match(text):
        return _float(text)
    if _OLD_NUMBER.match(text):
        return Scalar(
            text, "ORC004", f'"{text}" is text here, and a number in YAML 1.1', "quote it, or write a decimal number"
        )
    if _DATE.match(text):
        return Scalar(text, "ORC005", f'"{text}" is text here, and a date in YAML 1.1', "quote it")
    return Scalar(text)


def _integer(text: str) -> Scalar:
    if len(text) > _LONGEST_NUMBER or not -_LARGEST <= int(text) < _LARGEST:
        return Scalar(0, "ORC103", "the number does not fit into 64 bits", "quote it if it is text")
    return Scalar(int(text))


def _float(text: str) -> Scalar:
    value = float(text) if len(text) <= _LONGEST_NUMBER * 10 else math.inf
    if math.isinf(value):
        return Scalar(0.0, "ORC103", "the number does not fit into a double", "quote it if it is text")
    if "." in text and text.endswith("0") and not text.endswith(".0") and "e" not in text.lower():
        return Scalar(
            value, "ORC004", f'"{text}" is read as the number {value:g}', "quote it if it is text, such as a version"
        )
    return Scalar(value)
