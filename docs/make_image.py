"""Make the pictures of the README anew: `python docs/make_image.py`. Needs Chromium.

Runs the demo in a temporary folder and photographs the top of its report; serves the sample arena and
photographs a battle after its vote.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
WIDTH = 1120
"""Of the window, in CSS pixels; the pictures are 1280 wide."""
MARGIN = 36
PROMPT = "List five things to check before a long bicycle ride."


def photograph_report(browser: Browser, page_url: str, image: Path) -> None:
    """Write a picture of a report, from its title to the end of its leaderboard."""
    context = browser.new_context(
        color_scheme="light",
        viewport={"width": WIDTH, "height": 800},
        device_scale_factor=1280 / WIDTH,
    )
    page = context.new_page()
    page.goto(page_url)
    title = page.locator("h1").bounding_box()
    board = page.locator("#leaderboard table").bounding_box()
    assert title is not None
    assert board is not None
    top = title["y"] - MARGIN
    height = board["y"] + board["height"] + MARGIN - top
    page.screenshot(path=image, full_page=True, clip={"x": 0, "y": top, "width": WIDTH, "height": height})
    context.close()


def photograph_arena(browser: Browser, url: str, image: Path) -> None:
    """Write a picture of a battle of the sample arena, voted on."""
    context = browser.new_context(
        color_scheme="light",
        viewport={"width": WIDTH, "height": 640},
        device_scale_factor=1280 / WIDTH,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(url)
    page.locator("textarea").first.fill(PROMPT)
    page.keyboard.press("Enter")
    vote = page.get_by_role("group", name="Your vote").get_by_role("button", name="A is better")
    vote.and_(page.locator('[aria-disabled="false"]')).click(timeout=30_000)
    page.get_by_role("button", name="Next battle").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)
    page.screenshot(path=image)
    context.close()


def main() -> None:
    """Make the pictures."""
    sys.path.insert(0, str(ROOT))
    from tests.support.require import chromium
    from tests.support.serving import serving

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium()), args=["--no-sandbox"])
        subprocess.run([sys.executable, "-m", "palestra", "demo", "--quiet"], cwd=folder, check=True)
        report = Path(folder) / "runs" / "demo" / "report.html"
        photograph_report(browser, report.as_uri(), IMAGES / "report.png")
        with serving(Path(folder)) as server:
            photograph_arena(browser, server.url, IMAGES / "arena.png")
        browser.close()
    for image in (IMAGES / "report.png", IMAGES / "arena.png"):
        print(f"{image.relative_to(ROOT)}: {image.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
