"""A blind battle from the prompt to the vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.browser.arenas import playing, say
from tests.browser.battle_page import BattlePage
from tests.server.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.server.puppets import Puppet
    from tests.support.browser import Watch


@pytest.fixture
def puppets() -> list[Puppet]:
    return [say("crimson"), say("cobalt")]


@pytest.fixture
def url(tmp_path: Path, puppets: list[Puppet]) -> Iterator[str]:
    with playing(tmp_path, puppets) as url:
        yield url


@pytest.fixture
def battle(url: str, enter: Callable[..., Watch]) -> BattlePage:
    return BattlePage(enter(url).context.new_page()).open()


def decisions(url: str) -> list[dict[str, Any]]:
    with Visitor(url) as other:
        items: list[dict[str, Any]] = other.get("/api/battles").json()["items"]
    return items


def test_a_vote_by_button_reveals_who_it_was_and_moves_the_board(battle: BattlePage, url: str) -> None:
    battle.begin().ready()
    first = battle.answer("a").inner_text()
    assert "crimson" not in battle.page.content()
    assert "cobalt" not in battle.page.content()
    battle.choice("a").click()
    battle.decided()
    expect(battle.verdict).to_have_text("You chose A.")
    winner, loser = battle.models()
    assert {winner, loser} == {"crimson", "cobalt"}
    assert winner[::-1] in first
    numbers = battle.page.locator(".reveal .numbers").all_inner_texts()
    assert "rank 1" in numbers[0]
    assert "rank 2" in numbers[1]
    [row] = decisions(url)
    assert (row["model_a"], row["model_b"], row["winner"]) == (winner, loser, "model_a")


@pytest.mark.parametrize(
    ("key", "said", "winner"),
    [
        ("1", "You chose A.", "model_a"),
        ("2", "You chose B.", "model_b"),
        ("ArrowRight", "You chose B.", "model_b"),
        ("3", "You said: tie.", "tie"),
        ("4", "You said: both bad.", "tie (bothbad)"),
    ],
)
def test_a_vote_by_key_is_counted(battle: BattlePage, url: str, key: str, said: str, winner: str) -> None:
    battle.begin().ready()
    battle.page.keyboard.press(key)
    battle.decided()
    expect(battle.verdict).to_have_text(said)
    assert [row["winner"] for row in decisions(url)] == [winner]


@pytest.mark.parametrize(("choice", "winner"), [("tie", "tie"), ("bad", "tie (bothbad)"), ("b", "model_b")])
def test_ties_and_bad_answers_have_buttons(battle: BattlePage, url: str, choice: str, winner: str) -> None:
    battle.begin().ready()
    battle.choice(choice).click()
    battle.decided()
    assert [row["winner"] for row in decisions(url)] == [winner]


def test_the_next_battle_is_one_key_away(battle: BattlePage) -> None:
    battle.begin().ready()
    battle.page.keyboard.press("1")
    battle.decided()
    battle.page.keyboard.press("n")
    expect(battle.box).to_be_focused()
    battle.page.keyboard.type("Another one.")
    battle.page.keyboard.press("Enter")
    battle.ready()
    battle.page.keyboard.press("2")
    battle.decided()


def test_an_empty_box_draws_a_prompt(tmp_path: Path, enter: Callable[..., Watch]) -> None:
    with playing(tmp_path, [say("crimson"), say("cobalt")], example_prompts=["Why is the sky blue?"]) as url:
        battle = BattlePage(enter(url).context.new_page()).open()
        battle.page.get_by_role("button", name="Random prompt").click()
        expect(battle.box).to_have_value("Why is the sky blue?")
        battle.box.press("Enter")
        battle.ready()
        expect(battle.page.get_by_text("Why is the sky blue?")).to_be_visible()


def test_a_system_prompt_reaches_the_models(battle: BattlePage, puppets: list[Puppet]) -> None:
    battle.page.get_by_role("button", name="System prompt").click()
    battle.page.get_by_role("textbox", name="System prompt").fill("Answer in verse.")
    battle.begin().ready()
    for puppet in puppets:
        assert [message.content for message in puppet.asked[0].messages] == [
            "Answer in verse.",
            "Say something.",
        ]


@pytest.mark.parametrize("key", ["3", "c"])
def test_a_panel_of_three_is_voted_on(tmp_path: Path, enter: Callable[..., Watch], key: str) -> None:
    with playing(tmp_path, [say(name) for name in ("crimson", "cobalt", "celadon")]) as url:
        battle = BattlePage(enter(url).context.new_page()).open()
        battle.page.get_by_role("button", name="3 models").click()
        battle.begin().ready()
        if key == "c":
            battle.votes.get_by_role("button", name="C is best").click()
        else:
            battle.page.keyboard.press(key)
        battle.decided()
        expect(battle.verdict).to_have_text("You chose C.")
        names = battle.models()
        assert len(set(names)) == 3
        rows = decisions(url)
        assert {(row["model_a"], row["model_b"], row["winner"]) for row in rows} == {
            (names[0], names[2], "model_b"),
            (names[1], names[2], "model_b"),
        }


def test_a_vote_is_taken_early_only_after_saying_so(
    battle: BattlePage, url: str, puppets: list[Puppet]
) -> None:
    puppets[0].pause_at = 3
    battle.begin()
    early = battle.page.get_by_role("button", name="Vote now")
    expect(early).to_be_visible()
    battle.waiting()
    battle.page.keyboard.press("1")  # too early: nothing happens
    battle.waiting()
    early.click()
    battle.ready()
    battle.page.keyboard.press("2")
    battle.decided()
    assert len(decisions(url)) == 1


def test_a_vote_now_by_key(battle: BattlePage, puppets: list[Puppet]) -> None:
    puppets[1].pause_at = 2
    battle.begin()
    expect(battle.page.get_by_role("button", name="Vote now")).to_be_visible()
    battle.page.keyboard.press("v")
    battle.ready()
    battle.page.keyboard.press("1")
    battle.decided()


def test_nothing_can_be_voted_on_before_both_have_begun(battle: BattlePage, puppets: list[Puppet]) -> None:
    puppets[0].pause_at = 0
    battle.begin()
    expect(battle.page.locator(".heads").get_by_text("finished", exact=True)).to_have_count(1)
    battle.waiting()
    expect(battle.page.get_by_role("button", name="Vote now")).to_have_count(0)
    puppets[0].go.set()
    battle.ready()


def test_a_follow_up_is_answered_by_both_and_counts_as_one_battle(
    battle: BattlePage, url: str, puppets: list[Puppet]
) -> None:
    battle.begin("First question.").ready()
    battle.page.get_by_label("Ask all of them a follow-up").fill("And then?")
    battle.page.keyboard.press("Enter")
    expect(battle.answer("b", turn=2)).to_contain_text("and that is all.")
    battle.ready()
    for puppet in puppets:
        said = [message.content for message in puppet.asked[1].messages]
        assert (said[0], said[2]) == ("First question.", "And then?")
    expect(battle.page.get_by_text("And then?")).to_be_visible()
    battle.page.keyboard.press("Escape")
    battle.choice("a").click()
    battle.decided()
    assert len(decisions(url)) == 1


@pytest.mark.parametrize("by_key", [False, True])
def test_stop_keeps_what_is_there_and_a_vote_is_taken(
    battle: BattlePage, puppets: list[Puppet], by_key: bool
) -> None:
    for puppet in puppets:
        puppet.pause_at = 3
    battle.begin()
    for letter in "ab":
        expect(battle.answer(letter)).to_contain_text("These are the words")
    if by_key:
        battle.page.keyboard.press("s")
    else:
        battle.page.get_by_role("button", name="Stop").click()
    battle.ready()
    for letter in "ab":
        expect(battle.answer(letter)).to_contain_text("Stopped here.")
        expect(battle.answer(letter)).not_to_contain_text("that is all")
    battle.page.keyboard.press("1")
    battle.decided()


@pytest.mark.parametrize("by_key", [False, True])
def test_regenerate_asks_the_same_models_again(
    battle: BattlePage, puppets: list[Puppet], by_key: bool
) -> None:
    battle.begin().ready()
    for puppet in puppets:
        puppet.words = ["Something", " else", " this time."]
    if by_key:
        battle.page.keyboard.press("r")
    else:
        battle.page.get_by_role("button", name="Regenerate").click()
    for letter in "ab":
        expect(battle.answer(letter)).to_have_text("Something else this time.")
    battle.ready()
    assert [len(puppet.asked) for puppet in puppets] == [2, 2]
    battle.page.keyboard.press("2")
    battle.decided()


def test_thinking_is_folded_away(battle: BattlePage, puppets: list[Puppet]) -> None:
    for puppet in puppets:
        puppet.thinking = "Hidden considerations."
    battle.begin().ready()
    expect(battle.page.get_by_text("Hidden considerations.")).to_have_count(0)
    battle.answer("a").locator("summary").click()
    expect(battle.page.get_by_text("Hidden considerations.")).to_have_count(1)
