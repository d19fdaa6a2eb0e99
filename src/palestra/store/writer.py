"""Writing from an event loop without blocking it, and without waiting for the next row to come."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import TYPE_CHECKING

from palestra.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.records.response import Response
    from palestra.records.verdict import Verdict
    from palestra.store.database import Database

_ROWS_PER_TRANSACTION = 256


class Writer:
    """A thread that commits each record as soon as it arrives.

    Records that arrive while a commit is under way share the next one. A record handed over is written
    even if whoever waits for it is cancelled.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.SimpleQueue[tuple[Response | Verdict, asyncio.Future[None]] | None] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self._work, name="palestra-writer", daemon=True)
        self._thread.start()

    async def put(self, record: Response | Verdict) -> None:
        """Write `record`; returns when it is committed.

        Raises:
            StoreError: the database cannot be written.
        """
        done = asyncio.get_running_loop().create_future()
        self._queue.put((record, done))
        await asyncio.shield(done)

    def close(self) -> None:
        """Write what is left, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        more = True
        while more:
            batch, more = self._next_batch()
            if not batch:
                continue
            try:
                self._database.put(record for record, _ in batch)
            except StoreError as error:
                _settle([done for _, done in batch], lambda done, error=error: done.set_exception(error))  # type: ignore[misc]
            else:
                _settle([done for _, done in batch], lambda done: done.set_result(None))

    def _next_batch(self) -> tuple[list[tuple[Response | Verdict, asyncio.Future[None]]], bool]:
        batch = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) >= _ROWS_PER_TRANSACTION:
                return batch, True
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False


def _settle(waiting: list[asyncio.Future[None]], settle: Callable[[asyncio.Future[None]], None]) -> None:
    """Tell every waiter, in one step of its event loop; a closed loop has no waiters left."""

    def tell() -> None:
        for done in waiting:
            if not done.done():
                settle(done)

    loop = waiting[0].get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(tell)
