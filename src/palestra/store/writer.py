"""Writing from an event loop: what arrives in one turn of the loop shares a transaction."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from palestra.errors import StoreError

if TYPE_CHECKING:
    from palestra.records.response import Response
    from palestra.records.verdict import Verdict
    from palestra.store.database import Database


class Writer:
    """Commits records at the end of the loop's turn in which they arrive.

    The commit holds the loop for a fraction of a millisecond. A thread would not, but thread and loop
    would wait for each other's interpreter lock far longer. A record handed over is written even if
    whoever waits for it is cancelled.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._arrived: list[Response | Verdict] = []
        self._written: asyncio.Future[None] | None = None

    def hand_over(self, record: Response | Verdict) -> asyncio.Future[None]:
        """Have `record` written; the future is done when it is committed, or holds a `StoreError`."""
        self._arrived.append(record)
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            loop.call_soon(self.flush)
        return self._written

    def flush(self) -> None:
        """Commit what has arrived."""
        records, self._arrived = self._arrived, []
        written, self._written = self._written, None
        if written is None:
            return
        try:
            self._database.put(records)
        except StoreError as error:
            written.set_exception(error)
        else:
            written.set_result(None)
