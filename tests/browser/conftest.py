"""A browser for all tests here, and contexts that are watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.support.browser import WIDE, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser


@pytest.fixture
def enter(browser: Browser) -> Iterator[Callable[..., Watch]]:
    """`enter(url, …)` is another person's browser; at the end of the test all are looked at and closed."""
    watches: list[Watch] = []

    def entered(url: str, **options: Any) -> Watch:
        context = browser.new_context(**{"viewport": WIDE, "base_url": url, **options})
        watch = Watch(context, urlsplit(url).netloc)
        watches.append(watch)
        return watch

    yield entered
    try:
        for watch in watches:
            watch.check()
    finally:
        for watch in watches:
            watch.context.close()
