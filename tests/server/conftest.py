"""What the tests of the server share."""

from __future__ import annotations

import time

import pytest

_LONG_ENOUGH = 15.0
"""Seconds for one test of a limit, also on a busy machine."""


@pytest.fixture
def early_in_the_minute() -> None:
    """Limits count by the minute of the clock and forget by and by what was in the one before: a test that
    meets one waits for the next minute if this one has little left.
    """
    left = 60 - time.time() % 60
    if left < _LONG_ENOUGH:
        time.sleep(left + 0.05)
