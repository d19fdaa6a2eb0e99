"""Telling any number of waiting tasks that something changed."""

from __future__ import annotations

import asyncio


class Signal:
    """A counter that can be waited for. Everything happens in one event loop.

    Whoever waits names the count that it has seen, so no change is missed between two waits, and many
    changes meanwhile are one.
    """

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def send(self) -> None:
        """Count up and wake all who wait."""
        self.count += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            _wake(future)

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until it is sent, if that comes first."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, future)
        self._waiting.add(future)
        try:
            await future
        finally:
            timer.cancel()
            self._waiting.discard(future)

    async def wait(self, seen: int) -> int:
        """The count, as soon as it is not `seen`."""
        while self.count == seen:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await future
            finally:
                self._waiting.discard(future)
        return self.count


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
