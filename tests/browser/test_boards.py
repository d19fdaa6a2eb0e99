"""Leaderboard, models, charts and battles in the browser."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.arenas import Stocked, playing, say, stocked
from tests.server.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page
    from tests.support.browser import Watch


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    with stocked(tmp_path_factory.mktemp("stocked")) as arena:
        yield arena


@pytest.fixture
def page(arena: Stocked, enter: Callable[..., Watch]) -> Page:
    return enter(arena.url, accept_downloads=True).context.new_page()


def names(page: Page) -> list[str]:
    return page.locator("tbody th a").all_inner_texts()


def test_a_vote_elsewhere_moves_the_board_without_a_reload(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    with playing(tmp_path, [say("crimson"), say("cobalt")]) as url:
        page = enter(url).context.new_page()
        page.goto("/leaderboard")
        expect(page.get_by_role("heading", name="No battles yet")).to_be_visible()
        with Visitor(url) as other:
            reveal = other.vote(other.played(), "b").json()
            winner = reveal["models"][1]["label"]
            expect(page.locator("tbody tr")).to_have_count(2)
            assert names(page)[0] == winner
            expect(page.locator(".page-head")).to_contain_text("1 battle by 1 voter")
            other.vote(other.played(), "tie")
            expect(page.locator(".page-head")).to_contain_text("2 battles")


def test_the_board_is_sorted_searched_and_filtered(page: Page) -> None:
    page.goto("/leaderboard")
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator(".method")).to_contain_text("95 % (sandwich, clustered by prompt)")
    by_rank = names(page)
    page.get_by_role("button", name="Elo").first.click()
    expect(page.locator("th.elo")).to_have_attribute("aria-sort", "descending")
    elos = [int(cell.replace(",", "")) for cell in page.locator("tbody td:nth-child(5)").all_inner_texts()]
    assert elos == sorted(elos, reverse=True)
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.get_by_label("Search the models")).to_be_focused()
    page.keyboard.type("dog")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Search the models").fill("")
    people = page.locator(".page-head").inner_text()
    page.get_by_role("button", name="Both").click()
    expect(page.locator(".page-head")).not_to_have_text(people, use_inner_text=True)
    expect(page).to_have_url(f"{page.url.split('?')[0]}?source=all")
    page.get_by_label("Category").select_option("code")
    expect(page).to_have_url(f"{page.url.split('?')[0]}?source=all&category=code")
    page.reload()
    expect(page.get_by_label("Category")).to_have_value("code")
    expect(page.locator("tbody tr")).to_have_count(5)
    assert set(names(page)) == set(by_rank)


def test_a_model_has_a_page_and_its_opponents_lead_on(page: Page) -> None:
    page.goto("/leaderboard")
    page.get_by_role("link", name="cat-8B").click()
    expect(page.get_by_role("heading", name="cat-8B", level=1)).to_be_visible()
    for part in ("Rating over time", "Against each opponent", "Where it wins and loses", "Latest battles"):
        expect(page.get_by_role("heading", name=part)).to_be_visible()
    page.locator("table").get_by_role("link", name="eel-70B").click()
    expect(page.get_by_role("heading", name="eel-70B", level=1)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="cat-8B", level=1)).to_be_visible()
    page.get_by_role("link", name="All its battles").click()
    expect(page.get_by_label("Model", exact=True)).to_have_value("cat-8B")


CHARTS = {
    "intervals": "ratings with their intervals",
    "performance": "wins, ties and losses",
    "matrix": "who beats whom, observed",
    "counts": "battles of each pair",
    "history": "rating over time",
}


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_saved_as_a_picture_and_as_numbers_and_has_a_table(page: Page, chart: str) -> None:
    page.goto("/charts")
    panel = page.locator(f"section#{chart}")
    panel.scroll_into_view_if_needed()
    expect(panel.locator("svg text").first).to_be_visible()
    name = CHARTS[chart]
    picture = ET.fromstring(saved(page, panel.get_by_role("button", name=f"SVG of the {name}"), ".svg"))
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    written = "".join(picture.itertext())
    rows = list(
        csv.reader(io.StringIO(saved(page, panel.get_by_role("link", name=f"CSV of the {name}"), ".csv")))
    )
    assert len(rows) > 5
    assert "dog-13B" in written
    assert "dog-13B" in " ".join(rows[0] + [row[0] for row in rows])
    panel.get_by_role("button", name="Show as a table").click()
    table = panel.get_by_role("table")
    assert table.locator("tbody tr").count() >= 5
    assert "dog-13B" in table.inner_text()


def saved(page: Page, button: Locator, ending: str) -> str:
    with page.expect_download() as caught:
        button.click()
    assert caught.value.suggested_filename.endswith(ending)
    return caught.value.path().read_text(encoding="utf-8")


def test_charts_are_drawn_again_in_another_theme_and_width(page: Page) -> None:
    page.goto("/charts")
    drawing = page.locator("section#intervals .drawing svg")
    fill = "node => node.querySelector('text').getAttribute('fill')"
    expect(drawing.locator("text").first).to_be_visible()
    before, width = drawing.evaluate(fill), drawing.evaluate("node => node.clientWidth")
    for _ in range(2):
        page.get_by_role("button", name="Theme").click()
    expect(drawing.locator("text").first).not_to_have_attribute("fill", before)
    page.set_viewport_size({"width": 700, "height": 800})
    expect(drawing).not_to_have_attribute("width", str(width))


def test_the_predicted_matrix_is_one_press_away(page: Page) -> None:
    page.goto("/charts")
    panel = page.locator("section#matrix")
    panel.scroll_into_view_if_needed()
    panel.get_by_role("button", name="Predicted").click()
    expect(panel.get_by_role("img", name="predicted")).to_be_visible()


def test_battles_are_filtered_and_the_address_keeps_the_filter(page: Page) -> None:
    page.goto("/battles")
    head = page.locator(".page-head")
    expect(head).to_contain_text("301 battles")
    page.get_by_label("Model", exact=True).fill("ant-1B")
    page.get_by_label("Model", exact=True).press("Enter")
    expect(head).not_to_contain_text("301")
    page.get_by_label("Opponent").fill("bee-3B")
    page.get_by_label("Opponent").press("Enter")
    page.get_by_label("Winner").select_option("Tie")
    page.get_by_label("Decided by").select_option("People")
    expect(head).to_contain_text("fit")
    expect(page.locator(".result").first).to_have_text("tie")
    assert set(page.locator("li .result").all_inner_texts()) == {"tie"}
    page.reload()
    expect(page.get_by_label("Winner")).to_have_value("tie")
    page.get_by_role("button", name="Clear the filters").click()
    expect(head).to_contain_text("301 battles")
    page.get_by_label("Text").fill("What is a square?")
    expect(head).to_contain_text("1 battle fits")
    page.get_by_label("Text").fill("nothing of the kind")
    expect(page.get_by_role("heading", name="No battle fits")).to_be_visible()


def test_more_battles_are_shown_on_demand(page: Page) -> None:
    page.goto("/battles")
    rows = page.locator("main li a")
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(100)
    addresses = rows.evaluate_all("nodes => nodes.map(node => node.href)")
    assert len(set(addresses)) == 100


def test_a_battle_opens_with_both_answers_and_their_style(page: Page) -> None:
    page.goto("/battles?q=What+is+a+square%3F")
    page.locator("main li a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("against")
    for side in ("name-a", "name-b"):
        answer = page.locator(f"section[aria-labelledby={side}]")
        expect(answer.locator(".katex").first).to_be_visible()
        expect(answer.get_by_role("heading", name="A heading")).to_be_visible()
        expect(answer.locator("figure.code .hljs-keyword").first).to_have_text("def")
        expect(answer.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("heading", name="Length and style")).to_be_visible()
    page.get_by_role("link", name="Shared page").click()
    expect(page.get_by_text("Whoever shared it chose")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="All battles").click()
    expect(page.get_by_role("heading", name="Battles", level=1)).to_be_visible()
