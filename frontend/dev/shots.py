"""Takes pictures of pages: `python frontend/dev/shots.py BASE FOLDER [PATH …]`. Runs axe on each, too."""

from __future__ import annotations

import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

PAGES = [
    "/",
    "/side-by-side",
    "/leaderboard",
    "/models/kestrel-9",
    "/charts",
    "/battles",
    "/battles/b0",
    "/shared/s1",
]
PAGES += ["/admin", "/admin/arena", "/about", "/nowhere"]
SIZES = {"360": (360, 780), "1280": (1280, 820), "2560": (2560, 1300)}


def check(page: Page, name: str) -> None:
    """Say what axe finds."""
    for violation in Axe().run(page).response["violations"]:
        nodes = [node["target"] for node in violation["nodes"]][:3]
        print(f"AXE {name}: {violation['id']}: {violation['help']} {nodes}")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        print(f"WIDE {name}: {wide} px too wide")


def main(base: str, folder: Path, paths: list[str]) -> None:
    """Each path in each size and theme."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium")
        for theme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
                page = context.new_page()
                page.on(
                    "console", lambda m: m.type in ("error", "warning") and print("CONSOLE", m.text[:300])
                )
                page.on("pageerror", lambda e: print("PAGEERROR", e))
                for path in paths:
                    page.goto(base + path)
                    page.wait_for_timeout(500)
                    page.evaluate(
                        "for (let y = 0; y < 6000; y += 400) setTimeout(() => scrollTo(0, y), y / 5)"
                    )
                    page.wait_for_timeout(1700)
                    page.evaluate("scrollTo(0, 0)")
                    name = f"{path.strip('/').replace('/', '-') or 'battle'}-{size}-{theme}"
                    check(page, name)
                    page.screenshot(path=folder / f"{name}.png", full_page=size != "2560")
                context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:] or PAGES)
