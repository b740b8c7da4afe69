# ruff: noqa: E501 - sentences stand on one line.
"""Sentences as product owners write them. Table: what each comes to | what stays not understood | whole pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.blueprint import model
from runner.records import Json

REQUESTS = Path(__file__).parent / "data" / "requests"
HEAD = "# Club\n\n- A member can add a plot.\n- A member can write a note.\n- Anyone can read notes.\n- Each plot has a plot number of up to 9 characters.\n"


def planned(lines: str) -> dict[str, Json]:
    return model.plan({"request": HEAD + lines})


def missed(plan: dict[str, Json]) -> list[str]:
    return [line["text"] for line in plan["not_understood"]]


def entity(plan: dict[str, Json], name: str) -> dict[str, Json]:
    return next(one for one in plan["entities"] if one["name"] == name)


def field(plan: dict[str, Json], table: str, name: str) -> dict[str, Json]:
    return next(one for one in entity(plan, table)["fields"] if one["name"] == name)


def relation(plan: dict[str, Json], table: str, **wanted: Json) -> dict[str, Json]:
    found = entity(plan, table)["relations"]
    return next(one for one in found if {**one, **wanted} == one)


def test_plural_subjects_are_unique() -> None:
    plan = planned("- Plot numbers are unique.\n")
    assert missed(plan) == []
    assert field(plan, "plots", "plot_number")["unique"] is True


@pytest.mark.parametrize(
    "who", ["Everyone, even without an account,", "Visitors without an account", "Anybody without logging in"]
)
def test_everyone_without_an_account_is_anyone(who: str) -> None:
    plan = planned(f"- {who} can look at the list of plots.\n")
    assert missed(plan) == []
    assert relation(plan, "plots", kind="operation", action="read")["who"] == "any"


@pytest.mark.parametrize("bound", ["(max. 1000 characters)", "with max. 1000 characters", "of up to 1000 characters"])
def test_abbreviations_end_no_sentence(bound: str) -> None:
    plan = planned(f"- A member can write a tip {bound}.\n")
    assert missed(plan) == []
    assert field(plan, "tips", "content")["max"] == 1000


@pytest.mark.parametrize(
    ("line", "descending"),
    [
        ("Notes are listed with the newest first.", True),
        ("Anyone can see the notes, the newest ones first.", True),
        ("The newest note comes first.", True),
        ("The oldest notes come first.", False),
        ("Notes appear in the order in which they were written.", False),
    ],
)
def test_orders(line: str, descending: bool) -> None:
    plan = planned(f"- {line}\n")
    assert missed(plan) == []
    assert relation(plan, "notes", kind="list")["descending"] is descending


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("Members may edit only their own notes.", "update"),
        ("Members can delete their own notes, nobody else can.", "delete"),
        ("Notes can be deleted by their author.", "delete"),
        ("Notes can only be edited by their author.", "update"),
    ],
)
def test_owners_alone(line: str, action: str) -> None:
    plan = planned(f"- {line}\n")
    assert missed(plan) == []
    assert relation(plan, "notes", kind="operation", action=action)["who"] == "owner"


def test_the_requests_own_people_comment_and_register() -> None:
    text = "# News\n\nReaders register with a username and a password.\n\n- Readers can write articles.\n- Readers can comment on an article with up to 500 characters.\n"
    plan = model.plan({"request": text})
    assert missed(plan) == []
    assert field(plan, "comments", "content")["max"] == 500


def test_a_review_has_a_text_beside_its_rating() -> None:
    plan = planned(
        "- A member can write a review of a plot (max. 800 characters).\n- Each review has a rating from 1 to 5 stars.\n"
    )
    assert missed(plan) == []
    assert (field(plan, "reviews", "content")["max"], field(plan, "reviews", "rating")["max"]) == (800, 5)


def test_likes_but_only_once_and_told_when() -> None:
    plan = planned(
        "- Members can like a note, but only once.\n- An author is told in real time when somebody likes their note.\n"
    )
    assert missed(plan) == []
    assert list(plan["stack"]["notify"]["events"]) == ["like"]


@pytest.mark.parametrize(
    "line",
    [
        "The newest three notes come first.",
        "Everyone without an account can only look at the first plot.",
        "Notes can be deleted by their reader.",
        "Notes can be archived by their author.",
        "A member can write a list of plots.",
        "The oldest admin comes first.",
        "Notes appear in the order in which they were liked.",
    ],
)
def test_what_is_not_enforced_stays_not_understood(line: str) -> None:
    assert missed(planned(f"- {line}\n")) == [line]


@pytest.mark.parametrize(("name", "share"), [("garden", 0.9), ("gazette", 0.9), ("reading_club", 0.8)])
def test_whole_pages_are_mostly_understood(name: str, share: float) -> None:
    plan = model.plan({"request": (REQUESTS / f"served_{name}.md").read_text()})
    good = len(plan["requirements"]) + len(plan["constraints"])
    assert good / (good + len(plan["not_understood"])) >= share
