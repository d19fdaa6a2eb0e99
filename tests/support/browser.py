"""Chromium, and everything that a page does besides showing itself."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.support import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
THEMES = ("light", "dark")

_LISTEN = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
    window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
_REST = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished.catch(() => null)))"""
_FOCUS = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const ringed = (element) => {
        const style = getComputedStyle(element);
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        return outlined || style.boxShadow !== 'none';
    };
    let shown = at.matches(':focus-visible') && ringed(at);
    if (!shown && at.matches('textarea')) shown = ringed(at.closest('form'));
    const box = at.getBoundingClientRect();
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const name = at.getAttribute('aria-label') || at.labels?.[0]?.textContent || at.textContent;
    return {name: name.trim().replace(/\\s+/g, ' ').slice(0, 60), tag: at.tagName, shown, inside};
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window, as long as the block lasts."""
    from playwright.sync_api import expect, sync_playwright

    program = require.chromium()
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What the pages of one browser context did, and what of it a test expects."""

    context: BrowserContext
    host: str
    """Host and port of the server; there is no other place to go."""
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.add_init_script(_LISTEN)
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("dialog", self._refuse)

    def expect(self, *patterns: str) -> None:
        """Complaints of the console that belong to what a test does."""
        self.expected.extend(patterns)

    @property
    def strangers(self) -> list[str]:
        """Requests that went, or would have gone, to another host."""
        own = ("data:", "blob:", "about:")
        return [url for url in self.requests if not url.startswith(own) and urlsplit(url).netloc != self.host]

    def check(self) -> None:
        """See that nothing ran, asked elsewhere, was forbidden or was complained about."""
        surprising = [
            said for said in self.complaints if not any(re.search(known, said) for known in self.expected)
        ]
        assert not surprising, surprising
        assert not self.strangers, self.strangers
        for page in self.context.pages:
            if not page.is_closed():
                assert not violations(page), violations(page)
                assert page.evaluate("window.__pwned") is None, f"a script ran on {page.url}"

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _refuse(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


class Toil:
    """Seconds of a processor that a page's thread took: the same on a machine that is busy otherwise."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")
        self._before = self._now()

    def seconds(self) -> float:
        """Since this was made."""
        return self._now() - self._before

    def _now(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "ThreadTime")


def violations(page: Page) -> list[str]:
    """What the content security policy had to forbid on this page."""
    found: list[str] = page.evaluate("window.__violations ?? []")
    return found


def too_wide(page: Page) -> int:
    """Pixels by which a page is wider than its window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


def axe(page: Page) -> list[str]:
    """What axe finds, on the page as it is once nothing moves any more."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(_REST)
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]}" for rule in found for node in rule["nodes"]
    ]


@dataclass(frozen=True)
class Focus:
    """What has the keyboard's focus."""

    name: str
    tag: str
    shown: bool
    """Whether it is seen to have it."""
    inside: bool
    """Whether it is inside the window."""


def focus(page: Page) -> Focus | None:
    """What has the focus; None if nothing has."""
    found = page.evaluate(_FOCUS)
    return None if found is None else Focus(**found)


def tab_to(page: Page, name: str, *, key: str = "Tab", most: int = 60) -> Focus:
    """Press Tab until something whose name begins so has the focus; each stop on the way must be seen."""
    for _ in range(most):
        page.keyboard.press(key)
        at = focus(page)
        if at is None:
            continue
        assert at.shown, f"no focus is seen on {at}"
        assert at.inside, f"the focus is outside the window on {at}"
        if at.name.startswith(name):
            return at
    raise AssertionError(f"{name!r} is not reached by {key}")
