"""Battles without a mouse, and pages that keep still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect
from tests.browser.arenas import playing, say
from tests.browser.battle_page import BattlePage
from tests.support.browser import focus, tab_to

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.browser import Watch

_MOVING = """() => document.getAnimations()
    .filter((one) => one.playState === 'running')
    .map((one) => `${one.animationName ?? one.transitionProperty} ${one.effect.target?.className}`)"""


def test_a_whole_battle_is_played_by_tab_and_enter(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, [say("crimson"), say("cobalt"), say("celadon")]) as url:
        page = enter(url).context.new_page()
        battle = BattlePage(page).open()
        expect(battle.box).to_be_focused()
        page.keyboard.type("By keyboard only.")
        tab_to(page, "3 models")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="3 models")).to_have_attribute("aria-pressed", "true")
        tab_to(page, "Battle")
        page.keyboard.press("Enter")
        battle.ready()
        tab_to(page, "Ask all of them a follow-up")
        page.keyboard.type("More, please.")
        page.keyboard.press("Enter")
        expect(battle.answer("c", turn=2)).to_contain_text("that is all.")
        battle.ready()
        tab_to(page, "B is best", key="Shift+Tab")
        page.keyboard.press("Enter")
        battle.decided()
        expect(battle.verdict).to_have_text("You chose B.")
        expect(battle.next).to_be_focused()
        page.keyboard.press("Enter")
        expect(battle.box).to_be_focused()
        page.keyboard.type("And with keys.")
        page.keyboard.press("Enter")
        battle.ready()
        page.keyboard.press("3")
        battle.decided()
        page.keyboard.press("Enter")
        expect(battle.box).to_be_focused()


def test_every_stop_of_the_tab_key_is_seen(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, [say("crimson"), say("cobalt")]) as url:
        page = enter(url).context.new_page()
        battle = BattlePage(page).open().begin().ready()
        battle.choice("a").press("Enter")
        battle.decided()
        for path in ("/", "/side-by-side", "/leaderboard", "/battles", "/charts", "/about", "/admin"):
            page.goto(path)
            expect(page.locator("main [aria-busy=true]")).to_have_count(0)
            expect(page.locator("main h1").first).to_be_attached()
            page.evaluate("document.activeElement.blur()")
            names = []
            for _ in range(80):
                page.keyboard.press("Tab")
                at = focus(page)
                if at is None:
                    break
                assert at.shown, f"no focus is seen on {at} of {path}"
                assert at.inside, f"the focus is outside the window on {at} of {path}"
                names.append(at.name)
            assert len(names) > 8


def test_the_first_stop_skips_to_the_page(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, [say("crimson"), say("cobalt")]) as url:
        page = enter(url).context.new_page()
        page.goto("/leaderboard")
        expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
        page.keyboard.press("Tab")
        at = focus(page)
        assert at is not None
        assert (at.name, at.shown, at.inside) == ("Skip to the page", True, True)
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_keys_rest_while_somebody_types(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, [say("crimson"), say("cobalt")]) as url:
        page = enter(url).context.new_page()
        battle = BattlePage(page).open().begin().ready()
        follow = page.get_by_label("Ask all of them a follow-up")
        follow.focus()
        page.keyboard.type("1 2 3 4 r s v n ?")
        expect(follow).to_have_value("1 2 3 4 r s v n ?")
        expect(page.get_by_role("dialog")).to_have_count(0)
        battle.ready()
        page.locator("h1").first.focus()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("1")  # the dialog has the keys now
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        battle.ready()


def test_a_page_that_should_be_calm_does_not_move(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    puppets = [say("crimson", pause_at=0), say("cobalt", pause_at=2)]
    with playing(tmp_path, puppets) as url:
        page = enter(url, reduced_motion="reduce").context.new_page()
        battle = BattlePage(page).open().begin()
        expect(page.get_by_text("These are")).to_be_visible()
        page.wait_for_timeout(50)
        assert page.evaluate(_MOVING) == []
        puppets[0].go.set()
        puppets[1].go.set()
        battle.ready()
        battle.choice("a").click()
        battle.decided()
        assert page.evaluate(_MOVING) == []
        page.goto("/leaderboard")
        expect(page.locator("tbody tr")).to_have_count(2)
        page.get_by_role("button", name="Elo").first.click()
        page.wait_for_timeout(50)
        assert page.evaluate(_MOVING) == []


def test_text_that_streams_moves_nothing_that_was_there(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    """No layout shift: what the browser counts as one, without input by the user, stays next to nothing."""
    words = [f"Paragraph {n}. **Bold** `code` words and more.\n\n" for n in range(60)]
    words[20:20] = ["```python\n", "x = 1\n", "y = 2\n", "```\n\n"]
    words[40:40] = ["| a | b |\n", "|---|---|\n", "| 1 | 2 |\n", "\n"]
    puppets = [say("crimson", gap=0.01), say("cobalt", gap=0.013)]
    for puppet in puppets:
        puppet.words = words
    with playing(tmp_path, puppets) as url:
        page = enter(url).context.new_page()
        battle = BattlePage(page).open().begin()
        page.evaluate(
            """() => {
                window.__shift = 0;
                const count = (entry) => { window.__shift += entry.hadRecentInput ? 0 : entry.value; };
                const observer = new PerformanceObserver((all) => all.getEntries().forEach(count));
                observer.observe({type: 'layout-shift'});
            }"""
        )
        battle.ready()
        assert page.evaluate("window.__shift") < 0.02
