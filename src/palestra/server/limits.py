"""How much one voter, and one address, may do in a minute."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NoReturn

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from palestra.server.problems import Problem

if TYPE_CHECKING:
    from palestra.config.schema import Serve

PER_ADDRESS = 20
"""An address may do so many times what a voter may: a class or an office shares one."""
_SIGN_IN, _SIGN_INS = "sign-in", 10


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

    async def battle(self, voter: str, address: str, n_models: int = 2) -> None:
        """Count a battle, a turn, or another attempt at one: whatever asks models. More than two models count
        as several battles, though never as more than a minute's.

        Raises:
            Problem: there were too many.
        """
        cost = min(math.ceil(n_models / 2), max(self._battles, 1))
        await self._count("battle", self._battles, voter, address, cost)

    async def sign_in(self, address: str) -> None:
        """Count an attempt to sign in.

        Raises:
            Problem: there were too many.
        """
        await self._hit(_SIGN_IN, _SIGN_INS, address)

    async def may_try_keys(self, address: str) -> None:
        """See whether a key from there is looked at: after too many wrong ones, no right one is known.

        Raises:
            Problem: there were too many.
        """
        item = RateLimitItemPerMinute(_SIGN_INS)
        if not await self._limiter.test(item, _SIGN_IN, address):
            await self._refuse(item, _SIGN_IN, address)

    async def _count(self, what: str, most: int, voter: str, address: str, cost: int = 1) -> None:
        if most:
            await self._hit(f"{what}-voter", most, voter, cost)
            await self._hit(f"{what}-address", most * PER_ADDRESS, address, cost)

    async def _hit(self, what: str, most: int, who: str, cost: int = 1) -> None:
        item = RateLimitItemPerMinute(most)
        if not await self._limiter.hit(item, what, who, cost=cost):
            await self._refuse(item, what, who)

    async def _refuse(self, item: RateLimitItem, what: str, who: str) -> NoReturn:
        stats = await self._limiter.get_window_stats(item, what, who)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        raise Problem(
            429,
            f"That was too much at once; try again in {wait} s.",
            code="limit",
            headers={"Retry-After": str(wait)},
        )
