"""People at a page in a browser: what they see and do, what the browser reports, and where it sends requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from runner.blueprint import model
from test_chirp_software import build

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PASSWORD = "correct horse"
PATIENCE = 30_000  # milliseconds: a test that fails waits, one that passes does not
FAILED = re.compile(r"Failed to load resource: .*?(?:status of (\d+)|(net::\w+))")


@dataclass
class Person:
    """Somebody at a page of their own. `expected` are the answers that may be refusals: the browser reports them."""

    page: Page
    home: str
    expected: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", lambda message: self.hear(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def hear(self, text: str) -> None:
        found = FAILED.match(text)
        if found is None or not self.expected & set(found.groups()):
            self.complaints.append(text)

    def see(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def go(self, view: str) -> None:
        self.page.get_by_role("navigation").get_by_role("link", name=view).click()

    def post(self, text: str) -> None:
        self.see("post-form").get_by_label("Text").fill(text)
        self.see("post-submit").click()
        expect(self.posts(text)).to_be_visible()

    def write(self, thread: str, text: str) -> None:
        form = self.see(f"{thread}-form")
        form.get_by_role("textbox").fill(text)
        form.get_by_role("button").click()
        expect(self.see(thread).get_by_text(text)).to_be_visible()

    def posts(self, text: str) -> Locator:
        return self.see("post").filter(has_text=text)

    def sign_up(self, name: str, password: str = PASSWORD) -> None:
        self.page.get_by_role("button", name="Create an account").click()
        self.fill(name, password)

    def fill(self, name: str, password: str) -> None:
        form = self.see("auth-form")
        form.get_by_label("Username").fill(name)
        form.get_by_label("Password").fill(password)
        self.see("auth-submit").click()

    def tab_to(self, place: Locator) -> None:
        """Reach a place by the key alone, and see that the browser shows it."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if place.evaluate("node => node === document.activeElement"):
                assert place.evaluate("node => getComputedStyle(node).outlineStyle") != "none"
                return
        raise AssertionError(f"not reached by Tab: {place}")


def built(request: str, folder: Path) -> Path:
    plan = model.plan({"request": (ROOT / request).read_text()})
    tasks = [task for part in plan["components"] for task in model.tasks({"plan": plan, "component": part})]
    return build(folder, tasks)


@contextmanager
def opened() -> Iterator[Browser]:
    """Debian's chromium, which asks nobody for anything by itself."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()
