"""The console as somebody sees it who looks: what is said, in which state, how full the budget is."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

expect.set_options(timeout=20_000)


@dataclass
class Watched:
    """A page, the errors that it wrote to its console, and the hosts that it asked."""

    page: Page
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def say(self, text: str) -> Locator:
        """Write a message, send it with Enter, and give its turn."""
        field = self.page.get_by_role("textbox", name="Message")
        field.fill(text)
        field.press("Enter")
        return self.turn(text)

    def turn(self, text: str) -> Locator:
        return self.page.locator(".turn").filter(has=self.page.locator(".user").get_by_text(text, exact=True))

    def answered(self, text: str) -> Locator:
        """Say something, and wait until it is answered."""
        turn = self.say(text)
        expect_state(turn, "completed")
        return turn

    @property
    def budget(self) -> Locator:
        return self.page.get_by_role("meter", name="Tokens of the context")

    def tokens(self) -> int:
        """Read how many tokens the budget's bar shows."""
        return int(self.budget.get_attribute("aria-valuenow") or -1)

    def violations(self) -> list[str]:
        """Let axe look at the page as it is; give what it does not accept."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]

    def wider_than_its_window(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def watch(page: Page) -> Watched:
    watched = Watched(page)
    page.on("console", lambda said: watched.errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on("request", lambda asked: watched.hosts.add(urlsplit(asked.url).netloc))
    return watched


def expect_state(turn: Locator, state: str) -> None:
    """Wait until a turn is in this state."""
    expect(turn).to_have_attribute("data-state", state)
