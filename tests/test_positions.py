"""YAML with positions: what values mean, where they stand, and what no file can do to us."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.positions import Document, load_json, load_yaml, read_source
from runner.records import Problem


def data_of(text: str) -> object:
    document, problems = load_yaml(text, "x.yaml")
    assert document is not None, problems
    return document.data


def found(text: str) -> list[tuple[str, int, int]]:
    return [place(problem) for problem in load_yaml(text, "x.yaml")[1]]


def place(problem: Problem) -> tuple[str, int, int]:
    assert problem.position is not None
    return problem.rule, problem.position.line, problem.position.column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("null", None), ("", None), ("true", True), ("FALSE", False), ("7", 7), ("-7", -7), ("+7", 7),
        ("0", 0), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("no", "no"), ("on", "on"), ("y", "y"), ("010", "010"),
        ("0o10", "0o10"), ("0x1F", "0x1F"), ("0b11", "0b11"), ("1_000", "1_000"), ("12:30", "12:30"), ("09", "09"),
        ("1:2:3", "1:2:3"), ("2026-01-02", "2026-01-02"), (".inf", ".inf"), (".nan", ".nan"), ("=", "="),
        ("1.2.3", "1.2.3"),
        ('"7"', "7"), ("'true'", "true"), ("! 7", "7"), ("!!str 7", "7"), ("|\n  two\n  lines", "two\nlines"),
    ],
)  # fmt: skip
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert data_of("x: " + text) == {"x": value}


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off", "True", "FALSE"])
def test_words_that_yaml_1_1_reads_as_booleans_are_warned_about(word: str) -> None:
    assert found(f"a: {word}\n") == [("ORC003", 1, 4)]


@pytest.mark.parametrize("number", ["010", "0o17", "0x1F", "0b1", "1_000", "12:30", "1.10", "-.inf", "09"])
def test_numbers_of_yaml_1_1_are_warned_about(number: str) -> None:
    assert found(f"a: {number}\n") == [("ORC004", 1, 4)]


@pytest.mark.parametrize("number", ["9" * 5000, str(2**63), "1e999", "-" + "9" * 20])
def test_a_number_that_fits_no_machine_is_an_error(number: str) -> None:
    assert found(f"a: {number}\n") == [("ORC103", 1, 4)]


def test_every_value_and_key_has_its_place() -> None:
    document, _ = load_yaml("a:\n  - b: 1\n    c: {d: 'é', e: [x, y]}\n", "x.yaml")
    assert isinstance(document, Document)
    value = document.position(("a", 0, "c", "e", 1))
    assert (value.line, value.column, value.end_line, value.end_column) == (3, 24, 3, 25)
    key = document.position(("a", 0, "c"), key=True)
    assert (key.line, key.column, key.end_column) == (3, 5, 6)
    assert document.has(("a", 0, "c", "e", 1))
    assert not document.has(("a", 0, "c", "e", 2))


def test_what_is_not_there_stands_at_the_nearest_thing_that_is() -> None:
    document, _ = load_yaml("steps:\n  code:\n    uses: agent\n", "x.yaml")
    assert document is not None
    missing = document.position(("steps", "code", "with", "x"))
    assert (missing.line, missing.column) == (2, 3)


def test_columns_count_characters_not_bytes() -> None:
    document, _ = load_yaml("ключ: 'значение'\nb: {ö: 1}\n", "x.yaml")
    assert document is not None
    assert document.position(("ключ",)).column == 7
    assert document.position(("b", "ö")).column == 8


def test_an_alias_has_the_parts_of_its_anchor() -> None:
    document, problems = load_yaml("a: &one {b: 1}\nc: *one\n", "x.yaml")
    assert problems == []
    assert document is not None
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.position(("c",)).line == 2
    assert document.position(("c", "b")).line == 1


NASTY = {
    "deep flow": "[" * 200_000,
    "deep block": "\n".join(" " * i + "a:" for i in range(400)),
    "laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{n}: &{n} [{','.join([f'*{o}'] * 9)}]\n" for o, n in zip("abcdefgh", "bcdefghi", strict=True)),
    "many aliases": "a: &a 1\nb: [" + "*a, " * 5000 + "]\n",
    "many nodes": "[" + "1," * 150_000 + "]",
    "large": "a: " + "x" * (1 << 20),
}


@pytest.mark.parametrize("name", NASTY)
def test_a_file_cannot_swell_or_hang(name: str) -> None:
    document, problems = load_yaml(NASTY[name], "x.yaml")
    assert document is None
    assert [problem.rule for problem in problems] == ["ORC012"]


def test_merge_keys_are_refused_before_they_multiply() -> None:
    levels = "".join(
        f"{n}: &{n}\n  <<: [{','.join([f'*{o}'] * 9)}]\n" for o, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    rules = {problem.rule for problem in load_yaml("a: &a {x: 1}\n" + levels, "x.yaml")[1]}
    assert rules <= {"ORC010", "ORC012"}
    assert rules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&a [*a]", ("ORC010", 1, 5)),
        ("a: *nowhere", ("ORC010", 1, 4)),
        ("a: &unused 1", ("ORC010", 1, 4)),
        ("a: !!python/object/apply:os.system [ls]", ("ORC009", 1, 4)),
        ("a: !!binary aGk=", ("ORC009", 1, 4)),
        ("a: 1\n---\nb: 2", ("ORC008", 2, 1)),
        ("# nothing", ("ORC014", 1, 1)),
        ("a: 1\nb: 2\n'a': 3", ("ORC002", 3, 1)),
        ("? [a]\n: 1", ("ORC013", 1, 3)),
        ("true: 1", ("ORC013", 1, 1)),
        ("a: {{ x }}", ("TMPL016", 1, 5)),
        ("a: [1\nb: 2", ("ORC001", 2, 2)),
        ("a: 'open", ("ORC001", 1, 9)),
        ("a:\n  b: 1\n\tc: 2", ("ORC006", 3, 1)),
        ("a: \x00", ("ORC007", 1, 4)),
        ("a: 1\nb: \x9b", ("ORC007", 2, 4)),
    ],
)
def test_what_is_wrong_is_found_where_it_is(text: str, expected: tuple[str, int, int]) -> None:
    assert expected in found(text)


def test_a_duplicate_names_both_places_and_keeps_the_first() -> None:
    document, problems = load_yaml("a: 1\nb: 2\na: 3\n", "x.yaml")
    assert document is not None
    assert document.data == {"a": 1, "b": 2}
    assert [(where.line, text) for where, text in problems[0].related] == [(1, "first defined here")]


@pytest.mark.parametrize(
    ("data", "rule"),
    [(b"a: \xe9\n", "ORC007"), ("a: 1".encode("utf-16"), "ORC007"), (b"x" * (2 << 20), "ORC012")],
)
def test_bytes_that_are_no_text_of_ours(tmp_path: Path, data: bytes, rule: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(data)
    text, problems = read_source(file, "x.yaml")
    assert text is None
    assert [problem.rule for problem in problems] == [rule]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_source(file, "x.yaml") == ("a: 1\n", [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufeff\u2028\u2029\x85")),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(string.ascii_letters, min_size=1), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSON.filter(lambda value: value is not None), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_is_read_as_json(data: object, indent: object, ascii_only: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)  # type: ignore[arg-type]
    document, problems = load_json(text, "x.json")
    assert document is not None, problems
    assert document.data == data


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:- \n\t[]{},\"'#&*!|>?%@`<~01\\\u00e9", max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    document, problems = load_yaml(text, "x.yaml")
    assert document is not None or problems
    for problem in problems:
        assert problem.position is not None
        assert problem.hint
        assert problem.position.line <= text.count("\n") + 2


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:- \n[]{},\"'#|>?~", max_size=60))
def test_what_pyyaml_reads_as_text_is_read_alike(text: str) -> None:
    try:
        expected = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes text only
    except yaml.YAMLError:
        return
    document, problems = load_yaml(text, "x.yaml")
    if document is not None and not [problem for problem in problems if problem.severity == "error"]:
        assert as_words(document.data) == as_words(expected)


def as_words(value: object) -> object:
    if isinstance(value, dict):
        return {key: as_words(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_words(item) for item in value]
    return "~" if value in (None, "", "~") else value
