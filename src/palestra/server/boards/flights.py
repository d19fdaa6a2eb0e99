"""Work that is done once for all who ask for it at the same time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

Found = TypeVar("Found")


class Flights(Generic[Found]):
    """Whoever asks while the same work is under way waits for the next round, together with all others who
    do: so nobody is given what was begun before the question, and no work is done twice at once.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[Found]] = {}
        self._waiting: dict[Hashable, asyncio.Task[Found]] = {}

    async def do(self, key: Hashable, work: Callable[[], Awaitable[Found]]) -> Found:
        """What `work` finds."""
        task = self._waiting.get(key)
        if task is None:
            before = self._running.get(key)
            if before is None:
                task = self._begin(key, work)
            else:
                task = asyncio.create_task(self._after(before, key, work))
                self._waiting[key] = task
        return await asyncio.shield(task)

    def _begin(self, key: Hashable, work: Callable[[], Awaitable[Found]]) -> asyncio.Task[Found]:
        async def run() -> Found:
            try:
                return await work()
            finally:
                if self._running.get(key) is asyncio.current_task():
                    del self._running[key]

        task = asyncio.create_task(run())
        self._running[key] = task
        task.add_done_callback(_seen)
        return task

    async def _after(
        self, before: asyncio.Task[Found], key: Hashable, work: Callable[[], Awaitable[Found]]
    ) -> Found:
        await asyncio.wait([before])
        self._waiting.pop(key, None)
        return await self._begin(key, work)


def _seen(task: asyncio.Task[Found]) -> None:
    """Errors are for those who wait; if nobody does any more, there is nothing to be said."""
    if not task.cancelled():
        task.exception()
