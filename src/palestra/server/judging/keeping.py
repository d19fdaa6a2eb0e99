"""Verdicts to the store without holding the event loop."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from palestra.records.response import Response
from palestra.records.verdict import Verdict
from palestra.store.database import StoreBusyError
from palestra.store.writer import Writer

if TYPE_CHECKING:
    from palestra.store.database import Database

Row = TypeVar("Row", Response, Verdict)
_PATIENCE_SECONDS = 30.0
_RETRY_SECONDS = 0.05


class ThreadWriter(Writer):
    """A `Writer` that writes each record in a thread: in a server, a commit must not hold the loop."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._to = database

    def hand_over(self, record: Row) -> asyncio.Future[Row]:
        """Have `record` written; the future holds what is stored under its key."""
        return asyncio.ensure_future(asyncio.to_thread(self._put, record))

    def _put(self, record: Row) -> Row:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                stored = self._to.put([record]).get(record.key, record)
            except StoreBusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                assert isinstance(stored, type(record))
                return stored
