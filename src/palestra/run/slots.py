"""A fixed number of calls at once."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class Slots:
    """Calls wait in line; `work` makes them one after another, and runs as often as there are slots.

    A slot goes from one call to the next without a turn of the event loop in between, so a connection
    is not left idle while another call waits for one.
    """

    def __init__(self) -> None:
        self._line: asyncio.PriorityQueue[_Waiting] = asyncio.PriorityQueue()
        self._numbers = count()
        self._closed = False

    async def call(self, ask: Callable[[], Awaitable[T]], *, urgent: bool = False) -> T:
        """Make a call when it is its turn: urgent ones first, then in order of arrival."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._line.put_nowait(_Waiting(not urgent, next(self._numbers), ask, done))
        return await done

    def close(self, n_slots: int) -> None:
        """Let each slot finish the call it is at, and then end."""
        self._closed = True
        for _ in range(n_slots):
            self._line.put_nowait(_Waiting(False, -1 - next(self._numbers), None, None))

    async def work(self) -> None:
        """One slot; runs until `close`, or until it is cancelled. What a call raises goes to whoever
        waits for it.
        """
        while not self._closed:
            waiting = await self._line.get()
            ask, done = waiting.ask, waiting.done
            if ask is None or done is None or done.cancelled():
                continue
            try:
                result = await ask()
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                _tell(done, RuntimeError("a call was cancelled from within"))
            except Exception as error:  # noqa: BLE001 - handed on, not hidden
                _tell(done, error)
            else:
                if not done.cancelled():
                    done.set_result(result)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _tell(done: asyncio.Future[Any], error: Exception) -> None:
    if not done.cancelled():
        done.set_exception(error)


class _Waiting(NamedTuple):
    """A call in line; the first two fields are its place."""

    later: bool
    number: int
    ask: Callable[[], Awaitable[Any]] | None
    done: asyncio.Future[Any] | None
