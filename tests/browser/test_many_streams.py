"""Forty answers at once."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from tests.browser.arenas import ANSWER, pieces, playing
from tests.server.puppets import Puppet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from playwright.sync_api import Locator, Page
    from tests.support.browser import Watch

MODELS = 40
MOST_MS = 200
_TIME_KEYS = """
window.__keys = [];
document.addEventListener('keydown', (event) => {
    const pressed = event.timeStamp;
    requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.__keys.push(performance.now() - pressed);
        channel.port2.postMessage(null);
    });
}, true);
"""


SAID = "What is typed while they all speak, and speak, and do not come to an end"


def typed(page: Page, box: Locator) -> float:
    """Milliseconds from a key to its paint; the median over a sentence."""
    box.fill("")
    page.evaluate("window.__keys.length = 0")
    box.press_sequentially(SAID, delay=40)
    expect(box).to_have_value(SAID)
    times: list[float] = page.evaluate("window.__keys")
    assert len(times) >= len(SAID)
    return statistics.median(times)


def test_a_key_is_answered_while_forty_answers_stream(
    tmp_path: Path, enter: Callable[..., Watch], capsys: pytest.CaptureFixture[str]
) -> None:
    puppets = [Puppet(f"model-{n}", pieces(ANSWER * 60, 12), gap=0.02 + 0.0005 * n) for n in range(MODELS)]
    with playing(tmp_path, puppets) as url:
        watch = enter(url)
        watch.context.add_init_script(_TIME_KEYS)
        page = watch.context.new_page()
        page.goto("/side-by-side")
        page.get_by_role("button", name="Choose all").click()
        box = page.locator("#prompt")
        box.fill("All of you.")
        page.get_by_role("button", name=f"Ask {MODELS}").click()
        expect(page.locator(".card", has=page.locator(".answer .h2"))).to_have_count(MODELS)
        medians: list[float] = []
        while not medians or (
            medians[-1] >= MOST_MS and len(medians) < 3
        ):  # the machine may be busy otherwise
            medians.append(typed(page, box))
        with capsys.disabled():
            print(f"\nkeys are painted after {medians[-1]:.0f} ms (median) while {MODELS} answers stream")
        assert page.locator(".card header p", has_text="writing").count() > MODELS / 2, (
            "the answers ended too soon"
        )
        assert medians[-1] < MOST_MS, medians
        # Waited for by their place: on so large a page, `expect` takes seconds to describe what it sees.
        page.locator(".bar button", has_text="Stop").click()
        page.locator(".card:last-child footer button:enabled").click()
        page.locator(".card:last-child footer .best").wait_for()
