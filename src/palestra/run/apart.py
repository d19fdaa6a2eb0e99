"""A loop of one's own, for callers that are no coroutines: scripts, and notebooks with a loop already."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

Result = TypeVar("Result")


class Apart:
    """Runs a coroutine in a thread. The first Ctrl-C calls `stop` and waits, the second cancels it."""

    def __init__(self) -> None:
        self.stop: Callable[[], None] | None = None
        """To be set by the coroutine as soon as there is something to stop; called in its loop."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def run(self, work: Callable[[Apart], Coroutine[Any, Any, Result]]) -> Result:
        """What `work(self)` comes to.

        Raises:
            KeyboardInterrupt: after Ctrl-C, as soon as the work has ended.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="palestra") as pool:
            done = pool.submit(lambda: asyncio.run(self._noted(work)))
            try:
                return done.result()
            except KeyboardInterrupt:
                self._call(self.stop)
                with suppress(asyncio.CancelledError):
                    self._wait(done.exception)
                raise

    async def _noted(self, work: Callable[[Apart], Coroutine[Any, Any, Result]]) -> Result:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        return await work(self)

    def _wait(self, wait: Callable[[], object]) -> None:
        try:
            wait()
        except KeyboardInterrupt:
            if self._task is not None:
                self._call(self._task.cancel)
            wait()

    def _call(self, what: Callable[[], object] | None) -> None:
        if what is not None and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(what)
