"""What the tests of models share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    """Retries come at once; there are as many as the config says."""
    with stamina.set_testing(True, attempts=99, cap=True):
        yield
