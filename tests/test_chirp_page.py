"""The page of chirp in a browser: two people do all that the request asks for, on the software of the blueprint's own
tasks. Sign-up and login | posting | following, feed | likes, comments | live notifications | search | next page |
deleting | rows of threads, marking as read | empty and error states | keyboard | nothing on the console, no request
elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, expect

from test_chirp_software import sign_up, started
from visiting import CHROMIUM, PASSWORD, PATIENCE, Person, built, opened

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium is installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = built("examples/chirp/spec.md", tmp_path_factory.mktemp("chirp"))
    with started(folder, tmp_path_factory.mktemp("server") / "app.db") as client:
        yield client


@pytest.fixture(scope="module")
def threads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Software in which rows of threads are changed, and notifications marked as read."""
    folder = built("tests/data/requests/served_threads.md", tmp_path_factory.mktemp("threads"))
    with started(folder, tmp_path_factory.mktemp("server") / "app.db") as client:
        yield client


@pytest.fixture(scope="module")
def browser(server: httpx.Client, threads: httpx.Client) -> Iterator[Browser]:
    """One for all tests; after the servers, for no other event loop can run beside its own."""
    with opened() as browser:
        yield browser


@pytest.fixture
def arrive(server: httpx.Client, browser: Browser) -> Iterator[Any]:
    """arrive(): somebody opens the page; arrive("ada"): and signs up. Afterwards nobody has had a complaint."""
    people: list[Person] = []

    def open_page(name: str = "", at: httpx.Client = server) -> Person:
        page = browser.new_context().new_page()
        page.set_default_timeout(PATIENCE)
        person = Person(page, str(at.base_url))
        people.append(person)
        person.listen()
        page.goto(person.home)
        if name:
            person.sign_up(name)
            expect(person.see("app")).to_be_visible()
        return person

    yield open_page
    for person in people:
        person.page.context.close()
    assert [complaint for person in people for complaint in person.complaints] == []
    assert [url for person in people for url in person.requests if not url.startswith(person.home)] == []


def test_signing_up_and_logging_in(arrive: Any) -> None:
    ada = arrive()
    ada.expected |= {"401", "409"}
    ada.page.get_by_role("button", name="Create an account").click()
    form = ada.see("auth-form")
    form.get_by_label("Username").fill("ada")
    form.get_by_label("Password").fill("short")
    expect(ada.see("auth-submit")).to_be_disabled()
    ada.fill("ada", PASSWORD)
    expect(ada.see("app")).to_be_visible()
    ada.page.reload()
    expect(ada.see("app")).to_be_visible()
    ada.see("sign-out").click()
    ada.fill("ada", "wrong password")
    expect(ada.see("auth-error")).to_contain_text("password")
    ada.fill("ada", PASSWORD)
    expect(ada.see("app")).to_be_visible()
    ada.see("sign-out").click()
    ada.sign_up("ada")
    expect(ada.see("auth-error")).to_contain_text("taken")


def test_a_post_is_counted_and_refused_when_it_is_too_long(arrive: Any) -> None:
    bea = arrive("bea")
    text = bea.see("post-form").get_by_label("Text")
    expect(bea.see("post-counter")).to_have_text("280 characters left")
    expect(bea.see("post-submit")).to_be_disabled()
    text.fill("x" * 281)
    expect(bea.see("post-counter")).to_have_text("1 characters too many")
    expect(bea.see("post-submit")).to_be_disabled()
    text.press("Control+Enter")
    text.fill("   ")
    expect(bea.see("post-submit")).to_be_disabled()
    text.fill("\U0001f426" * 280)
    expect(bea.see("post-counter")).to_have_text("0 characters left")
    bea.see("post-submit").click()
    expect(bea.see("post")).to_have_count(1)
    expect(bea.see("post")).to_contain_text("bea")
    expect(text).to_have_value("")
    bea.post("<img src=x onerror=alert(1)>")
    expect(bea.see("post").first).to_contain_text("<img src=x onerror=alert(1)>")


def test_the_feed_holds_who_is_followed(arrive: Any) -> None:
    cleo, dan = arrive("cleo"), arrive("dan")
    expect(dan.see("feed-empty")).to_contain_text("follow someone")
    cleo.post("cleo was here")
    dan.go("People")
    dan.page.get_by_label("Name").fill("cle")
    expect(dan.see("user")).to_have_count(1)
    follow = dan.see("user-follow")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    expect(follow).to_contain_text("1 follower")
    dan.go("Feed")
    expect(dan.posts("cleo was here")).to_be_visible()
    dan.go("People")
    dan.page.get_by_label("Name").fill("cle")
    expect(dan.see("user")).to_have_count(1)
    dan.see("user-follow").click()
    expect(dan.see("user-follow")).to_have_attribute("aria-pressed", "false")
    dan.page.get_by_label("Name").fill("dan")
    expect(dan.see("user").filter(has_text="dan")).to_be_visible()
    expect(dan.see("user-follow")).to_have_count(0)
    dan.go("Feed")
    expect(dan.see("feed-empty")).to_be_visible()


def test_likes_comments_and_their_live_notifications(arrive: Any) -> None:
    eve, finn = arrive("eve"), arrive("finn")
    eve.post("please like this")
    eve.page.evaluate("window.neverReloaded = true")
    expect(eve.see("notifications-empty")).to_be_visible()
    finn.go("Explore")
    post = finn.posts("please like this")
    like = post.get_by_test_id("post-like")
    like.click()
    expect(eve.see("notifications").get_by_role("listitem")).to_have_text([re.compile("finn liked your post")])
    expect(like).to_have_accessible_name("Unlike, 1")
    like.click()
    expect(like).to_have_accessible_name("Like, 0")
    post.get_by_test_id("post-comments").click()
    expect(finn.see("comments-empty")).to_be_visible()
    finn.see("comments-form").get_by_role("textbox").fill("well said")
    finn.see("comments-form").get_by_role("button").click()
    expect(finn.see("comments").get_by_role("listitem")).to_contain_text(["well said"])
    expect(post.get_by_test_id("post-comments")).to_have_accessible_name("Comments, 1")
    expect(eve.see("notifications").get_by_role("listitem")).to_contain_text(["added a comment", "liked your post"])
    finn.go("People")
    finn.page.get_by_label("Name").fill("eve")
    expect(finn.see("user")).to_have_count(1)
    finn.see("user-follow").click()
    expect(eve.see("notifications").get_by_role("listitem").first).to_contain_text("finn follows you")
    assert eve.page.evaluate("window.neverReloaded")


def test_only_the_author_deletes_a_post(arrive: Any) -> None:
    gus, hal = arrive("gus"), arrive("hal")
    gus.post("to be deleted")
    gus.post("to be kept")
    hal.go("Explore")
    expect(hal.posts("to be kept").get_by_test_id("post-like")).to_be_visible()
    expect(hal.posts("to be kept").get_by_test_id("post-delete")).to_have_count(0)
    asked: list[str] = []
    gus.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    gus.posts("to be deleted").get_by_test_id("post-delete").click()
    expect(gus.see("post")).to_have_count(2)
    gus.page.once("dialog", Dialog.accept)
    gus.posts("to be deleted").get_by_test_id("post-delete").click()
    expect(gus.posts("to be deleted")).to_have_count(0)
    assert asked == ["Delete this post?"]
    gus.page.reload()
    expect(gus.see("post")).to_have_count(1)


def test_search_and_the_next_page(arrive: Any, server: httpx.Client) -> None:
    _, headers = sign_up(server, "ivo")
    for number in range(23):
        server.post("/api/posts", json={"content": f"Number {number} of ivo"}, headers=headers).raise_for_status()
    jan = arrive("jan")
    jan.go("Explore")
    jan.page.get_by_label("Author").fill("ivo")
    expect(jan.see("post")).to_have_count(20)
    expect(jan.see("post").first).to_contain_text("Number 22 of ivo")
    jan.see("posts-more").click()
    expect(jan.see("post")).to_have_count(23)
    expect(jan.see("post").last).to_contain_text("Number 0 of ivo")
    expect(jan.see("posts-more")).to_have_count(0)
    jan.page.get_by_label("Words").fill("nUMBER 7 ")
    expect(jan.see("post")).to_have_count(1)
    jan.page.get_by_label("Words").fill("nothing like this")
    expect(jan.see("posts-empty")).to_have_text("No post matches.")


def test_without_an_account_posts_can_be_read_and_nothing_else(arrive: Any, server: httpx.Client) -> None:
    _, headers = sign_up(server, "kim")
    server.post("/api/posts", json={"content": "for everybody"}, headers=headers).raise_for_status()
    guest = arrive()
    post = guest.posts("for everybody")
    expect(post).to_be_visible()
    expect(guest.see("auth-form")).to_be_visible()
    expect(guest.see("post-form")).to_have_count(0)
    expect(post.get_by_role("button")).to_have_count(1)
    post.get_by_role("button", name="Comments").click()
    expect(guest.see("comments-empty")).to_be_visible()
    expect(guest.see("comments-form")).to_have_count(0)


def test_a_lost_server_is_said_and_tried_again(arrive: Any) -> None:
    lea = arrive("lea")
    lea.expected.add("net::ERR_FAILED")
    lea.page.route("**/api/feed*", lambda route: route.abort())
    lea.page.reload()
    expect(lea.see("feed-error")).to_contain_text("The server cannot be reached.")
    lea.page.unroute("**/api/feed*")
    lea.see("feed-error").get_by_role("button", name="Try again").click()
    expect(lea.see("feed-empty")).to_be_visible()


def test_a_post_that_has_gone_is_said(arrive: Any, server: httpx.Client) -> None:
    _, headers = sign_up(server, "mia")
    post = server.post("/api/posts", json={"content": "soon gone"}, headers=headers).raise_for_status().json()
    ned = arrive("ned")
    ned.expected.add("404")
    ned.go("Explore")
    like = ned.posts("soon gone").get_by_test_id("post-like")
    expect(like).to_be_visible()
    server.delete(f"/api/posts/{post['id']}", headers=headers).raise_for_status()
    like.click()
    expect(ned.see("post-error")).to_be_visible()
    expect(like).to_have_accessible_name("Like, 0")


def test_an_ended_session_leads_back_to_the_login(arrive: Any) -> None:
    ole = arrive("ole")
    ole.expected.add("401")
    ole.page.evaluate(
        "localStorage.setItem('chirp.session', JSON.stringify({token: 'x', user_id: 'x', username: 'ole'}))"
    )
    ole.page.reload()
    expect(ole.see("auth-form")).to_be_visible()
    assert ole.page.evaluate("localStorage.getItem('chirp.session')") is None


def test_the_main_actions_are_reached_by_keyboard(arrive: Any) -> None:
    pia = arrive()
    username = pia.see("auth-form").get_by_label("Username")
    pia.page.get_by_role("button", name="Create an account").press("Enter")
    pia.tab_to(username)
    pia.page.keyboard.type("pia")
    pia.page.keyboard.press("Tab")
    pia.page.keyboard.type(PASSWORD)
    pia.page.keyboard.press("Enter")
    expect(pia.see("app")).to_be_visible()
    pia.tab_to(pia.see("post-form").get_by_label("Text"))
    pia.page.keyboard.type("typed by keys")
    pia.page.keyboard.press("Control+Enter")
    post = pia.posts("typed by keys")
    like = post.get_by_test_id("post-like")
    pia.tab_to(like)
    pia.page.keyboard.press("Enter")
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(like).to_be_focused()
    pia.page.keyboard.press("Space")
    expect(like).to_have_attribute("aria-pressed", "false")
    pia.tab_to(post.get_by_test_id("post-comments"))
    pia.page.keyboard.press("Enter")
    pia.tab_to(pia.see("comments-form").get_by_role("textbox"))
    pia.page.keyboard.type("a comment by keys")
    pia.page.keyboard.press("Control+Enter")
    expect(pia.see("comments")).to_contain_text("a comment by keys")
    pia.page.once("dialog", Dialog.accept)
    pia.page.keyboard.press("Shift+Tab")
    expect(post.get_by_test_id("post-delete")).to_be_focused()
    pia.page.keyboard.press("Enter")
    expect(post).to_have_count(0)
    pia.tab_to(pia.page.get_by_role("link", name="Explore"))
    pia.page.keyboard.press("Enter")
    expect(pia.see("posts")).to_be_visible()


def test_rows_of_threads_are_changed_and_counted(arrive: Any, threads: httpx.Client) -> None:
    rob, sue = arrive("rob", threads), arrive("sue", threads)
    rob.see("note-form").get_by_label("Text").fill("a note")
    rob.see("note-submit").click()
    expect(rob.see("note")).to_have_count(1)
    sue.page.reload()
    comments, replies = sue.see("note-comments"), sue.see("comment-replies")
    comments.click()
    sue.write("comments", "a comment")
    sue.see("comment-like").click()
    expect(sue.see("comment-like")).to_have_accessible_name("Unlike, 1")
    replies.click()
    sue.write("replies", "one reply")
    sue.write("replies", "another reply")
    expect(replies).to_have_accessible_name("Replies, 2")
    sue.see("reply-edit").first.click()
    sue.see("edit-form").get_by_role("textbox").fill("the first reply")
    sue.see("edit-form").get_by_role("button", name="Save").click()
    expect(sue.see("reply").first).to_contain_text("the first reply")
    sue.page.once("dialog", Dialog.accept)
    sue.see("reply-delete").last.click()
    expect(sue.see("reply")).to_have_count(1)
    expect(replies).to_have_accessible_name("Replies, 1")
    expect(comments).to_have_accessible_name("Comments, 1")
    rob.see("note-comments").click()
    rob.see("comment-replies").click()
    expect(rob.see("reply")).to_contain_text("the first reply")
    expect(rob.see("reply-edit")).to_have_count(0)
    expect(rob.see("reply-delete")).to_have_count(0)


def test_notifications_are_marked_as_read(arrive: Any, threads: httpx.Client) -> None:
    tom, uma = arrive("tom", threads), arrive("uma", threads)
    tom.see("note-form").get_by_label("Text").fill("for uma")
    tom.see("note-submit").click()
    expect(tom.see("note").filter(has_text="for uma")).to_be_visible()
    uma.page.reload()
    uma.see("note").filter(has_text="for uma").get_by_test_id("note-comments").click()
    for text in ("first", "second", "third"):
        uma.write("comments", text)
    unread = tom.see("notifications").locator("li.unread")
    expect(unread).to_have_count(3)
    tom.see("notifications-read").first.click()
    expect(unread).to_have_count(2)
    tom.page.reload()
    expect(unread).to_have_count(2)
    tom.see("notifications-read-all").click()
    expect(unread).to_have_count(0)
    tom.page.reload()
    expect(tom.see("notifications").get_by_role("listitem")).to_have_count(3)
    expect(unread).to_have_count(0)


def test_a_profile_is_changed(arrive: Any, threads: httpx.Client) -> None:
    vic = arrive("vic", threads)
    vic.go("Profile")
    vic.page.get_by_label("Bio").fill("I write.")
    vic.see("profile-submit").click()
    expect(vic.see("profile-form")).to_contain_text("Saved.")
    vic.go("People")
    expect(vic.see("user").filter(has_text="vic")).to_contain_text("I write.")


def test_everything_stands_in_landmarks_with_names(arrive: Any) -> None:
    """What a screen reader goes by: one main part, headings, and a name for every control."""
    quin = arrive("quin")
    quin.post("about names")
    assert quin.page.get_by_role("main").count() == quin.page.get_by_role("navigation").count() == 1
    assert quin.page.get_by_role("heading", level=1).count() == 1
    for role in ("button", "textbox", "link", "article"):
        for place in quin.page.get_by_role(role).all():
            expect(place).to_have_accessible_name(re.compile(r"\S"))
    assert quin.page.title() == "Feed · Chirp"
