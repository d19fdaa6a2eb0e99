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

    async def call(self, ask: Callable[[], Awaitable[T]], *, urgent: bool = False) -> T:
        """Make a call when it is its turn: urgent ones first, then in order of arrival."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._line.put_nowait(_Waiting(not urgent, next(self._numbers), ask, done))
        return await done

    async def work(self) -> None:
        """One slot; runs until it is cancelled. What a call raises goes to whoever waits for it."""
        while True:
            waiting = await self._line.get()
            done = waiting.done
            if done.cancelled():
                continue
            try:
                result = await waiting.ask()
            except Exception as error:  # noqa: BLE001 - handed on, not hidden
                if not done.cancelled():
                    done.set_exception(error)
            else:
                if not done.cancelled():
                    done.set_result(result)


class _Waiting(NamedTuple):
    """A call in line; the first two fields are its place."""

    later: bool
    number: int
    ask: Callable[[], Awaitable[Any]]
    done: asyncio.Future[Any]
