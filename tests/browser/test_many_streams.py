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
        box = page.get_by_label("Your prompt")
        box.fill("All of you.")
        page.get_by_role("button", name=f"Ask {MODELS}").click()
        expect(page.get_by_role("heading", name="A heading").nth(MODELS - 1)).to_be_attached()
        box.fill("")
        page.evaluate("window.__keys.length = 0")
        said = "What is typed while they all speak, and speak, and do not come to an end"
        box.press_sequentially(said, delay=40)
        expect(box).to_have_value(said)
        times = page.evaluate("window.__keys")
        assert page.get_by_text("writing", exact=True).count() > MODELS / 2, "the answers ended too soon"
        with capsys.disabled():
            print(f"\n{len(times)} keys, painted after {statistics.median(times):.0f} ms (median)")
        assert len(times) == len(said)
        assert statistics.median(times) < MOST_MS
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("button", name="Pick as best")).to_have_count(MODELS)
        page.get_by_role("button", name="Pick as best").last.click()
        expect(page.get_by_text("your best", exact=True)).to_be_visible()
