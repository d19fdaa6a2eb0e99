from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest
import stamina

from palestra.models.failures import Fault
from palestra.models.limits import LONGEST_WAIT, Limits, _wait_after, quiet_retries
from palestra.records.failure import FailureKind

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def limits(*, concurrency: int | None = None, per_minute: float | None = None, retries: int = 0) -> Limits:
    return Limits(concurrency=concurrency, requests_per_minute=per_minute, retries=retries)


def failing(times: int, fault: Fault) -> tuple[Callable[[], Coroutine[None, None, str]], list[float]]:
    """An attempt that fails so often, and when it was made."""
    made: list[float] = []

    async def attempt() -> str:
        made.append(time.monotonic())
        if len(made) <= times:
            raise fault
        return "fine"

    return attempt, made


PASSING = Fault(FailureKind.OTHER, "busy", retryable=True)
LASTING = Fault(FailureKind.REFUSED, "no")


async def test_a_passing_fault_is_tried_again_as_often_as_the_config_says() -> None:
    attempt, made = failing(3, PASSING)
    assert await limits(retries=3).retry(attempt) == "fine"
    assert len(made) == 4
    attempt, made = failing(3, PASSING)
    with pytest.raises(Fault, match="busy"):
        await limits(retries=2).retry(attempt)
    assert len(made) == 3


async def test_a_lasting_fault_is_not_tried_again() -> None:
    attempt, made = failing(1, LASTING)
    with pytest.raises(Fault, match="no"):
        await limits(retries=9).retry(attempt)
    assert len(made) == 1


async def test_an_error_of_our_own_is_not_tried_again() -> None:
    async def attempt() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await limits(retries=9).retry(attempt)


def test_the_server_says_how_long_to_wait_within_reason() -> None:
    assert _wait_after(LASTING) is False
    assert _wait_after(PASSING) is True
    for asked, least in ((3.0, 3.0), (3600.0, LONGEST_WAIT), (0.0, 0.0)):
        wait = _wait_after(Fault(FailureKind.RATE_LIMIT, "slow", retryable=True, retry_after=asked))
        assert least <= wait <= least + 1


async def test_the_wait_that_was_asked_for_is_kept() -> None:
    with stamina.set_testing(False):
        attempt, made = failing(1, Fault(FailureKind.RATE_LIMIT, "slow", retryable=True, retry_after=0.2))
        await limits(retries=1).retry(attempt)
    assert 0.2 <= made[1] - made[0] < 3


async def test_no_more_calls_at_once_than_allowed() -> None:
    now = most = 0
    gate = limits(concurrency=3)

    async def call() -> None:
        nonlocal now, most
        async with gate.slot():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.005)
            now -= 1

    await asyncio.gather(*(call() for _ in range(20)))
    assert most == 3


async def test_a_place_is_given_back_when_a_call_fails() -> None:
    gate = limits(concurrency=1)
    for _ in range(3):
        with pytest.raises(Fault):
            async with asyncio.timeout(20), gate.slot():
                raise LASTING


async def test_calls_keep_to_the_rate() -> None:
    gate = limits(per_minute=60 * 20)
    started = time.monotonic()
    for _ in range(26):
        async with gate.slot():
            pass
    assert time.monotonic() - started >= 0.25


async def test_retries_can_be_noted_without_a_word_on_standard_output(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = stamina.instrumentation.get_on_retry_hooks()
    caplog.set_level(logging.INFO)
    try:
        quiet_retries()
        attempt, _ = failing(1, PASSING)
        await limits(retries=1).retry(attempt)
    finally:
        stamina.instrumentation.set_on_retry_hooks(before)
    assert capsys.readouterr().out == ""
    assert "busy" in caplog.text
