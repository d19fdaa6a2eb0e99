"""One kept-alive HTTP connection that does no more than a load generator needs.

A client library would cost the generator more than the server spends on the request.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Self

LAST_CHUNK = b"0\r\n\r\n"


@dataclass(slots=True)
class Reply:
    """What came back."""

    status: int
    head: bytes
    body: bytes
    """With the frames of its chunks, if it came in chunks."""
    marked: float | None = None
    """When the mark that was looked for came; on `time.perf_counter`."""


@dataclass(slots=True)
class _Coming:
    """A reply that is not whole yet."""

    done: asyncio.Future[Reply]
    mark: bytes
    head: bytes = b""
    size: int | None = None
    """Of the body; None: it comes in chunks."""
    got: int = 0
    pieces: list[bytes] = field(default_factory=list)
    marked: float | None = None


class Wire(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, host: str) -> None:
        self._host = host.encode()
        self._transport: asyncio.Transport | None = None
        self._coming: _Coming | None = None
        self.cookie = b""
        self.headers = b""
        """Further header lines of each request, each with its line end."""

    @classmethod
    async def to(cls, host: str, port: int) -> Self:
        """A connection to a server."""
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(lambda: cls(f"{host}:{port}"), host, port)
        return wire

    async def get(self, path: str, mark: bytes = b"") -> Reply:
        """Ask for something; `mark`: bytes of the body whose coming is timed."""
        return await self._ask(b"GET %s HTTP/1.1\r\n" % path.encode(), b"", mark)

    async def post(self, path: str, body: bytes) -> Reply:
        """Send JSON."""
        line = b"POST %s HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
        return await self._ask(line % (path.encode(), len(body)), body, b"")

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    async def _ask(self, line: bytes, body: bytes, mark: bytes) -> Reply:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the server closed the connection")
        cookie = b"Cookie: %s\r\n" % self.cookie if self.cookie else b""
        self._coming = coming = _Coming(asyncio.get_running_loop().create_future(), mark)
        self._transport.write(b"%sHost: %s\r\n%s%s\r\n%s" % (line, self._host, cookie, self.headers, body))
        return await coming.done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        coming, self._coming = self._coming, None
        if coming is not None and not coming.done.done():
            coming.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        coming = self._coming
        if coming is None:
            return
        if not coming.head:
            coming.head, data = _split(b"".join([*coming.pieces, data]))
            coming.pieces.clear()
            coming.got = 0
            if coming.head:
                coming.size = _size(coming.head)
        coming.pieces.append(data)
        coming.got += len(data)
        if not coming.head:
            return
        if coming.mark and coming.marked is None and coming.mark in data:
            coming.marked = time.perf_counter()
        if coming.got == coming.size or (coming.size is None and _is_last(coming.pieces)):
            self._coming = None
            status = int(coming.head[9:12])
            if not coming.done.done():
                coming.done.set_result(Reply(status, coming.head, b"".join(coming.pieces), coming.marked))


def _split(data: bytes) -> tuple[bytes, bytes]:
    head, found, rest = data.partition(b"\r\n\r\n")
    return (head, rest) if found else (b"", data)


def _size(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return None


def _is_last(pieces: list[bytes]) -> bool:
    """Whether the chunk that ends a body is there; it may come in pieces."""
    end = pieces[-1]
    if len(end) < len(LAST_CHUNK):
        end = b"".join(pieces[-len(LAST_CHUNK) :])
    return end.endswith(LAST_CHUNK) and (len(end) == len(LAST_CHUNK) or end[-7:-5] == b"\r\n")
