"""The battle's page, as a visitor uses it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CHOICES = {
    "a": re.compile("^A is "),
    "b": re.compile("^B is "),
    "tie": re.compile("^Tie"),
    "bad": re.compile("are bad"),
}


class BattlePage:
    """A page with a battle on it.

    What takes a while is waited for by a selector: `expect` describes the whole page each time it looks, and
    on a page with a long answer that takes longer than what it waits for.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self) -> BattlePage:
        self.page.goto("/")
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_label("Your prompt")

    def begin(self, prompt: str = "Say something.") -> BattlePage:
        """Send a prompt by Enter, and wait for the battle to be there."""
        self.box.fill(prompt)
        self.box.press("Enter")
        expect(self.votes).to_be_visible()
        return self

    @property
    def votes(self) -> Locator:
        return self.page.get_by_role("group", name="Your vote")

    def choice(self, name: str) -> Locator:
        """The button of a vote: a, b, tie or bad."""
        return self.votes.get_by_role("button", name=CHOICES[name])

    def answer(self, letter: str, turn: int = 1) -> Locator:
        name = f"Answer {letter.upper()}" + (f", turn {turn}" if turn > 1 else "")
        return self.page.get_by_role("region", name=name, exact=True)

    def ready(self) -> BattlePage:
        """Wait until a vote is taken."""
        self.page.locator(".vote.tie[aria-disabled=false]").wait_for()
        return self

    def waiting(self) -> BattlePage:
        """See that no vote is taken yet."""
        expect(self.choice("tie")).to_have_attribute("aria-disabled", "true")
        return self

    @property
    def next(self) -> Locator:
        return self.page.get_by_role("button", name="Next battle")

    def decided(self) -> BattlePage:
        """Wait for the reveal, and for the next battle to be offered."""
        self.page.locator(".dock .verdict ~ .primary:enabled").wait_for()
        return self

    @property
    def verdict(self) -> Locator:
        return self.page.locator(".dock .verdict")

    def models(self) -> list[str]:
        """The names that the reveal tells, by slot."""
        return self.page.locator(".reveal .who a").all_inner_texts()
