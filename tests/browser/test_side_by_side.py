"""Models of one's choice, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.arenas import playing, say
from tests.server.visitor import Visitor
from tests.support.browser import tab_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.server.puppets import Puppet
    from tests.support.browser import Watch

NAMES = ("crimson", "cobalt", "celadon", "citron")


@pytest.fixture
def puppets() -> list[Puppet]:
    return [say(name) for name in NAMES]


@pytest.fixture
def url(tmp_path: Path, puppets: list[Puppet]) -> Iterator[str]:
    with playing(tmp_path, puppets) as url:
        yield url


@pytest.fixture
def page(url: str, enter: Callable[..., Watch]) -> Page:
    page = enter(url).context.new_page()
    page.goto("/side-by-side")
    return page


def ask(page: Page, *labels: str) -> None:
    for label in labels:
        page.get_by_role("checkbox", name=label).check()
    page.get_by_label("Your prompt").fill("Introduce yourselves.")
    page.get_by_role("button", name=f"Ask {len(labels)}").click()


def card(page: Page, label: str) -> Locator:
    return page.get_by_role("region", name=label, exact=True)


def pick(page: Page, label: str) -> Locator:
    return card(page, label).get_by_role("button", name="Pick as best")


def games(url: str) -> set[tuple[str, str]]:
    """(winner, loser) of all battles."""
    with Visitor(url) as other:
        rows = other.get("/api/battles").json()["items"]
    won = [(row["model_a"], row["model_b"], row["winner"]) for row in rows]
    return {(a, b) if winner == "model_a" else (b, a) for a, b, winner in won}


def test_the_best_of_three_is_picked_and_kept_out_of_the_main_board(page: Page, url: str) -> None:
    ask(page, *NAMES[:3])
    for label in NAMES[:3]:
        expect(card(page, label)).to_contain_text(label[::-1])
        expect(card(page, label)).to_contain_text("6 tokens")
        expect(card(page, label)).to_contain_text("$0.5")
    pick(page, "cobalt").click()
    expect(card(page, "cobalt")).to_contain_text("your best")
    assert games(url) == {("cobalt", "crimson"), ("cobalt", "celadon")}
    with Visitor(url) as other:
        board = other.get("/api/leaderboard").json()
    assert (board["n_battles"], board["left_out"]["named"]) == (0, 2)
    page.get_by_role("button", name="Another prompt").click()
    expect(page.get_by_label("Your prompt")).to_have_value("")
    expect(page.get_by_role("checkbox", name="cobalt")).to_be_checked()


def test_a_failure_is_shown_in_its_card_and_takes_no_part(
    page: Page, url: str, puppets: list[Puppet]
) -> None:
    puppets[2].fails = True
    ask(page, *NAMES[:3])
    expect(card(page, "celadon")).to_contain_text("broke")
    expect(card(page, "celadon").get_by_role("button", name="Pick as best")).to_have_count(0)
    pick(page, "crimson").click()
    expect(card(page, "crimson")).to_contain_text("your best")
    assert games(url) == {("crimson", "cobalt")}


def test_a_ranking_is_made_by_keyboard_alone(page: Page, url: str) -> None:
    ask(page, *NAMES)
    expect(page.get_by_role("button", name="Rank them")).to_be_enabled()
    page.get_by_role("button", name="Rank them").press("Enter")
    tab_to(page, "citron, number 4 of 4")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="citron, number 1 of 4")).to_be_focused()
    tab_to(page, "Submit the ranking")
    page.keyboard.press("Enter")
    expect(card(page, "citron")).to_contain_text("your best")
    order = ("citron", "crimson", "cobalt", "celadon")
    assert games(url) == {(a, b) for at, a in enumerate(order) for b in order[at + 1 :]}


def test_a_ranking_is_made_by_drag(page: Page, url: str) -> None:
    ask(page, *NAMES[:3])
    page.get_by_role("button", name="Rank them").click()
    handle = page.get_by_role("button", name="celadon, number 3 of 3").bounding_box()
    top = page.get_by_role("button", name="crimson, number 1 of 3").bounding_box()
    assert handle is not None
    assert top is not None
    page.mouse.move(handle["x"] + 20, handle["y"] + 10)
    page.mouse.down()
    page.mouse.move(handle["x"] + 20, top["y"] + 30, steps=4)
    page.mouse.move(handle["x"] + 20, top["y"] + 5, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="celadon, number 1 of 3")).to_be_visible()
    page.get_by_role("button", name="Submit the ranking").click()
    expect(card(page, "celadon")).to_contain_text("your best")
    assert ("celadon", "crimson") in games(url)


def test_a_reload_finds_the_cards_again(page: Page, puppets: list[Puppet]) -> None:
    puppets[0].pause_at = 3
    ask(page, "crimson", "cobalt")
    expect(card(page, "crimson")).to_contain_text("These are the words")
    page.reload()
    expect(card(page, "cobalt")).to_contain_text("that is all.")
    puppets[0].go.set()
    expect(card(page, "crimson")).to_contain_text("that is all.")
    expect(pick(page, "crimson")).to_be_enabled()


def test_fewer_than_two_models_are_not_asked(page: Page) -> None:
    page.get_by_role("checkbox", name="cobalt").check()
    page.get_by_label("Your prompt").fill("Alone?")
    page.get_by_label("Your prompt").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Choose at least two models first.")
