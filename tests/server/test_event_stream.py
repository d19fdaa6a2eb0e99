"""Streams of events come to an end, whoever ends them, and notice who is gone."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from palestra.server import event_stream
from palestra.server.event_stream import PER_VOTER, EventStream, Streams, Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

Message = dict[str, Any]

PATIENCE = event_stream.PING_SECONDS * 0.6
"""Seconds within which a stream must do what it is told: a ping would wake it, too."""


class Page:
    """Who asked: keeps what is sent, and may leave or take nothing more."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.left = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        await self.takes.wait()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def ended(self) -> bool:
        last = self.sent[-1]
        return last["type"] == "http.response.body" and not last.get("more_body", False)


class Source:
    """Events that a test puts in; notes whether they were closed."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = False

    async def events(self) -> AsyncGenerator[bytes, None]:
        try:
            while (event := await self.queue.get()) is not None:
                yield event
        finally:
            self.closed = True


@asynccontextmanager
async def streaming(
    page: Page, source: Source, streams: Streams, method: str = "GET", visitor: Visitor | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    reply = EventStream(source.events(), streams, visitor=visitor)
    task = asyncio.create_task(reply({"type": "http", "method": method}, page.receive, page.send))
    await asyncio.sleep(0.01)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_events_come_as_they_are_until_there_are_no_more() -> None:
    page, source, streams = Page(), Source(), Streams()
    for event in (b"event: a\n\n", b"event: b\n\n", None):
        source.queue.put_nowait(event)
    async with streaming(page, source, streams) as task:
        await asyncio.wait_for(task, PATIENCE)
    assert page.body == b"event: a\n\nevent: b\n\n"
    assert page.ended
    assert source.closed
    headers = dict(page.sent[0]["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert streams.open == 0


async def test_when_the_page_is_closed_the_events_are_too() -> None:
    page, source, streams = Page(), Source(), Streams()
    async with streaming(page, source, streams) as task:
        assert streams.open == 1
        page.left.set()
        await asyncio.wait_for(task, PATIENCE)
    assert source.closed
    assert streams.open == 0


async def test_when_the_server_ends_the_streams_end_in_order() -> None:
    page, source, streams = Page(), Source(), Streams()
    async with streaming(page, source, streams) as task:
        source.queue.put_nowait(b"event: a\n\n")
        async with asyncio.timeout(PATIENCE):
            while not page.body:
                await asyncio.sleep(0.01)
        streams.close()
        await asyncio.wait_for(task, PATIENCE)
    assert page.body == b"event: a\n\n"
    assert page.ended
    assert source.closed


async def test_a_quiet_stream_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "PING_SECONDS", 0.02)
    page, source = Page(), Source()
    async with streaming(page, source, Streams()):
        async with asyncio.timeout(PATIENCE):
            while not page.body.startswith(b": ping\n\n: ping\n\n"):
                await asyncio.sleep(0.01)
            source.queue.put_nowait(b"event: a\n\n")
            while b"event: a\n\n" not in page.body:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("first", [b"event: a\n\n", None], ids=["an event", "a ping"])
async def test_who_takes_nothing_for_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch, first: bytes | None
) -> None:
    monkeypatch.setattr(event_stream, "PING_SECONDS", 0.02)
    monkeypatch.setattr(event_stream, "SEND_SECONDS", 0.1)
    page, source, streams = Page(), Source(), Streams()
    async with streaming(page, source, streams) as task:
        page.takes.clear()
        if first is not None:
            source.queue.put_nowait(first)
        await asyncio.wait([task], timeout=PATIENCE)
        assert task.done()
        assert task.exception() is None
    assert source.closed
    assert streams.open == 0


async def test_an_error_among_the_events_is_not_swallowed() -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"event: a\n\n"
        raise ValueError("broken")

    page = Page()
    reply = EventStream(broken(), Streams())
    with pytest.raises(ValueError, match="broken"):
        await reply({"type": "http", "method": "GET"}, page.receive, page.send)


async def test_who_asks_for_the_head_gets_the_head() -> None:
    page, source = Page(), Source()
    async with streaming(page, source, Streams(), method="HEAD") as task:
        await asyncio.wait_for(task, PATIENCE)
    assert page.body == b""
    assert page.ended


async def test_too_many_streams_of_a_voter_end_the_oldest() -> None:
    pages, streams = [Page() for _ in range(PER_VOTER + 2)], Streams(limited=True)
    visitors = [Visitor("other", "10.0.0.1"), *([Visitor("one", "10.0.0.1")] * (PER_VOTER + 1))]
    async with AsyncExitStack() as stack:
        for page, visitor in zip(pages, visitors, strict=True):
            await stack.enter_async_context(streaming(page, Source(), streams, visitor=visitor))
        await asyncio.sleep(0.02)
        assert [page.ended for page in pages] == [False, True, *([False] * PER_VOTER)]
        assert pages[1].body == b"event: end\ndata: {}\n\n"
        assert streams.open == PER_VOTER + 1
