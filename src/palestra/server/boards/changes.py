"""Tells who listens that the main board changed, at most once a second, whichever process took the vote."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from palestra.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import anyio

State = dict[str, int]

_LOG = logging.getLogger("palestra.server")
_SECONDS = 1.0


class Changes:
    """Looks at the database once a second, as long as anybody listens."""

    def __init__(self, look: Callable[[], State], seconds: float = _SECONDS) -> None:
        """`look` is called in a thread; what it returns is told when it is another than before."""
        self._look, self._seconds = look, seconds
        self._listeners: set[asyncio.Queue[State]] = set()
        self._last: State | None = None
        self._watching: asyncio.Task[None] | None = None

    async def listen(self, stopping: anyio.Event) -> AsyncIterator[State]:
        """The state now, and then each time it is another, until `stopping` is set. A slow listener misses
        what is out of date.
        """
        queue: asyncio.Queue[State] = asyncio.Queue(1)
        self._listeners.add(queue)
        if self._watching is None:
            self._last = None
            self._watching = asyncio.create_task(self._watch())
        elif self._last is not None:
            queue.put_nowait(self._last)
        stop = asyncio.create_task(stopping.wait())
        try:
            while not stop.done():
                state = asyncio.create_task(queue.get())
                try:
                    await asyncio.wait([state, stop], return_when=asyncio.FIRST_COMPLETED)
                    if state.done():
                        yield state.result()
                finally:
                    state.cancel()  # a listener may leave at any time
        finally:
            stop.cancel()
            self._listeners.discard(queue)

    async def aclose(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None

    async def _watch(self) -> None:
        try:
            while self._listeners:
                await self._look_once()
                await asyncio.sleep(self._seconds)
        finally:
            self._watching = None

    async def _look_once(self) -> None:
        try:
            state = await asyncio.to_thread(self._look)
        except StoreError as error:
            _LOG.warning("the leaderboard cannot be looked at: %s", error)
            return
        if state != self._last:
            self._last = state
            self._tell(state)

    def _tell(self, state: State) -> None:
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(state)
