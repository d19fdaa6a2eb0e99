"""The built pages in a real browser, with answers that try to run, load or break something."""

from __future__ import annotations

import gzip
import json
import mimetypes
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import require

from palestra.server.security import CSP

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

STATIC = require.ROOT / "src/palestra/server/static"
HOSTILE: dict[str, str] = json.loads((require.ROOT / "frontend/tests/markdown/hostile.json").read_bytes())
BIG = {
    "a million without a space": "x" * 1_000_000,
    "100,000 characters": "A **bold** word, `code`, $a^2$.\n\n- one\n- two\n\n```py\nx = 1\n```\n\n" * 1500,
    "open brackets": "[" * 20_000,
    "deep quotes": ">" * 5_000 + " deep",
    "formulas": "$a_1^2$ " * 5_000,
    "long code": "```python\n" + "x = [1, 2, 3]  # words\n" * 20_000,
}
LONGEST_FRAME = """() => {
  window.gap = 0;
  let last = performance.now();
  const tick = (now) => {
    window.gap = Math.max(window.gap, now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
HOST = "http://arena.test"
SESSION = {
    "csrf": "token",
    "arena": {"name": "test"},
    "sample": False,
    "voter": {"votes": 0},
    "admin": False,
    "limits": {"prompt_chars": 20_000, "turns": 6, "min_votes": 20},
    "panel_sizes": [2, 3, 4],
    "version": "0",
}


class Stage:
    """A page on which one battle is shown; it notes what it asks of other hosts."""

    def __init__(self, browser: Browser) -> None:
        self.answers = ("", "")
        self.strange: list[str] = []
        self.page: Page = browser.new_page()
        self.page.route("**/*", self._reply)

    def show(self, answer: str) -> None:
        """Open the battle with `answer` on one side."""
        self.answers = (answer, "A plain answer.")
        self.page.goto(f"{HOST}/battles/b1")
        self.page.wait_for_selector("text=A plain answer.")

    def _reply(self, route: Route) -> None:
        url = route.request.url
        if not url.startswith(f"{HOST}/"):
            self.strange.append(url)
            route.abort()
            return
        path = url.removeprefix(HOST).split("?")[0]
        if path == "/api/battles/b1":
            route.fulfill(body=json.dumps(self._battle()), content_type="application/json")
        elif path == "/api/session":
            route.fulfill(json=SESSION)
        else:
            file = STATIC / path.lstrip("/")
            file = file if file.is_file() else STATIC / "index.html"
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            route.fulfill(
                body=file.read_bytes(), headers={"Content-Type": kind, "Content-Security-Policy": CSP}
            )

    def _battle(self) -> dict[str, Any]:
        empty = ("judge_model", "category", "dataset", "language", "tstamp", "style", "share")
        return dict.fromkeys(empty) | {
            "battle_id": "b1",
            "model_a": "one",
            "model_b": "two",
            "winner": "model_a",
            "source": "human",
            "score": 1.0,
            "flags": [],
            "prompt_excerpt": "?",
            "prompt": "?",
            "response_a": self.answers[0],
            "response_b": self.answers[1],
            "verdicts": [],
        }


@pytest.fixture(scope="module")
def stage(browser: Browser) -> Stage:
    return Stage(browser)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_runs_nothing_and_asks_nobody(stage: Stage, name: str) -> None:
    stage.strange.clear()
    stage.show(HOSTILE[name])
    stage.page.wait_for_timeout(50)
    assert stage.page.evaluate("window.hit") is None
    assert stage.strange == []
    assert stage.page.url == f"{HOST}/battles/b1"
    inside = ".slot-a .answer"
    assert (
        stage.page.locator(f"{inside} :is(script, style, iframe, img, svg, object, form, link)").count() == 0
    )
    handlers = (
        "e => [...e.querySelectorAll('*')].flatMap(x => x.getAttributeNames()).filter(n => /^on/.test(n))"
    )
    assert stage.page.eval_on_selector(inside, handlers) == []


@pytest.mark.parametrize("name", BIG)
def test_a_huge_answer_leaves_the_page_usable(stage: Stage, name: str) -> None:
    stage.show(BIG[name])
    stage.page.evaluate(LONGEST_FRAME)
    stage.page.mouse.wheel(0, 3000)
    stage.page.wait_for_timeout(600)
    assert stage.page.evaluate("window.gap") < 1000, "a frame took a second"
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert stage.page.evaluate(wider) <= 0, "the answer makes the page wider than the window"


def test_the_pages_ask_no_other_host(stage: Stage) -> None:
    stage.strange.clear()
    for path in ("/", "/about", "/leaderboard", "/admin"):
        stage.page.goto(HOST + path)
        stage.page.wait_for_selector("h1")
    assert stage.strange == []


def test_the_policy_is_never_broken_by_the_pages_themselves(stage: Stage) -> None:
    broken: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            broken.append(message.text)

    stage.page.on("console", note)
    stage.show("A table\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n$$\\frac{a}{b}$$\n\n```python\nx = 1\n```")
    stage.page.wait_for_selector(".katex")
    stage.page.wait_for_selector(".hljs-number")
    assert broken == []


def test_the_committed_bundle_has_no_source_maps_or_foreign_addresses() -> None:
    listed = subprocess.run(["git", "ls-files", STATIC], cwd=require.ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [require.ROOT / line for line in listed.stdout.split()]
    assert files
    assert not [file for file in files if file.suffix == ".map"]
    index = (STATIC / "index.html").read_text()
    assert "http://" not in index
    assert "https://" not in index
    assert "<style" not in index
    assert " style=" not in index


def test_the_first_load_is_small(browser: Browser) -> None:
    stage = Stage(browser)
    asked: set[str] = set()
    stage.page.on("request", lambda request: asked.add(request.url))
    stage.page.goto(f"{HOST}/")
    stage.page.wait_for_selector("#prompt")
    total = 0
    for url in asked:
        file = STATIC / (url.removeprefix(HOST).split("?")[0].lstrip("/") or "index.html")
        if file.is_file():
            body = file.read_bytes()
            total += min(len(body), len(gzip.compress(body, mtime=0)))
    assert 20_000 < total < 120_000
    stage.page.close()
