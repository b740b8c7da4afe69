"""The expression language: what it reads, what it refuses, and that values never become code."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import StepFailed
from runner.expressions import ExpressionError, MissingValue, braces, fill, parse, split_run, words

SCOPE = {
    "n": 3,
    "yes": True,
    "title": "A {{ n }} title",
    "items": [1, 2, 3],
    "steps": {"plan": {"status": "ok", "output": {"parts": [{"name": "a"}], "items": "mine", "keys": 1}}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n", 3), ("-1", -1), ("'x'", "x"), ("[1, 'a', n]", [1, "a", 3]), ("none", None), ("true", True),
        ("1.5", 1.5),
        ("steps.plan.output.parts[0].name", "a"), ("steps.plan.output['parts']", [{"name": "a"}]),
        ("items[2]", 3),
        ("steps.plan.output.items", "mine"), ("steps.plan.output.keys", 1), ("n == 3", True), ("n != 3", False),
        ("1 < n <= 3", True), ("n in items", True), ("n not in items", False), ("not yes", False),
        ("yes and n > 3", False),
        ("n > 3 or yes", True), ("items | length", 3), ("items | first", 1), ("items | last", 3),
        ("title | length", 15),
        ("nothing | default(7)", 7), ("steps.nope.output.x | default('x')", "x"), ("n | default(7)", 3),
        ("(items | first) == 1 and not (n == 4)", True), ("n == true", False), ("1 == 1.0", True),
        ("items | length > 2", True),
    ],
)  # fmt: skip
def test_what_an_expression_finds(text: str, value: object) -> None:
    assert parse(text).evaluate(SCOPE) == value


@pytest.mark.parametrize(
    "text",
    ["n + 1", "n * 2", "n ~ 'x'", "size(n)", "items.append(1)", "n | upper", "n | default", "items | first(2)",
     "items[n]", "items[-1]",
     "items[1:2]", "n is defined", "{'a': 1}", "(1, 2)", "n if yes else 2", "-n", "n ** 2", "'%s' % n",
     "n | default(1, true)", "-'a'"],
)  # fmt: skip
def test_forms_that_are_not_part_of_the_language(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert refused.value.form
    assert "allowed are" in refused.value.hint


@pytest.mark.parametrize(
    "text", ["", "n ==", "(n", "n n", "n }} {{ n", "{{ n }}", "{% if n %}", "'open", "n.", "n..x", "and"]
)
def test_texts_that_are_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert not refused.value.form
    assert 0 <= refused.value.offset <= len(text)


@pytest.mark.parametrize("text", ["(" * 3000 + "n" + ")" * 3000, "not " * 3000 + "yes", "n" * 5000])
def test_depth_and_length_are_bounded(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    ["nope", "n.real", "title.upper", "items.append", "items[9]", "steps.plan.output.get", "n.__class__", "[] | first"],
)
def test_a_path_finds_data_only(text: str) -> None:
    with pytest.raises(MissingValue):
        parse(text).evaluate(SCOPE)


@pytest.mark.parametrize("text", ["yes and n", "not n", "title or yes", "n < title", "n | length", "n in n"])
def test_types_that_do_not_fit_are_said(text: str) -> None:
    with pytest.raises(StepFailed):
        parse(text).evaluate(SCOPE)


def test_the_paths_of_an_expression() -> None:
    found = parse("steps.a.output.x | default(inputs.y) == 'steps.b' and n in items[0].z").reads()
    assert found == [
        (("steps", "a", "output", "x"), True),
        (("inputs", "y"), False),
        (("n",), False),
        (("items", "0", "z"), False),
    ]


LITERALS = st.one_of(
    st.integers(0, 9).map(str),
    st.sampled_from(["true", "false", "none", "'a'", "'b'", "n", "m", "xs", "d.k", "d.nope"]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        LITERALS,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in"]), inner).map(
                lambda parts: f"({' '.join(parts)})"
            ),
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
            inner.map(lambda text: f"(not {text})"),
            st.sampled_from(["(n | default(1))", "(d.nope | default(1))", "(d.nope | default(xs) | length)"]),
            st.tuples(inner, inner).map(lambda parts: f"[{', '.join(parts)}]"),
        ),
        max_leaves=8,
    )
)
def test_what_has_a_value_has_the_value_that_jinja_finds(text: str) -> None:
    scope = {"n": 2, "m": 5, "xs": [1, 2, "a"], "d": {"k": True}}
    try:
        value = parse(text).evaluate(scope)
    except StepFailed:
        return  # stricter than Jinja: conditions are boolean, missing values are errors
    strict = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - no HTML; our own text
    expected = strict.compile_expression(text, undefined_to_none=False)(**scope)
    # Unlike Python, true is not 1 here: such comparisons are left to the examples above.
    if "true" not in text and "false" not in text and "d.k" not in text and "==" not in text and "!=" not in text:
        assert value == expected


def test_a_whole_value_keeps_its_type_and_a_part_becomes_text() -> None:
    filled = fill({"a": "{{ n }}", "b": ["no {{ n }}!", "{{ items }}"], "c": 7, "d": "{{ yes }} {{ items }}"}, SCOPE)
    assert filled == {"a": 3, "b": ["no 3!", [1, 2, 3]], "c": 7, "d": "true [1, 2, 3]"}


def test_what_a_value_brings_is_never_filled_again() -> None:
    assert fill("{{ title }}", SCOPE) == "A {{ n }} title"
    assert fill("x{{ title }}", SCOPE) == "xA {{ n }} title"


def test_braces_inside_a_quote_belong_to_the_quote() -> None:
    assert fill("{{ '}}' }} and {{ \"{{\" }}", SCOPE) == "}} and {{"
    with pytest.raises(ExpressionError):
        braces("a {{ n")


def test_secrets_are_read_only_where_they_are_given() -> None:
    assert fill("{{ secrets.KEY }}", SCOPE, {"KEY": "k"}) == "k"
    with pytest.raises(MissingValue):
        fill("{{ secrets.KEY }}", SCOPE)


@pytest.mark.parametrize("value", ["two words", "; rm -rf /", "$(id)", "a'b\"c", "", "{{ n }}", "a\nb", "*"])
def test_a_value_is_always_one_word(value: str) -> None:
    assert split_run("git commit -m {{ v }} --x={{ v }} 'a {{ v }}'", {"v": value}) == (
        "git", "commit", "-m", value, f"--x={value}", f"a {value}",
    )  # fmt: skip


def test_words_are_split_before_they_are_filled() -> None:
    assert words("echo '{{ a | default(\"x y\") }} b' {{ c }}") == ("echo", '{{ a | default("x y") }} b', "{{ c }}")
    assert words(["a b", "{{ c }}"]) == ("a b", "{{ c }}")
    with pytest.raises(ExpressionError):
        words("echo 'open")


def test_a_value_never_becomes_an_option() -> None:
    with pytest.raises(StepFailed, match="starts with"):
        split_run("git log {{ v }}", {"v": "--output=x"})
    with pytest.raises(StepFailed, match="starts with"):
        split_run("git log {{ e }}{{ v }}", {"e": "", "v": "-x"})
    assert split_run("git log -- {{ v }}", {"v": "-x"}) == ("git", "log", "--", "-x")
    assert split_run("git log -x {{ v }}", {"v": "a"}) == ("git", "log", "-x", "a")
