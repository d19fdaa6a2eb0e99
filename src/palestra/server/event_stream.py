"""Server-sent events of battles. Hundreds of these streams are open at once, each with many events a second,
so they are sent with as little in between as can be.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from starlette.types import Receive, Scope, Send

PING_SECONDS = 15.0
SEND_SECONDS = 30.0
"""A visitor who takes nothing for so long is gone."""
_PING = b": ping\n\n"


_END = b"event: end\ndata: {}\n\n"

PER_VOTER, PER_ADDRESS = 8, 200
"""Streams that may be open at once; more, and the oldest is ended."""


class Visitor(NamedTuple):
    """Whose a stream is."""

    voter: str | None
    address: str


class Streams:
    """The streams that are open."""

    def __init__(self, *, limited: bool = False) -> None:
        """`limited`: whether one visitor may have only so many."""
        self._limited = limited
        self._places: dict[tuple[int, str], list[Callable[[], None]]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._sending)

    def add(self, sending: asyncio.Task[None]) -> None:
        """Count a stream, until it ends."""
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    @contextmanager
    def place(self, visitor: Visitor | None, end: Callable[[], None]) -> Iterator[None]:
        """Count a stream among those of its visitor. `end` is called when there are too many newer ones."""
        if visitor is None or not self._limited:
            yield
            return
        owners = [(PER_ADDRESS, visitor.address)]
        if visitor.voter is not None:
            owners.append((PER_VOTER, visitor.voter))
        for owner in owners:
            self._places.setdefault(owner, []).append(end)
            if len(self._places[owner]) > owner[0]:
                self._places[owner].pop(0)()
        try:
            yield
        finally:
            for owner in owners:
                ends = self._places.get(owner, [])
                if end in ends:  # and not displaced already
                    ends.remove(end)
                if not ends:
                    self._places.pop(owner, None)

    def close(self) -> None:
        """End them all, in order: a page that is still there asks again."""
        for sending in self._sending:
            sending.cancel()


class EventStream(Response):
    """A reply of events that come as bytes, each whole, several in one piece if they come together."""

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncGenerator[bytes, None],
        streams: Streams,
        status_code: int = 200,
        visitor: Visitor | None = None,
    ) -> None:
        self.status_code = status_code
        self.background = None
        self._events = events
        self._streams = streams
        self._visitor = visitor
        self._blocked_since: float | None = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until there are no more, the visitor leaves, or all streams are closed."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD" and not await self._stream(receive, send):
            return
        await send({"type": "http.response.body", "body": b""})

    async def _stream(self, receive: Receive, send: Send) -> bool:
        """Whether the visitor is still there at the end."""
        sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(_left(receive))
        self._streams.add(sending)
        both = sending, leaving
        displaced = False

        def end() -> None:
            nonlocal displaced
            displaced = True
            sending.cancel()

        try:
            with self._streams.place(self._visitor, end):
                while not sending.done() and not leaving.done() and not self._is_stuck():
                    await asyncio.wait(both, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                    if not sending.done() and not leaving.done() and self._blocked_since is None:
                        await self._say(send, _PING)
            stays = sending.done()
        finally:
            for task in both:
                task.cancel()
            await asyncio.wait(both)
        if not sending.cancelled():
            sending.result()
        elif displaced and stays:
            await self._say(send, _END)
        return stays

    async def _send_all(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        async with aclosing(self._events) as events:
            async for event in events:
                self._blocked_since = loop.time()
                await send({"type": "http.response.body", "body": event, "more_body": True})
                self._blocked_since = None

    async def _say(self, send: Send, event: bytes) -> None:
        self._blocked_since = asyncio.get_running_loop().time()
        with suppress(TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": event, "more_body": True})
                self._blocked_since = None

    def _is_stuck(self) -> bool:
        since = self._blocked_since
        return since is not None and asyncio.get_running_loop().time() - since > SEND_SECONDS


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
