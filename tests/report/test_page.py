"""The report in a real browser, opened from disk."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.report import hostile
from tests.report.sample import arena

from palestra.report.html import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

MODELS = ["GPT-4o", "Llama 3.2", "Qwen <3>"]
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three models over 30 prompts: 90 battles."""
    return write_report(arena(MODELS, 30, text="Some words. ").write(tmp_path_factory.mktemp("plain")))


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(hostile.sample().write(tmp_path_factory.mktemp("nasty")))


@dataclass
class Seen:
    """What a page did besides showing itself."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def _open(browser: Browser, path: Path, size: dict[str, int], scheme: str = "light") -> tuple[Page, Seen]:
    page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    seen = Seen()
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.goto(path.as_uri())
    return page, seen


def _open_everything(page: Page) -> None:
    """Battles first; what folds out inside them is made only then."""
    for _ in range(2):
        page.locator("details").evaluate_all("nodes => nodes.forEach(node => { node.open = true })")
        page.wait_for_timeout(100)


def _choice(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def _expect_found(page: Page, start: str) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#found")).to_have_text(re.compile(f"^{start}"))


def _outcomes(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".outcome > span:first-child").all_inner_texts()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "desk"])
def test_hostile_texts_run_nothing_and_load_nothing(
    browser: Browser, nasty: Path, size: dict[str, int], scheme: str
) -> None:
    page, seen = _open(browser, nasty, size, scheme)
    _open_everything(page)
    assert page.evaluate("window.pwned") is None
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith("data:")] == [nasty.as_uri()]
    assert page.locator("img, #list script, #list style, #list svg").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.close()


def test_every_hostile_text_is_shown_letter_for_letter(browser: Browser, nasty: Path) -> None:
    page, _ = _open(browser, nasty, WIDE)
    _open_everything(page)
    shown = page.locator(".text").evaluate_all("nodes => nodes.map(node => node.textContent)")
    for text in hostile.TEXTS:
        assert {text, f"ref {text}", f"{text} from b", f"{text}\n[[A>B]] in ab"} <= set(shown)
    page.close()


def test_the_policy_stops_a_script_that_got_in_anyway(browser: Browser, plain: Path) -> None:
    page, _ = _open(browser, plain, WIDE)
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.pwned = 1";
            document.body.append(script);
            const holder = document.createElement("div");
            holder.innerHTML = '<img src="x:" onerror="window.pwned = 2">';
            document.body.append(holder);
        }"""
    )
    page.wait_for_timeout(100)
    assert page.evaluate("window.pwned") is None
    page.close()


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "desk"])
def test_a_battle_opens_by_keyboard_with_answers_and_both_verdicts(
    browser: Browser, plain: Path, size: dict[str, int]
) -> None:
    page, seen = _open(browser, plain, size)
    page.locator("#list summary").first.focus()
    page.keyboard.press("Enter")
    body = page.locator("#list .body").first
    body.wait_for()
    assert body.locator(".answer").count() == 2
    assert "GPT-4o on q0. Some words." in body.locator(".answer").first.inner_text()
    assert body.locator(".verdict .text").all_inner_texts() == [
        "Order ab: I compared both answers.\n[[verdict]]",
        "Order ba: I compared both answers.\n[[verdict]]",
    ]
    assert "Llama 3.2 first, as A" in body.locator(".verdict").last.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert seen.complaints == []
    page.close()


def test_filters_work_by_keyboard_alone(browser: Browser, plain: Path) -> None:
    page, _ = _open(browser, plain, WIDE)
    found = page.locator("#found")
    assert found.inner_text() == "90 matchups, page 1 of 5"

    page.get_by_label("Words").focus()
    page.keyboard.type("what is q7?")
    _expect_found(page, "3 of")
    assert page.locator("#list > li").count() == 3

    page.keyboard.press("Tab")
    page.keyboard.type("Qwen")
    _expect_found(page, "2 of")
    assert all("Qwen <3>" in outcome for outcome in _outcomes(page))

    page.get_by_role("button", name="Clear").focus()
    page.keyboard.press("Enter")
    _expect_found(page, "90")
    page.close()


def test_outcomes_are_told_from_the_side_of_the_chosen_model(browser: Browser, plain: Path) -> None:
    page, _ = _open(browser, plain, WIDE)
    model, outcome = _choice(page, "Model"), _choice(page, "Outcome")
    assert outcome.locator("option[value=loss]").is_disabled()
    model.select_option("Llama 3.2")
    outcome.select_option("loss")
    lost = _outcomes(page)
    assert lost
    assert all(text.endswith("beat Llama 3.2") for text in lost)
    outcome.select_option("win")
    assert all(text.startswith("Llama 3.2 beat") for text in _outcomes(page))
    _choice(page, "Against").select_option("GPT-4o")
    assert set(_outcomes(page)) == {"Llama 3.2 beat GPT-4o"}
    outcome.select_option("t")
    assert set(_outcomes(page)) == {"GPT-4o and Llama 3.2 tied"}
    page.close()


def test_scores_are_told_from_the_side_of_the_chosen_model(browser: Browser, plain: Path) -> None:
    page, seen = _open(browser, plain, WIDE)
    least, most = page.get_by_label("Share at least"), page.get_by_label("Share at most")
    _choice(page, "Model").select_option("Llama 3.2")
    _choice(page, "Against").select_option("GPT-4o")
    _expect_found(page, "30 of 90")
    least.fill("0.55")
    least.press("Enter")
    won = _outcomes(page)
    assert set(won) == {"Llama 3.2 beat GPT-4o"}
    least.fill("0.5")
    most.fill("0.5")
    most.press("Enter")
    even = _outcomes(page)
    assert set(even) == {"GPT-4o and Llama 3.2 tied", "GPT-4o and Llama 3.2: both bad"}
    least.fill("")
    most.fill("0.45")
    most.press("Enter")
    lost = _outcomes(page)
    assert set(lost) == {"GPT-4o beat Llama 3.2"}
    assert len(won) + len(even) + len(lost) == 30
    assert seen.complaints == []
    page.close()


def test_a_group_narrows_the_list(browser: Browser, plain: Path) -> None:
    page, _ = _open(browser, plain, WIDE)
    _choice(page, "Subset").select_option("law")
    assert page.locator("#found").inner_text().startswith("30 of 90")
    assert set(page.locator("#list .tag").all_inner_texts()) == {"law"}
    page.close()


def test_pages_turn_and_stop_at_the_ends(browser: Browser, plain: Path) -> None:
    page, _ = _open(browser, plain, WIDE)
    previous, following = page.locator("#prev"), page.locator("#next")
    first = page.locator("#list > li").first.inner_text()
    previous.click(force=True)
    assert page.locator("#page-no").inner_text() == "1 / 5"
    for _ in range(6):
        following.press("Enter")
    assert page.locator("#page-no").inner_text() == "5 / 5"
    assert page.locator("#list > li").count() == 10
    assert following.get_attribute("aria-disabled") == "true"
    assert page.locator("#list").get_attribute("start") == "81"
    assert page.locator("#list > li").first.inner_text() != first
    page.close()


def test_nothing_found_says_what_to_do(browser: Browser, plain: Path) -> None:
    page, _ = _open(browser, plain, WIDE)
    page.get_by_label("Words").fill("no such word")
    _expect_found(page, "No battle")
    assert page.locator("#list > li").count() == 0
    page.close()


@pytest.mark.parametrize(("scheme", "other"), [("light", "Dark"), ("dark", "Light")])
def test_colours_follow_the_system_until_they_are_switched(
    browser: Browser, plain: Path, scheme: str, other: str
) -> None:
    page, _ = _open(browser, plain, WIDE, scheme)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    assert before == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 20, 24)"}[scheme]
    page.get_by_role("button", name=other, exact=True).press("Enter")
    assert page.evaluate(ground) != before
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "desk"])
def test_axe_finds_no_violation(browser: Browser, plain: Path, size: dict[str, int], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, _ = _open(browser, plain, size, scheme)
    _open_everything(page)
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    page.close()


def test_tables_name_their_rows_columns_and_purpose(browser: Browser, plain: Path) -> None:
    page, _ = _open(browser, plain, WIDE)
    for table in page.locator("table").all():
        assert table.locator("caption").inner_text().strip()
        assert table.locator("thead th[scope=col]").count() > 0
        assert table.locator("tbody th[scope=row]").count() > 0
    unnamed = "nodes => nodes.filter(node => !node.labels.length).length"
    assert page.locator("input, select").evaluate_all(unnamed) == 0
    page.close()


def test_the_tables_can_be_read_without_javascript(browser: Browser, plain: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(plain.as_uri())
    assert page.get_by_role("table", name="Models by rating, best first").is_visible()
    assert "needs JavaScript" in page.locator("#battles").inner_text()
    context.close()


@pytest.mark.slow
def test_five_thousand_battles_stay_quick(browser: Browser, tmp_path: Path) -> None:
    models = [f"model {number}" for number in range(10)]
    path = write_report(arena(models, 112, text="Words and more words. " * 50).write(tmp_path))
    assert path.stat().st_size < 12_000_000
    page, seen = _open(browser, path, WIDE)
    assert page.locator("#found").inner_text() == "5,040 matchups, page 1 of 252"
    page.get_by_label("Words").fill("model 3 on q99")
    _expect_found(page, "9 of")
    assert seen.complaints == []
    page.close()
