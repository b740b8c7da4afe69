"""What the blueprint must not claim: a sentence of which a part would not hold in the software is not understood."""

from __future__ import annotations

import pytest

from runner.blueprint.model import plan
from runner.records import Json

HEAD = "# Desk\n\n- A user can add an item.\n- A user can write a post.\n\n"


def planned(text: str) -> dict[str, Json]:
    return plan({"request": text})


def claimed(lines: str) -> bool:
    """Whether the last line counts as a requirement or a constraint."""
    made = planned(f"{HEAD}{lines}\n")
    last = lines.rsplit("\n", 1)[-1].removeprefix("- ")
    return any(entry["quote"].endswith(last) for entry in [*made["requirements"], *made["constraints"]])


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("Items can be lent or reserved.", id="what is done to a thing is no state"),
        pytest.param("Posts can be edited or deleted.", id="passive abilities are no state"),
        pytest.param("A password contains letters and digits.", id="contains is not: only"),
        pytest.param("Each item has ten seats.", id="number word in a field"),
        pytest.param("A user can add three notes.", id="number word in a thing"),
        pytest.param("A user can create several lists.", id="quantifier"),
        pytest.param("A user can add notes daily.", id="adverb of time"),
        pytest.param("A user can save notes automatically.", id="adverb"),
        pytest.param("A user can leave one review per item.", id="per"),
        pytest.param("Each note has a unique name per owner.", id="unique per owner"),
        pytest.param("A user can add notes except weapons.", id="except"),
        pytest.param("A user can create recurring events.", id="recurring"),
        pytest.param("A user can add a personal note.", id="personal may be private"),
        pytest.param("A user can write a message to another user.", id="addressee is not the owner"),
        pytest.param("A user can review another user.", id="reviewed is not the owner"),
        pytest.param("A user can add a group.\nA user can join a group and leave it.", id="leave"),
        pytest.param("A user can share a post.", id="share what was written"),
        pytest.param("A user can publish a post.", id="publish what was written"),
        pytest.param("A user can share a list with friends.", id="share with"),
        pytest.param("Some users can delete posts.", id="some users"),
        pytest.param("As an admin, I want to delete a post.", id="story of a role"),
        pytest.param("As a moderator, I can delete any post.", id="story of a role with can"),
        pytest.param("As a visitor, I want to like a post.", id="story of a visitor"),
        pytest.param("Everything else needs a login.", id="everything else includes reading"),
        pytest.param("Anyone can write a note.\nWriting needs a login.", id="login against anyone"),
        pytest.param(
            "People sign up with a username and a password.\nPeople log in with their email.", id="login by no field"
        ),
        pytest.param(
            "A user can like a post.\nA user is notified when someone likes their item.", id="event of another thing"
        ),
        pytest.param(
            "Each event has a title and a day of up to 9 characters.\nEvents are sorted by day, newest first.",
            id="two orders",
        ),
        pytest.param("Each item has a price of up to 9,99 euros.", id="decimal comma"),
        pytest.param("A user can add a task.\nEach task is assigned to a user.", id="assigned is not the owner"),
        pytest.param("Each task has a title and is done or open.", id="a state is not the title"),
        pytest.param("Each contact has a phone or an address.", id="one of two fields"),
        pytest.param("Each note has a title and tags.", id="several in one field"),
        pytest.param("Only for premium members:\n\n- A user can bookmark an item.", id="lead that restricts"),
        pytest.param("When the shop is closed:\n\n- Anyone can read posts.", id="lead with a condition"),
        pytest.param("## For admins only\n\n- A user can bookmark an item.", id="heading that restricts"),
        pytest.param("A user can make a donation.", id="donation"),
        pytest.param("A user can start a timer.", id="timer"),
        pytest.param("A user can start a chat with a friend.", id="chat"),
        pytest.param("Anyone can add a note.\nEach note shows its author.", id="author of nobody"),
        pytest.param(
            "A post belongs to an item.\nOnly the owner of an item can see its posts.", id="owner of the parent"
        ),
        pytest.param("A user can see their items.", id="a list of one's own"),
        pytest.param("Each item has opening hours.", id="hours that do not count"),
        pytest.param("A username is an email address.", id="username of another alphabet"),
        pytest.param("People sign up with an email address and a password.", id="sign up without a username"),
        pytest.param("People sign up with a name and a password.", id="sign up with a name"),
        pytest.param("Each item has an auto-generated number.", id="generated"),
        pytest.param("Each item has an average rating.", id="computed"),
        pytest.param("Each item has a parent item.", id="reference to its kind"),
        pytest.param("A user can add a book.\nEach item has a book.", id="reference to another thing"),
        pytest.param("A user can submit the form.", id="what is there already"),
        pytest.param("A user can enter a room.", id="enter"),
        pytest.param("A user can start a game.", id="start"),
        pytest.param("A user can add a list.\nA user can add an item to a list.", id="item of many lists"),
    ],
)
def test_what_would_not_hold_is_not_claimed(lines: str) -> None:
    assert not claimed(lines)


@pytest.mark.parametrize(
    "text",
    [
        "# Shop\n\nOnly admins can add products.\nAnyone can browse products.\n",
        "# Shop\n\nOnly cooks can add recipes.\nAnyone can browse recipes.\n",
        "# Shop\n\nA seller can add a product.\nA seller can delete a product.\nA buyer can review a product.\n",
    ],
)
def test_whoever_signs_up_is_no_admin(text: str) -> None:
    made = planned(text)
    sellers = [entry["text"] for entry in made["requirements"] if entry["text"].startswith(("Only", "A seller"))]
    assert sellers == [] or not made["entities"]


@pytest.mark.parametrize(
    "line",
    [
        "No item can be lent twice at the same time.",
        "No duplicate titles.",
        "No post can be longer than 280 characters.",
    ],
)
def test_a_prohibition_is_no_exclusion(line: str) -> None:
    made = planned(HEAD + line + "\n")
    assert [entry["text"] for entry in made["not_understood"]] == [line]
    assert made["exclusions"] == []


def fields(text: str, table: str) -> dict[str, str]:
    entity = next(entity for entity in planned(text)["entities"] if entity["table"] == table)
    return {field["name"]: field["kind"] for field in entity["fields"]}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Each event has a title and a date.", {"title": "string", "date": "date"}),
        ("Each event has a title, a date.", {"title": "string", "date": "date"}),
        ("Each event has a name that is unique and a date.", {"name": "string", "date": "date"}),
        ("Each event has a price between 1 and 1000 euros.", {"price": "number"}),
        ("Each event has a phone number and a start date.", {"phone_number": "string", "start_date": "date"}),
        ("Each event has a rating between 1 and 5.", {"rating": "integer"}),
    ],
)
def test_fields_are_of_the_kind_that_was_said(line: str, expected: dict[str, str]) -> None:
    assert fields(f"# Desk\n\n- A user can add an event.\n- {line}\n", "events") == expected


def test_a_search_by_author_means_the_field_of_that_name() -> None:
    text = "# Desk\n\nEach book has a title and an author.\nA user can add a book.\nBooks can be searched by author.\n"
    book = next(entity for entity in planned(text)["entities"] if entity["table"] == "books")
    narrow = next(relation["narrow"] for relation in book["relations"] if relation["kind"] == "list")
    assert [(entry["how"], entry["by"]) for entry in narrow] == [("text", "author")]


def reads(text: str) -> dict[str, str]:
    return {
        entity["table"]: relation["who"]
        for entity in planned(text)["entities"]
        for relation in entity["relations"]
        if relation["kind"] == "operation" and relation["action"] == "read"
    }


def test_parts_of_what_members_see_are_not_shown_to_strangers() -> None:
    made = reads(f"{HEAD}Only signed-in users can see items.\nA user can comment on an item.\n")
    assert made == {"items": "user", "comments": "user"}


def test_lists_for_owners_alone_are_not_claimed_where_others_add_to_them() -> None:
    assert not claimed("A user can comment on an item.\nA user can see only their own items.")


def test_nothing_is_built_where_no_sentence_is_understood_as_a_whole() -> None:
    made = planned("# Notes\n\nA user can add a note and translate it to Klingon.\n")
    assert made["entities"] == []
    assert [entry["line"] for entry in made["not_understood"]] == [3]
