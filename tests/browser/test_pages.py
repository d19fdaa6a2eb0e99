"""Each page shows its content, asks nobody else and fits a phone; axe finds nothing, in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.arenas import KEY, Stocked, playing, say, stocked
from tests.browser.battle_page import BattlePage
from tests.support.browser import PHONE, THEMES, WIDE, axe, too_wide, violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, StorageState, ViewportSize
    from tests.support.browser import Watch

PAGES = {
    "/": "Their names stay hidden",
    "/side-by-side": "Side by side",
    "/leaderboard": "dog-13B",
    "/models/cat-8B": "Against each opponent",
    "/charts": "Ratings with their intervals",
    "/battles": "bee-3B",
    "BATTLE": "What is a square?",
    "SHARED": "Whoever shared it chose",
    "/admin": "Admin key",
    "/admin/arena": "Admin key",
    "/about": "How ratings are made",
    "/nowhere": "There is nothing here",
}


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    with stocked(tmp_path_factory.mktemp("stocked")) as arena:
        yield arena


def resize(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    settle(page)


def settle(page: Page) -> None:
    """Wait until nothing loads any more, with everything below having been seen once."""
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.locator(".bone, [aria-busy=true]")).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_its_content_and_is_as_it_should_be(
    arena: Stocked, enter: Callable[..., Watch], path: str, theme: str
) -> None:
    place = {"BATTLE": f"/battles/{arena.battle}", "SHARED": arena.shared}.get(path, path)
    watch = enter(arena.url, color_scheme=theme)
    if path == "/nowhere":
        watch.expect("status of 404")
    page = watch.context.new_page()
    page.goto(place)
    expect(page.locator("main")).to_contain_text(PAGES[path])
    settle(page)
    assert violations(page) == []
    assert axe(page) == []
    assert too_wide(page) <= 0
    resize(page, PHONE)
    assert too_wide(page) <= 0
    if theme == "dark":
        assert axe(page) == []


@pytest.fixture(scope="module")
def signed_in(browser: Browser, arena: Stocked) -> StorageState:
    """The cookies of an admin. One sign-in serves all tests: the server allows only some a minute."""
    with browser.new_context(base_url=arena.url) as context:
        page = context.new_page()
        page.goto("/admin")
        page.get_by_label("Admin key").fill(KEY)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign in")).to_have_count(0)
        return context.storage_state()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tab", ["models", "votes", "judges", "exports", "arena"])
def test_an_admin_page_is_as_it_should_be(
    arena: Stocked, enter: Callable[..., Watch], signed_in: StorageState, tab: str, theme: str
) -> None:
    page = enter(arena.url, color_scheme=theme, storage_state=signed_in).context.new_page()
    page.goto("/admin/arena" if tab == "arena" else f"/admin?tab={tab}")
    if tab == "votes":
        page.get_by_label("Flagged only").uncheck()
        expect(page.get_by_role("button", name="Delete the vote").first).to_be_visible()
    elif tab == "arena":
        page.get_by_label("Your prompt").fill("Everyone?")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("button", name="Pick as best").first).to_be_visible()
        page.get_by_role("button", name="Rank them").click()
    settle(page)
    assert axe(page) == []
    assert too_wide(page) <= 0
    resize(page, PHONE)
    assert too_wide(page) <= 0
    if theme == "dark":
        assert axe(page) == []


def test_the_documentation_of_the_api_comes_from_the_server_itself(
    arena: Stocked, enter: Callable[..., Watch]
) -> None:
    watch = enter(arena.url)
    watch.expect("status of 404")  # this arena lists no prompts
    page = watch.context.new_page()
    page.goto("/docs")
    expect(page.get_by_text("/api/leaderboard", exact=True)).to_be_visible()
    assert violations(page) == []
    assert axe(page) == []
    page.get_by_text("/api/prompts/random", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".response .response-col_status").first).to_contain_text("404")


@pytest.mark.parametrize("theme", THEMES)
def test_a_battle_is_accessible_in_mid_stream_after_the_vote_and_below_a_dialog(
    tmp_path: Path, enter: Callable[..., Watch], theme: str
) -> None:
    puppets = [say(name, pause_at=3, thinking="Hm.") for name in ("crimson", "cobalt")]
    with playing(tmp_path, puppets) as url:
        battle = BattlePage(enter(url, color_scheme=theme).context.new_page()).open().begin()
        expect(battle.answer("b")).to_contain_text("These are the words")
        page = battle.page
        assert axe(page) == []
        page.set_viewport_size(PHONE)
        assert too_wide(page) <= 0
        assert axe(page) == []
        page.set_viewport_size(WIDE)
        for puppet in puppets:
            puppet.go.set()
        battle.ready()
        assert axe(page) == []
        battle.choice("a").click()
        battle.decided()
        assert axe(page) == []
        page.set_viewport_size(PHONE)
        assert too_wide(page) <= 0
        assert axe(page) == []
        page.set_viewport_size(WIDE)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert axe(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("theme", THEMES)
def test_cards_side_by_side_are_accessible_with_a_failure_and_a_ranking(
    tmp_path: Path, enter: Callable[..., Watch], theme: str
) -> None:
    puppets = [say(name) for name in ("crimson", "cobalt", "celadon", "citron")]
    puppets[3].fails = True
    with playing(tmp_path, puppets) as url:
        page = enter(url, color_scheme=theme).context.new_page()
        page.goto("/side-by-side")
        page.get_by_role("button", name="Choose all").click()
        page.get_by_label("Your prompt").fill("All of you.")
        page.get_by_role("button", name="Ask 4").click()
        page.get_by_role("button", name="Rank them").click()
        for size in (WIDE, PHONE):
            resize(page, size)
            assert axe(page) == []
            assert too_wide(page) <= 0


@pytest.mark.parametrize("theme", THEMES)
def test_a_question_before_deleting_is_accessible(
    arena: Stocked, enter: Callable[..., Watch], signed_in: StorageState, theme: str
) -> None:
    page = enter(arena.url, color_scheme=theme, storage_state=signed_in).context.new_page()
    page.goto("/admin?tab=votes")
    page.get_by_label("Flagged only").uncheck()
    page.get_by_role("button", name="Delete the vote").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Delete the vote")).to_have_count(1)


def test_the_menu_of_a_phone_opens_and_leads_on(arena: Stocked, enter: Callable[..., Watch]) -> None:
    page = enter(arena.url, viewport=PHONE, has_touch=True).context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Charts")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Leaderboard").click()
    expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
    expect(page.get_by_role("link", name="Charts")).to_have_count(0)


def test_the_theme_is_chosen_and_stays(arena: Stocked, enter: Callable[..., Watch]) -> None:
    page = enter(arena.url, color_scheme="light").context.new_page()
    page.goto("/about")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    for _ in range(2):
        page.get_by_role("button", name="Theme").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark
