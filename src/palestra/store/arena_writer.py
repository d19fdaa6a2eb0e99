"""Writing from an event loop without holding it: what arrives together shares a transaction, in a thread."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from palestra.errors import PalestraError, StoreError
from palestra.store.database import StoreBusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from palestra.store.database import Database

T = TypeVar("T")

_AT_ONCE = 200
_RETRY_SECONDS = 0.02
_PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class _Job:
    work: Callable[[sa.Connection], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        """In the loop: tell whoever waits."""
        if self.done.done():
            return
        if self.error is None:
            self.done.set_result(self.result)
        else:
            self.done.set_exception(self.error)
            self.done.exception()  # not everyone who asked is still there to take it


class GroupWriter:
    """Runs pieces of work in transactions of a thread of its own, in the order in which they arrive.

    A piece of work is acknowledged when it is committed, so nothing acknowledged is lost. Pieces that wait
    while a transaction is committed share the next one. If one of them fails they are all done again, each on
    a savepoint, so that it does not take the others with it. So a piece may run more than once, until its
    transaction succeeds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="palestra-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do `work` in a transaction; returns what it returns, once that is committed. It is done even if
        whoever waits is cancelled.

        Raises:
            StoreError: the database cannot be written.
            PalestraError: whatever `work` raises; then nothing of it is kept.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, loop, done))
        return await done

    def close(self) -> None:
        """Finish what has arrived, and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch = [self._jobs.get()]
            while len(batch) < _AT_ONCE:
                try:
                    batch.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
            going_on = None not in batch
            jobs = [job for job in batch if job is not None]
            if jobs:
                self._commit(jobs)
                _tell(jobs)

    def _commit(self, jobs: Sequence[_Job]) -> None:
        """Do them in one transaction, if need be with savepoints, and if even that fails in one each."""
        if self._transact(jobs, _do) is None:
            return
        failure = self._transact(jobs, _attempt)
        if failure is not None and len(jobs) == 1:
            jobs[0].error = failure
        elif failure is not None:
            for job in jobs:
                self._commit([job])

    def _transact(self, jobs: Sequence[_Job], do: Callable[[_Job, sa.Connection], None]) -> Exception | None:
        """One transaction, again while another process writes; returns what went wrong."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                with self._database.writing() as connection:
                    for job in jobs:
                        do(job, connection)
            except StoreBusyError as error:
                if time.monotonic() > deadline:
                    return error
                time.sleep(_RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of it
                return error
            else:
                return None


def _do(job: _Job, connection: sa.Connection) -> None:
    """Do one piece of work as it comes."""
    job.error = None
    job.result = job.work(connection)


def _attempt(job: _Job, connection: sa.Connection) -> None:
    """Do one piece of work on a savepoint."""
    job.result = job.error = None
    try:
        with connection.begin_nested():
            job.result = job.work(connection)
    except PalestraError as error:
        job.error = error
    except (sa.exc.IntegrityError, sa.exc.DataError) as error:
        job.error = StoreError(f"cannot write the database: {error.orig}")


def _tell(jobs: Sequence[_Job]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, some in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, some)


def _settle(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        job.settle()
