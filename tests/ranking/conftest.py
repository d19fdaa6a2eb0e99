"""What several tests of the ratings ask for."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["numpy", "compiled"])
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs the test twice: by numpy alone, and by compiled kernels however small the work is."""
    route = str(request.param)
    if route == "compiled":
        pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    monkeypatch.setenv("PALESTRA_COMPILED", "1" if route == "compiled" else "0")
    return route
