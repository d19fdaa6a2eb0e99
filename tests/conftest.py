"""What holds for every test."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from tests.support import require

if TYPE_CHECKING:
    from collections.abc import Generator

pytest_plugins = ["tests.support.fixtures"]

# How long an example takes says more of the machine than of the code; tests for hangs have their own clock.
settings.register_profile("palestra", deadline=None)
settings.register_profile("same each time", deadline=None, derandomize=True)
settings.load_profile("same each time" if os.environ.get("CI") else "palestra")

# Where the tests run in the background of a script, Ctrl-C is ignored, and so it would be by every process
# that a test begins and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a skip a failure where everything must be there. An expected failure stays what it is."""
    if require.everything() and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"PALESTRA_REQUIRE=all forbids skipping: {why}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _forbid_skip(report)
    return report
