"""Writing from an event loop: what arrives in one turn of the loop shares a transaction."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from palestra.errors import StoreError
from palestra.store.database import StoreBusyError

if TYPE_CHECKING:
    from palestra.records.response import Response
    from palestra.records.verdict import Verdict
    from palestra.store.database import Database

    Stored = dict[str, Response | Verdict]

_RETRY_SECONDS = 0.1
_PATIENCE_SECONDS = 30.0


class Writer:
    """Commits records at the end of the loop's turn in which they arrive.

    The commit holds the loop for a fraction of a millisecond. A thread would not, but thread and loop
    would wait for each other's interpreter lock far longer. A record handed over is written even if
    whoever waits for it is cancelled.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._arrived: dict[str, Response | Verdict] = {}
        self._written: asyncio.Future[Stored] | None = None
        self._busy_since: float | None = None

    def hand_over(self, record: Response | Verdict) -> asyncio.Future[Stored]:
        """Have `record` written. When it is committed, the future holds what another process had stored
        before under the same keys; if it cannot be, the error.
        """
        self._arrived[record.key] = record
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            self._written.add_done_callback(_noticed)
            loop.call_soon(self.flush)
        return self._written

    def flush(self, *, last: bool = False) -> None:
        """Commit what has arrived. While another process writes, try again later; `last`: wait for it."""
        if self._written is None:
            return
        try:
            stored = self._database.put(self._arrived.values())
        except StoreBusyError as error:
            if self._has_patience():
                if last:
                    time.sleep(_RETRY_SECONDS)
                    self.flush(last=True)
                else:
                    asyncio.get_running_loop().call_later(_RETRY_SECONDS, self.flush)
                return
            self._settled().set_exception(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of it
            self._one_by_one()
            self._settled().set_exception(error)
        else:
            self._settled().set_result(stored)

    def _has_patience(self) -> bool:
        now = time.monotonic()
        self._busy_since = now if self._busy_since is None else self._busy_since
        return now - self._busy_since < _PATIENCE_SECONDS

    def _settled(self) -> asyncio.Future[Stored]:
        written = self._written
        assert written is not None
        self._written, self._busy_since, self._arrived = None, None, {}
        return written

    def _one_by_one(self) -> None:
        """Keep the records that can be kept when not all of them can."""
        for record in self._arrived.values():
            with suppress(StoreError):
                self._database.put([record])


def _noticed(written: asyncio.Future[Stored]) -> None:
    """Not everyone who handed over is still there to take an error."""
    if not written.cancelled():
        written.exception()
