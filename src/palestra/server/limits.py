"""How much one voter, and one address, may do in a minute."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from palestra.server.problems import Problem

if TYPE_CHECKING:
    from palestra.config.schema import Serve

PER_ADDRESS = 20
"""An address may do so many times what a voter may: a class or an office shares one."""
_SIGN_INS = 10


class Limits:
    """Counts in memory, by the minute. Each server process counts for itself."""

    def __init__(self, serve: Serve) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._votes = serve.votes_per_minute
        self._battles = serve.battles_per_minute

    async def vote(self, voter: str, address: str) -> None:
        """Count a vote.

        Raises:
            Problem: there were too many.
        """
        await self._count("vote", self._votes, voter, address)

    async def battle(self, voter: str, address: str) -> None:
        """Count a battle, a turn, or another attempt at one: whatever asks models.

        Raises:
            Problem: there were too many.
        """
        await self._count("battle", self._battles, voter, address)

    async def sign_in(self, address: str) -> None:
        """Count an attempt to sign in.

        Raises:
            Problem: there were too many.
        """
        await self._hit("sign-in", _SIGN_INS, address)

    async def _count(self, what: str, most: int, voter: str, address: str) -> None:
        if most:
            await self._hit(f"{what}-voter", most, voter)
            await self._hit(f"{what}-address", most * PER_ADDRESS, address)

    async def _hit(self, what: str, most: int, who: str) -> None:
        item = RateLimitItemPerMinute(most)
        if await self._limiter.hit(item, what, who):
            return
        stats = await self._limiter.get_window_stats(item, what, who)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        raise Problem(
            429,
            f"That was too much at once; try again in {wait} s.",
            code="limit",
            headers={"Retry-After": str(wait)},
        )
