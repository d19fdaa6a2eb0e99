"""The admin's pages in the browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.arenas import KEY, playing, say
from tests.server.visitor import Visitor
from tests.support.browser import tab_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page
    from tests.server.puppets import Puppet
    from tests.support.browser import Watch

NAMES = ("crimson", "cobalt", "celadon")


@pytest.fixture
def puppets() -> list[Puppet]:
    return [say(name) for name in NAMES]


@pytest.fixture
def url(tmp_path: Path, puppets: list[Puppet]) -> Iterator[str]:
    with playing(tmp_path, puppets) as url:
        yield url


@pytest.fixture
def watch(url: str, enter: Callable[..., Watch]) -> Watch:
    return enter(url, accept_downloads=True)


def sign_in(page: Page, path: str = "/admin") -> None:
    page.goto(path)
    page.get_by_label("Admin key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Admin key")).to_have_count(0)


def test_a_wrong_key_is_refused_and_the_right_one_opens(watch: Watch) -> None:
    watch.expect("status of 403")
    page = watch.context.new_page()
    page.goto("/admin")
    page.get_by_label("Admin key").fill("a guess")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the admin's key")
    expect(page.get_by_label("Admin key")).to_have_attribute("aria-invalid", "true")
    sign_in(page)
    expect(page.get_by_role("heading", name="Admin", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Admin", level=1)).to_be_visible()
    assert KEY not in page.content()
    assert KEY not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Admin key")).to_be_visible()


def test_a_model_that_is_switched_off_is_drawn_no_more(watch: Watch, url: str) -> None:
    page = watch.context.new_page()
    sign_in(page)
    off = page.get_by_role("checkbox", name="celadon is on")
    off.uncheck()
    expect(page.get_by_text("celadon saved")).to_be_attached()
    page.reload()
    expect(off).not_to_be_checked()
    with Visitor(url) as visitor:
        for _ in range(8):
            reveal = visitor.vote(visitor.played(), "a").json()
            assert {model["label"] for model in reveal["models"]} == {"crimson", "cobalt"}
    page.goto("/side-by-side")
    expect(page.get_by_role("checkbox", name="cobalt")).to_be_visible()
    expect(page.get_by_role("checkbox", name="celadon")).to_have_count(0)


def test_weights_and_retirement_are_kept(watch: Watch, url: str) -> None:
    with Visitor(url) as visitor:
        names = {m["label"] for m in visitor.vote(visitor.played(), "a").json()["models"]}
    page = watch.context.new_page()
    sign_in(page)
    label = sorted(names)[0]
    weight = page.get_by_label(f"Weight of {label}")
    weight.fill("-1")
    weight.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("A weight is a number from 0 on")
    weight.fill("2.5")
    weight.press("Enter")
    expect(page.get_by_text(f"{label} saved")).to_be_attached()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("checkbox", name=f"{label} is retired").check()
    page.reload()
    expect(weight).to_have_value("2.5")
    page.goto("/leaderboard")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Show retired").check()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody")).to_contain_text("retired")


def test_a_deleted_vote_moves_the_board_back(watch: Watch, url: str) -> None:
    with Visitor(url) as visitor:
        for _ in range(3):
            visitor.vote(visitor.played(), "a")
    board = watch.context.new_page()
    board.goto("/leaderboard")
    expect(board.locator(".page-head")).to_contain_text("3 battles")
    page = watch.context.new_page()
    sign_in(page, "/admin?tab=votes")
    page.get_by_label("Flagged only").uncheck()
    delete = page.get_by_role("button", name="Delete the vote")
    expect(delete).to_have_count(3)
    delete.first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(delete).to_have_count(3)
    delete.first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(delete).to_have_count(2)
    expect(board.locator(".page-head")).to_contain_text("2 battles")
    page.get_by_role("button", name="Delete all data of").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete data").click()
    expect(page.get_by_text("Nobody has voted yet.")).to_be_visible()
    expect(board.get_by_role("heading", name="No battles yet")).to_be_visible()


@pytest.mark.parametrize("kind", ["Battles", "DPO", "KTO", "Ranked"])
def test_an_export_is_downloaded(watch: Watch, url: str, kind: str) -> None:
    with Visitor(url) as visitor:
        visitor.vote(visitor.played("Which one?"), "a")
    page = watch.context.new_page()
    sign_in(page, "/admin?tab=exports")
    with page.expect_download() as caught:
        page.get_by_role("link", name=f"Download {kind}").click()
    lines = caught.value.path().read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert rows
    assert "Which one?" in lines[0]
    assert caught.value.suggested_filename.endswith(".jsonl")


def test_the_arena_of_all_models_picks_the_best(watch: Watch, puppets: list[Puppet]) -> None:
    puppets[2].fails = True
    page = watch.context.new_page()
    sign_in(page, "/admin/arena")
    page.get_by_label("Your prompt").fill("All of you?")
    page.get_by_role("button", name="Run").click()
    failed = page.get_by_role("region", name="celadon", exact=True)
    expect(failed).to_contain_text("failed")
    expect(failed.get_by_role("button")).to_have_count(0)
    best = page.get_by_role("region", name="cobalt", exact=True)
    best.get_by_role("button", name="Pick as best").click()
    expect(page.get_by_text("cobalt is recorded as the best.").first).to_be_visible()
    rows = page.locator("tbody tr").all_inner_texts()
    assert rows[0].split()[:3] == ["cobalt", "1", "1"]
    with page.expect_download() as caught:
        page.get_by_role("button", name="Export DPO").click()
    [pair] = [json.loads(line) for line in caught.value.path().read_text(encoding="utf-8").splitlines()]
    assert (pair["winner"], pair["loser"], pair["prompt"]) == ("cobalt", "crimson", "All of you?")


def test_the_arena_of_all_models_is_ranked_by_keyboard(watch: Watch) -> None:
    page = watch.context.new_page()
    sign_in(page, "/admin/arena")
    page.get_by_label("Your prompt").fill("All of you?")
    page.keyboard.press("Enter")
    rank = page.get_by_role("button", name="Rank them")
    expect(rank).to_be_enabled()
    rank.press("Enter")
    tab_to(page, "celadon, number 3 of 3")
    page.keyboard.press("Home")
    tab_to(page, "Submit the ranking")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The ranking is recorded.").first).to_be_visible()
    assert page.locator("tbody th").all_inner_texts() == ["celadon", "crimson", "cobalt"]
