"""`palestra serve` as a visitor without a config meets it, and with a result folder."""

from __future__ import annotations

import re
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from tests.browser.battle_page import BattlePage
from tests.report.sample import arena
from tests.support.cli import clean_environment, command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page
    from tests.support.browser import Watch


@contextmanager
def palestra_serve(folder: Path, *arguments: str) -> Iterator[str]:
    """The address that the command prints; it ends by Ctrl-C."""
    server = subprocess.Popen(
        command("serve", "--port", "0", "--db", folder / "sample.db", *arguments),
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=clean_environment(PYTHONUNBUFFERED="1"),
    )
    assert server.stdout is not None
    try:
        found = None
        while found is None:
            line = server.stdout.readline()
            assert line, "the server ended"
            found = re.search(r"http://\S+?:\d+", line)
        yield found.group()
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)
    assert server.returncode == 130


def count(page: Page) -> int:
    """The battles of the board that is shown."""
    found = re.match(r"([\d,]+) battles", page.locator(".page-head p").inner_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def test_the_sample_arena_can_be_played_and_looked_through(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    with palestra_serve(tmp_path) as url:
        page = enter(url).context.new_page()
        page.goto("/leaderboard")
        expect(page.locator("tbody tr")).to_have_count(5)
        before = count(page)
        page.get_by_role("link", name="Battle", exact=True).click()
        battle = BattlePage(page)
        page.get_by_role("button", name="Random prompt").click()
        expect(battle.box).not_to_have_value("")
        battle.box.press("Enter")
        expect(battle.votes).to_be_visible()
        battle.ready()
        battle.choice("a").click()
        battle.decided()
        assert len(set(battle.models())) == 2
        page.get_by_role("link", name="Leaderboard").click()
        expect(page.locator(".page-head p")).to_contain_text(f"{before + 1} battles")
        page.locator("tbody th a").first.click()
        expect(page.get_by_role("heading", name="Latest battles")).to_be_visible()
        expect(page.get_by_role("button", name="Both", exact=True)).to_have_attribute("aria-pressed", "true")
        page.get_by_role("link", name="Charts").click()
        expect(page.locator("#intervals .drawing svg text").first).to_be_visible()
        page.get_by_role("link", name="Battles", exact=True).click()
        page.locator("main li a").first.click()
        expect(page.get_by_role("heading", name="Length and style")).to_be_visible()
        page.get_by_role("link", name="Side by side").click()
        expect(page.get_by_role("checkbox")).to_have_count(5)
        page.get_by_role("link", name="About").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_result_folder_is_opened_with_the_judge_s_words_in_both_orders(
    tmp_path: Path, enter: Callable[..., Watch]
) -> None:
    folder = arena(["crimson", "cobalt"], 4, text="Some words. ").write(tmp_path / "a run")
    with palestra_serve(tmp_path, "--run", str(folder)) as url:
        page = enter(url).context.new_page()
        page.goto("/battles")
        page.locator("select").filter(has_text="a run").select_option("a run")
        expect(page.locator("main li")).to_have_count(4)
        page.get_by_label("Subset").select_option("maths")
        expect(page.locator("main li")).to_have_count(2)
        page.get_by_label("Model", exact=True).fill("crimson")
        page.get_by_label("Model", exact=True).press("Enter")
        page.get_by_role("group", name="Share of crimson").get_by_label("At least").fill("0.55")
        page.keyboard.press("Enter")
        expect(page.locator("main li")).to_have_count(1)
        page.locator("main li a").first.click()
        verdicts = page.locator("article")
        expect(verdicts).to_have_count(2)
        expect(verdicts.nth(0)).to_contain_text("as shown here")
        expect(verdicts.nth(1)).to_contain_text("with the answers exchanged")
        expect(page.get_by_role("heading", level=1)).to_contain_text("crimson")
