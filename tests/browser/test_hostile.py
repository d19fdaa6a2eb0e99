"""Hostile answers: nothing of them runs, nothing is asked for elsewhere, and the page stays usable."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from tests.browser.arenas import KEY, pieces, playing
from tests.browser.battle_page import BattlePage
from tests.browser.hostile import ELSEWHERE, LARGE, RUN, SMALL
from tests.server.puppets import Puppet
from tests.server.visitor import Visitor
from tests.support.browser import Toil, too_wide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page
    from tests.support.browser import Watch

USABLE_SECONDS = 5
PARTS = 8
"""So many tests share the answers, since most of a test's time is its beginning."""
_FOREIGN = (
    "script, style, link, meta, base, iframe, object, embed, form, input, img, picture, video, audio, use,"
    " template, noscript, foreignObject, animate, details, select, textarea, [style*=url], [onerror]"
)
"""What no answer brings in. (KaTeX draws roots with `svg` and `path`, and sets sizes with `style`.)"""
_LINKS = "node => [...node.querySelectorAll('a')].map((a) => [a.protocol, a.target, a.rel])"


class Stage:
    """An arena of two puppets that say what they are told."""

    def __init__(self, url: str, puppets: list[Puppet]) -> None:
        self.url = url
        self._puppets = puppets

    def will_say(self, text: str, size: int) -> None:
        for puppet in self._puppets:
            puppet.words = pieces(text, size)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    puppets = [Puppet("crimson"), Puppet("cobalt")]
    with playing(tmp_path_factory.mktemp("hostile"), puppets) as url:
        yield Stage(url, puppets)


def harmless(page: Page, where: str) -> None:
    """See that the answers on a page hold nothing but text and its dress, and harmless links."""
    assert page.locator(where).count() > 0
    assert page.locator(where).locator(_FOREIGN).count() == 0
    for answer in page.locator(where).all():
        for protocol, target, rel in answer.evaluate(_LINKS):
            assert protocol in ("http:", "https:", "mailto:")
            assert (target, rel) == ("_blank", "noopener noreferrer nofollow")
    assert page.evaluate("window.__pwned") is None
    assert page.title().endswith("Palestra")


def vote(battle: BattlePage) -> None:
    """Vote by a click as soon as it is offered; the page must not make one wait."""
    battle.ready()
    toil = Toil(battle.page)
    battle.page.locator(".vote.a").click()
    battle.page.locator(".dock .verdict", has_text="You chose A.").wait_for()
    assert toil.seconds() < USABLE_SECONDS


@pytest.mark.parametrize("part", range(PARTS))
def test_hostile_answers_do_nothing(
    stage: Stage, enter: Callable[..., Watch], subtests: pytest.Subtests, part: int
) -> None:
    watch = enter(stage.url)
    page = watch.context.new_page()
    for name in list(SMALL)[part::PARTS]:
        with subtests.test(name):
            stage.will_say(SMALL[name], 7)
            battle = BattlePage(page).open().begin(f"{name}?")
            vote(battle)
            harmless(page, "section.column .answer")
            assert too_wide(page) <= 0
            newest = page.evaluate("fetch('/api/battles?limit=1').then((reply) => reply.json())")["items"][0]
            assert newest["prompt_excerpt"] == f"{name}?"
            page.goto(f"/battles/{quote(newest['battle_id'], safe='')}")
            expect(page.get_by_role("heading", name="Length and style")).to_be_visible()
            harmless(page, "section .answer")
            watch.check()


@pytest.mark.parametrize("name", LARGE)
def test_an_answer_that_is_too_much_leaves_the_page_usable(
    stage: Stage, enter: Callable[..., Watch], name: str
) -> None:
    stage.will_say(LARGE[name], 4000)
    battle = BattlePage(enter(stage.url).context.new_page()).open().begin(f"{name}?")
    vote(battle)
    battle.decided()
    harmless(battle.page, "section.column .answer")
    assert too_wide(battle.page) <= 0
    end = LARGE[name].rstrip()[-3:]
    if end.isalnum() or end == "div":
        expect(battle.answer("a")).to_contain_text(end)
    battle.page.keyboard.press("n")
    expect(battle.box).to_be_focused()


def test_prompts_and_thoughts_are_text(stage: Stage, enter: Callable[..., Watch]) -> None:
    text = "\n".join(f"{name}: {said}" for name, said in SMALL.items())
    prompt = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    watch = enter(stage.url)
    battle = BattlePage(watch.context.new_page()).open()
    stage.will_say("Fine.", 7)
    battle.begin(prompt)
    vote(battle)
    assert battle.page.locator(".prompt").locator(_FOREIGN).count() == 0
    battle.page.goto("/battles")
    expect(battle.page.locator("main li").first).to_be_visible()
    assert battle.page.locator("main li").locator(_FOREIGN).count() == 0


def test_model_names_are_text_everywhere(
    tmp_path_factory: pytest.TempPathFactory, enter: Callable[..., Watch]
) -> None:
    names = [
        f'<img src={ELSEWHERE}/x onerror="{RUN}">',
        f"</script><script>{RUN}</script>",
        "a/b?c#d%2e & <b>",
    ]
    puppets = [Puppet(name, SMALL["script tags"]) for name in names]
    with playing(tmp_path_factory.mktemp("names"), puppets) as url:
        with Visitor(url) as visitor:
            for _ in range(6):
                visitor.vote(visitor.played(size=3), "a")
        page = enter(url).context.new_page()
        page.goto("/leaderboard")
        expect(page.locator("tbody tr")).to_have_count(3)
        for name in names:
            page.goto("/leaderboard")
            page.get_by_role("link", name=name).click()
            expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
            page.reload()
            expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
            page.get_by_role("link", name="All its battles").click()
            expect(page.get_by_label("Model", exact=True)).to_have_value(name)
            expect(page.locator("main li").first).to_be_visible()
        page.goto("/charts")
        for chart in ("intervals", "performance", "matrix", "counts", "history"):
            drawing = page.locator(f"#{chart} .drawing")
            drawing.scroll_into_view_if_needed()
            expect(drawing.locator("svg text").first).to_be_visible()
            box = drawing.bounding_box()
            assert box is not None
            for share in (0.3, 0.5, 0.7, 0.9):
                page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.4 * box["height"])
            assert drawing.locator("script, img, foreignObject").count() == 0
        page.goto("/side-by-side")
        page.get_by_role("button", name="Choose all").click()
        page.get_by_label("Your prompt").fill("Who?")
        page.get_by_role("button", name="Ask 3").click()
        expect(page.get_by_role("button", name="Pick as best")).to_have_count(3)
        page.goto("/admin/arena")
        page.get_by_label("Admin key").fill(KEY)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Your prompt").fill("Who?")
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("button", name="Pick as best")).to_have_count(3)
        harmless(page, ".card .answer")


def test_the_policy_stops_a_script_that_got_in_anyway(stage: Stage, enter: Callable[..., Watch]) -> None:
    watch = enter(stage.url)
    watch.expect("Content Security Policy", "violates the following")
    page = watch.context.new_page()
    page.goto("/")
    forbidden = page.evaluate(
        """async (run) => {
            const holder = document.createElement('div');
            holder.innerHTML = `<img src="x:" onerror="${run}"><iframe src="javascript:${run}"></iframe>`;
            const script = document.createElement('script');
            script.textContent = run;
            const beacon = document.createElement('img');
            beacon.src = 'https://elsewhere.example/pixel.png';
            document.body.append(holder, script, beacon);
            await fetch('https://elsewhere.example/').catch(() => null);
            await new Promise((done) => setTimeout(done, 200));
            return window.__violations.length;
        }""",
        RUN,
    )
    assert forbidden >= 4
    assert page.evaluate("window.__pwned") is None
    page.close()
    watch.requests.clear()  # those that the policy stopped
