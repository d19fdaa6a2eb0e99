"""What goes wrong around a battle: models, pages, tabs, sessions, servers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect
from tests.browser.arenas import playing, say
from tests.browser.battle_page import BattlePage
from tests.server.visitor import Visitor
from tests.support.ports import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.server.puppets import Puppet
    from tests.support.browser import Watch

AWAY = (
    "ERR_CONNECTION_REFUSED",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
)
"""What the console says while there is no server."""


def n_battles(url: str) -> int:
    with Visitor(url) as other:
        total: int = other.get("/api/battles").json()["total"]
    return total


def pair(**more: int) -> list[Puppet]:
    return [say("crimson", **more), say("cobalt", **more)]


def test_a_battle_whose_model_fails_is_replaced_and_not_voted_on(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    puppets = [say(name, pause_at=2) for name in ("crimson", "cobalt", "celadon", "citron")]
    with playing(tmp_path, puppets) as url:
        battle = BattlePage(enter(url).context.new_page()).open().begin("Who is there?")
        expect(battle.answer("a")).to_contain_text("These are")
        broken = next(puppet for puppet in puppets if puppet.asked)
        broken.fails = True
        for puppet in puppets:
            puppet.go.set()
        notice = battle.page.get_by_text("A model could not answer, so this battle was replaced")
        expect(notice).to_be_visible()
        expect(battle.page.get_by_text("Who is there?")).to_be_visible()
        battle.ready()
        assert "provider.test" not in battle.page.content()
        battle.page.keyboard.press("1")
        battle.decided()
        assert broken.label not in battle.models()
        assert n_battles(url) == 1


def test_when_all_models_fail_it_is_said_and_can_be_tried_again(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    puppets = pair()
    for puppet in puppets:
        puppet.fails = True
    with playing(tmp_path, puppets) as url:
        battle = BattlePage(enter(url).context.new_page()).open()
        battle.box.fill("Anyone?")
        battle.box.press("Enter")
        expect(battle.page.get_by_role("alert")).to_contain_text("could not answer")
        expect(battle.votes).to_have_count(0)
        for puppet in puppets:
            puppet.fails = False
        battle.page.get_by_role("button", name="Same prompt again").click()
        battle.ready()
        expect(battle.page.get_by_role("alert")).to_have_count(0)
        battle.choice("b").click()
        battle.decided()


def test_a_reload_in_mid_stream_goes_on(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    puppets = pair(pause_at=3)
    with playing(tmp_path, puppets) as url:
        battle = BattlePage(enter(url).context.new_page()).open().begin()
        expect(battle.answer("b")).to_contain_text("These are the words")
        battle.page.reload()
        expect(battle.answer("b")).to_contain_text("These are the words")
        battle.waiting()
        for puppet in puppets:
            puppet.go.set()
        battle.ready()
        expect(battle.answer("a")).to_contain_text("that is all.")
        assert [len(puppet.asked) for puppet in puppets] == [1, 1]
        battle.page.keyboard.press("1")
        battle.decided()
        battle.page.reload()
        expect(battle.box).to_be_visible()  # it is decided: a fresh page


def test_the_back_button_leads_through_the_pages_to_the_battle(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    puppets = pair(pause_at=2)
    with playing(tmp_path, puppets) as url:
        battle = BattlePage(enter(url).context.new_page()).open().begin()
        page = battle.page
        page.get_by_role("link", name="Leaderboard").click()
        expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
        page.get_by_role("link", name="About").click()
        expect(page).to_have_title("About · Palestra")
        page.go_back()
        expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
        for puppet in puppets:
            puppet.go.set()
        page.go_back()
        battle.ready()
        expect(battle.answer("a")).to_contain_text("that is all.")
        page.go_forward()
        expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
        page.go_back()
        battle.ready()
        battle.choice("a").click()
        battle.decided()
        assert n_battles(url) == 1


def test_a_double_click_on_a_vote_counts_once(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, pair()) as url:
        watch = enter(url)
        battle = BattlePage(watch.context.new_page()).open().begin().ready()
        battle.choice("b").dblclick()
        battle.decided()
        expect(battle.verdict).to_have_text("You chose B.")
        assert len([request for request in watch.requests if request.endswith("/vote")]) == 1
        assert n_battles(url) == 1


def test_keys_held_down_or_hammered_count_once(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, pair()) as url:
        battle = BattlePage(enter(url).context.new_page()).open().begin().ready()
        for key in ("1", "2", "1", "4"):
            battle.page.keyboard.press(key)
        battle.decided()
        expect(battle.verdict).to_have_text("You chose A.")
        assert n_battles(url) == 1


def test_two_tabs_of_a_voter_show_one_vote(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, pair()) as url:
        watch = enter(url)
        watch.expect("409")
        first = BattlePage(watch.context.new_page()).open().begin().ready()
        second = BattlePage(watch.context.new_page()).open().ready()
        first.choice("a").click()
        first.decided()
        second.choice("b").click()
        second.decided()
        expect(second.verdict).to_have_text("You chose A.")
        assert second.models() == first.models()
        assert n_battles(url) == 1


def test_two_tabs_follow_the_same_stream(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    puppets = pair(pause_at=3)
    with playing(tmp_path, puppets) as url:
        watch = enter(url)
        first = BattlePage(watch.context.new_page()).open().begin()
        second = BattlePage(watch.context.new_page()).open()
        for battle in (first, second):
            expect(battle.answer("a")).to_contain_text("These are the words")
        for puppet in puppets:
            puppet.go.set()
        for battle in (first, second):
            battle.ready()
        assert [len(puppet.asked) for puppet in puppets] == [1, 1]
        second.choice("tie").click()
        second.decided()


def test_an_expired_session_begins_anew_before_a_battle(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, pair()) as url:
        watch = enter(url)
        watch.expect("403")
        battle = BattlePage(watch.context.new_page()).open()
        expect(battle.box).to_be_visible()
        watch.context.clear_cookies()
        battle.begin().ready()
        battle.choice("a").click()
        battle.decided()
        assert n_battles(url) == 1


def test_a_session_that_expires_in_a_battle_is_told_and_recovers(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    with playing(tmp_path, pair()) as url:
        watch = enter(url)
        watch.expect("403", "404")
        battle = BattlePage(watch.context.new_page()).open().begin("Still here?").ready()
        watch.context.clear_cookies()
        battle.choice("a").click()
        again = battle.page.get_by_role("button", name="Same prompt again")
        expect(again).to_be_visible()
        expect(battle.page.get_by_role("alert").first).to_contain_text("Nothing was counted")
        assert n_battles(url) == 0
        again.click()
        battle.ready()
        expect(battle.page.get_by_text("Still here?")).to_be_visible()
        battle.choice("a").click()
        battle.decided()
        assert n_battles(url) == 1


def test_a_battle_outlives_a_restart_of_the_server(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, pair()) as url:
        watch = enter(url)
        watch.expect(*AWAY)
        battle = BattlePage(watch.context.new_page()).open().begin().ready()
        before = battle.answer("a").inner_text()
    battle.choice("a").click()
    expect(battle.page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(battle.page.get_by_text("The server cannot be reached. Trying again")).to_be_visible()
    with playing(tmp_path, pair(), port=urlsplit(url).port or 0):
        expect(battle.page.get_by_text("The server cannot be reached. Trying again")).to_have_count(0)
        battle.choice("a").click()
        battle.decided()
        assert battle.answer("a").inner_text().startswith(before)
        assert n_battles(url) == 1


def test_a_stream_that_a_restart_broke_off_goes_on_by_itself(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    with playing(tmp_path, pair(pause_at=3)) as url:
        watch = enter(url)
        watch.expect(*AWAY)
        battle = BattlePage(watch.context.new_page()).open().begin()
        expect(battle.answer("a")).to_contain_text("These are the words")
        port = urlsplit(url).port or 0
    late = pair()
    with playing(tmp_path, late, port=port):
        battle.ready()
        assert wait_until(lambda: [len(puppet.asked) for puppet in late] == [1, 1], 20)
        expect(battle.answer("a")).to_contain_text("that is all.")
        battle.choice("b").click()
        battle.decided()
        assert n_battles(url) == 1


def test_a_battle_of_models_that_a_restart_removed_is_replaced(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    with playing(tmp_path, pair(pause_at=3)) as url:
        watch = enter(url)
        watch.expect(*AWAY)
        battle = BattlePage(watch.context.new_page()).open().begin()
        expect(battle.answer("a")).to_contain_text("These are the words")
    with playing(tmp_path, [say("jade"), say("teal")], port=urlsplit(url).port or 0):
        expect(battle.page.get_by_text("this battle was replaced")).to_be_visible()
        battle.ready()
        battle.choice("b").click()
        battle.decided()
        assert set(battle.models()) == {"jade", "teal"}


def test_a_shared_battle_opens_elsewhere(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, pair()) as url:
        mine = enter(url, permissions=["clipboard-read", "clipboard-write"])
        battle = BattlePage(mine.context.new_page()).open().begin("Shall I share it?").ready()
        battle.choice("a").click()
        battle.decided()
        battle.page.get_by_role("button", name="Copy link").click()
        expect(battle.page.get_by_role("button", name="Copied")).to_be_visible()
        link = battle.page.evaluate("navigator.clipboard.readText()")
        assert link.startswith(f"{url}/shared/")
        winner, loser = battle.models()
        theirs = enter(url).context.new_page()
        theirs.goto(link)
        expect(theirs.get_by_text("Shall I share it?")).to_be_visible()
        expect(theirs.get_by_text(f"Whoever shared it chose {winner}.")).to_be_visible()
        expect(theirs.get_by_role("link", name=loser)).to_be_visible()
        expect(theirs.get_by_role("group", name="Your vote")).to_have_count(0)
        assert winner[::-1] in theirs.get_by_role("region", name="Answer A").inner_text()
        theirs.get_by_role("link", name="Battle yourself").click()
        expect(BattlePage(theirs).box).to_be_visible()


def test_a_shared_battle_that_is_not_there_is_said_to_be_missing(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    with playing(tmp_path, pair()) as url:
        watch = enter(url)
        watch.expect("404")
        page = watch.context.new_page()
        page.goto("/shared/nothing-of-the-kind")
        expect(page.locator("main")).to_contain_text("There is no such")
