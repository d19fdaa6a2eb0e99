"""How many calls at once, how many a minute, and when to try again."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import stamina
from aiolimiter import AsyncLimiter

from palestra.models.failures import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from stamina.instrumentation import RetryDetails

T = TypeVar("T")
_LOG = logging.getLogger("palestra.models")

LONGEST_WAIT = 60.0
"""Seconds; a server that asks for more is asked again after so many."""

_FIRST_WAIT = 0.5
_JITTER = 1.0


class Limits:
    """One model's share of a server."""

    def __init__(self, *, concurrency: int | None, requests_per_minute: float | None, retries: int) -> None:
        self._slots = None if concurrency is None else asyncio.Semaphore(concurrency)
        self._rate = None if requests_per_minute is None else _limiter(requests_per_minute)
        self._attempts = retries + 1

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait until a call may begin, and hold its place while it lasts."""
        if self._slots is None:
            await self._in_time()
            yield
            return
        async with self._slots:
            await self._in_time()
            yield

    async def _in_time(self) -> None:
        if self._rate is not None:
            await self._rate.acquire()

    async def retry(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Call `attempt` until it does not raise a `Fault` that another attempt may mend.

        Waits 0.5, 1, 2, … seconds, at most `LONGEST_WAIT`, with up to 1 s of jitter; or, with jitter, as
        long as the server asked for.

        Raises:
            Fault: the last one.
        """
        try:
            return await attempt()  # by itself: most calls need nothing of what follows, which has its cost
        except Fault as fault:
            if not fault.retryable:
                raise
            first = fault
        async for trial in stamina.retry_context(
            on=_wait_after,
            attempts=self._attempts,
            timeout=None,
            wait_initial=_FIRST_WAIT,
            wait_max=LONGEST_WAIT,
            wait_jitter=_JITTER,
        ):
            with trial:
                if trial.num == 1:
                    raise first
                return await attempt()
        raise AssertionError("unreachable: the last fault is raised")


def quiet_retries() -> None:
    """Have retries noted in the log `palestra.models` (level info) instead of on standard output.

    This is one setting of stamina's for the whole process, so a program calls it, not a library.
    """
    stamina.instrumentation.set_on_retry_hooks((_note,))


def _note(details: RetryDetails) -> None:
    _LOG.info("attempt %d in %.1f s after: %s", details.retry_num + 1, details.wait_for, details.caused_by)


def _limiter(per_minute: float) -> AsyncLimiter:
    """Lets through what a second holds at once, so that no minute sees much more than it may."""
    burst = max(1.0, per_minute / 60)
    return AsyncLimiter(burst, burst * 60 / per_minute)


def _wait_after(error: Exception) -> bool | float:
    """Stamina's backoff hook: False to give up, True to back off, or seconds to wait."""
    if not isinstance(error, Fault) or not error.retryable:
        return False
    if error.retry_after is None:
        return True
    return min(error.retry_after, LONGEST_WAIT) + random.uniform(0, _JITTER) / 4
