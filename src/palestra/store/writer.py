"""Writing from an event loop: what arrives in one turn of the loop shares a transaction."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from palestra.errors import StoreError
from palestra.store.database import StoreBusyError

if TYPE_CHECKING:
    from palestra.records.response import Response
    from palestra.records.verdict import Verdict
    from palestra.store.database import Database

Row = TypeVar("Row", "Response", "Verdict")

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
        self._arrived: list[tuple[Response | Verdict, asyncio.Future[Any]]] = []
        self._busy_since: float | None = None

    def hand_over(self, record: Row) -> asyncio.Future[Row]:
        """Have `record` written. When it is committed, the future holds what is stored under its key:
        the record, or what another process had stored before; if it cannot be written, the error.
        """
        loop = asyncio.get_running_loop()
        if not self._arrived:
            loop.call_soon(self.flush)
        written: asyncio.Future[Row] = loop.create_future()
        self._arrived.append((record, written))
        return written

    def flush(self, *, last: bool = False) -> None:
        """Commit what has arrived. While another process writes, try again later; `last`: wait for it."""
        if not self._arrived:
            return
        try:
            stored = self._database.put(record for record, _ in self._arrived)
        except StoreBusyError as error:
            if self._has_patience():
                if last:
                    time.sleep(_RETRY_SECONDS)
                    self.flush(last=True)
                else:
                    asyncio.get_running_loop().call_later(_RETRY_SECONDS, self.flush)
                return
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of it
            self._one_by_one()
            self._fail(error)
        else:
            for record, written in self._settled():
                if not written.done():
                    written.set_result(stored.get(record.key, record))

    def _has_patience(self) -> bool:
        now = time.monotonic()
        self._busy_since = now if self._busy_since is None else self._busy_since
        return now - self._busy_since < _PATIENCE_SECONDS

    def _settled(self) -> list[tuple[Response | Verdict, asyncio.Future[Any]]]:
        arrived, self._arrived, self._busy_since = self._arrived, [], None
        return arrived

    def _one_by_one(self) -> None:
        """Keep the records that can be kept when not all of them can."""
        for record, _ in self._arrived:
            with suppress(StoreError):
                self._database.put([record])

    def _fail(self, error: Exception) -> None:
        for _, written in self._settled():
            if not written.done():
                written.set_exception(error)
                written.exception()  # not everyone who handed over is still there to take it
