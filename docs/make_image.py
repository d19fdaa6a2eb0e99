"""Make the picture of the README anew: `python docs/make_image.py`. Needs Chromium.

Runs the demo in a temporary folder and photographs the top of its report.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGE = ROOT / "docs" / "images" / "report.png"
WIDTH = 1120
"""Of the window, in CSS pixels; the picture is 1280 wide."""
MARGIN = 36


def photograph(page_url: str, image: Path, chromium: str) -> None:
    """Write a picture of a report, from its title to the end of its leaderboard."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
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
        browser.close()


def main() -> None:
    """Make the picture."""
    sys.path.insert(0, str(ROOT))
    from tests.support.require import chromium

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "palestra", "demo", "--quiet"], cwd=folder, check=True)
        photograph((Path(folder) / "runs" / "demo" / "report.html").as_uri(), IMAGE, str(chromium()))
    print(f"{IMAGE.relative_to(ROOT)}: {IMAGE.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
