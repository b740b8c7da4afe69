"""What is assumed where a sentence that was not understood speaks of it: the assumption names the line, and no
criterion claims it."""

from __future__ import annotations

import pytest

from runner.blueprint import model
from runner.records import Json

HEAD = "# Desk\n\n- A member can write a note.\n- Anyone can read notes.\n- A member can like a note.\n"


def planned(line: str) -> dict[str, Json]:
    return model.plan({"request": f"{HEAD}- {line}\n"})


def why(plan: dict[str, Json], words: str) -> str:
    (found,) = [one["why"] for one in plan["assumptions"] if words in one["text"]]
    return str(found)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Notes glow after 500 characters.", "A note has a text of 1 to 280 characters."),
        ("Notes glow, the newest first.", "Notes are listed newest first."),
        ("Members register by telephone with an email address.", "A username has"),
        ("Members register by telephone with an email address.", "People sign up with a username"),
        ("A password glows in the dark.", "A password has"),
        ("Likes fade away on Sundays.", "A like can be taken back."),
        ("Screens of the web page glow.", "A web page on which"),
        ("The data are stored upside down.", "The data lives in one SQLite file"),
    ],
)
def test_an_assumption_names_the_line_that_may_say_otherwise(line: str, words: str) -> None:
    plan = planned(line)
    assert plan["not_understood"] == [{"line": 6, "text": line}]
    assert why(plan, words) == "Line 6 says something about it that was not understood."
    assert "not understood" not in why(planned("No dragons."), words)


def test_no_criterion_claims_a_bound_that_a_sentence_may_contradict() -> None:
    sure, doubtful = planned("No dragons."), planned("Notes glow after 500 characters.")
    assert [one["text"] for one in sure["criteria"] if "280 characters" in one["text"]]
    assert [one["text"] for one in doubtful["criteria"] if "280 characters" in one["text"]] == []


def test_below_a_heading_a_sentence_is_about_what_the_heading_names() -> None:
    plan = model.plan({"request": f"{HEAD}\n## Notes\n\nThey glow, the newest first.\n"})
    assert why(plan, "Notes are listed").startswith("Line 9 says")


def test_an_order_that_nobody_said_is_an_assumption() -> None:
    assert why(planned("No dragons."), "Notes are listed newest first.") == "The request does not say in what order."
    said = planned("Notes are listed oldest first.")
    assert [one for one in said["assumptions"] if "are listed" in one["text"]] == []


def test_signing_up_without_a_username_is_not_claimed() -> None:
    plan = planned("Members register with an email address and a password.")
    assert [line["line"] for line in plan["not_understood"]] == [6]
