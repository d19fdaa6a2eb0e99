"""How much the first page weighs, and how soon it can be used."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.browser.arenas import playing, say
from tests.browser.battle_page import BattlePage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page
    from tests.support.browser import Watch

MOST_BYTES = 200_000
MOST_SECONDS = 3.0
"""Generous: this is no race. The figure itself is printed."""
LATER = ("draw", "katex", "languages", "Charts")
"""What comes only when it is needed: charts, formulas, colours of code."""
_WHEN_USABLE = """
const look = new MutationObserver(() => {
    const box = document.getElementById('prompt');
    if (!box || box.disabled) return;
    box.focus();
    if (document.activeElement !== box) return;
    window.__usable = performance.now();
    look.disconnect();
});
look.observe(document, {subtree: true, childList: true});
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with playing(tmp_path_factory.mktemp("first"), [say("crimson"), say("cobalt")]) as url:
        yield url


@dataclass
class Wire:
    """What came over it, by address, in bytes as they were sent."""

    page: Page
    names: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self.names[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.names:  # else it was asked for before this one listened
            self.sizes[self.names[event["requestId"]]] = event["encodedDataLength"]


def test_the_first_page_is_small_and_brings_nothing_that_it_does_not_need(
    url: str, enter: Callable[..., Watch], capsys: pytest.CaptureFixture[str]
) -> None:
    watch = enter(url)
    page = watch.context.new_page()
    wire = Wire(page)
    page.goto("/", wait_until="networkidle")
    expect(page.get_by_label("Your prompt")).to_be_focused()
    total = sum(wire.sizes.values())
    with capsys.disabled():
        print(f"\nfirst load: {total / 1000:.0f} kB in {len(wire.sizes)} requests")
    assert 20_000 < total < MOST_BYTES, wire.sizes
    assert set(wire.names.values()) == set(wire.sizes)
    assert watch.strangers == []
    loaded = [name.rpartition("/")[2] for name in wire.sizes]
    assert [name for name in loaded if name.startswith(LATER)] == []


def test_a_whole_battle_still_weighs_little(url: str, enter: Callable[..., Watch]) -> None:
    page = enter(url).context.new_page()
    wire = Wire(page)
    battle = BattlePage(page).open().begin().ready()
    battle.choice("a").click()
    battle.decided()
    assert sum(wire.sizes.values()) < MOST_BYTES + 20_000, wire.sizes
    loaded = [name.rpartition("/")[2] for name in wire.sizes]
    assert [name for name in loaded if name.startswith(LATER)] == []


def test_a_second_load_brings_next_to_nothing(url: str, enter: Callable[..., Watch]) -> None:
    page = enter(url).context.new_page()
    page.goto("/", wait_until="networkidle")
    wire = Wire(page)
    page.goto("/about", wait_until="networkidle")
    page.goto("/", wait_until="networkidle")
    assert sum(wire.sizes.values()) < 30_000, wire.sizes


def test_the_prompt_can_be_typed_into_soon(
    url: str, enter: Callable[..., Watch], capsys: pytest.CaptureFixture[str]
) -> None:
    times = []
    for _ in range(3):
        watch = enter(url)
        watch.context.add_init_script(_WHEN_USABLE)
        page = watch.context.new_page()
        page.goto("/", wait_until="commit")
        expect(page.get_by_label("Your prompt")).to_be_focused()
        page.keyboard.type("Soon")
        expect(page.get_by_label("Your prompt")).to_have_value("Soon")
        times.append(page.evaluate("window.__usable"))
    with capsys.disabled():
        print(f"\nusable after {statistics.median(times):.0f} ms (median of {len(times)})")
    assert statistics.median(times) < 1000 * MOST_SECONDS
