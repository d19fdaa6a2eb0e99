"""Requests on the wire: heads have an end, bodies may be long, connections are used again."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from tests.support import ports

from palestra.server.http import MOST_HEAD, BoundedHttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def counting(scope: Any, receive: Any, send: Any) -> None:
    """An application that says how many bytes it was sent."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected() -> AsyncIterator[Connection]:
    sock = ports.bound_socket()
    config = uvicorn.Config(counting, http=BoundedHttp, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection(*sock.getsockname())
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await serving


async def reply(connection: Connection, *pieces: bytes) -> tuple[bytes, bytes]:
    """The status line and the body that come for these pieces."""
    reader, writer = connection
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head.split(b"\r\n")[0], await reader.readexactly(size)


async def test_bodies_may_be_longer_than_heads_and_connections_are_used_again() -> None:
    size = 4 * MOST_HEAD
    line = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    half = b"x" * (size // 2)
    async with connected() as connection:
        for _ in range(3):
            assert await reply(connection, line, half, half) == (b"HTTP/1.1 200 OK", str(size).encode())


async def test_a_long_head_is_taken() -> None:
    async with connected() as connection:
        head = b"GET / HTTP/1.1\r\nHost: x\r\nX: %s\r\n" % (b"x" * (MOST_HEAD // 2))
        assert await reply(connection, head, b"\r\n") == (b"HTTP/1.1 200 OK", b"0")


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\nX: "], ids=["address", "header"])
async def test_a_head_without_end_is_refused(start: bytes) -> None:
    async with connected() as connection:
        status, _ = await reply(connection, start, b"x" * (MOST_HEAD + 1), b"x", b"x")
        assert status == b"HTTP/1.1 400 Bad Request"
        assert await connection[0].read() == b""


async def test_the_next_head_on_a_connection_is_bounded_too() -> None:
    async with connected() as connection:
        assert (await reply(connection, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == b"HTTP/1.1 200 OK"
        status, _ = await reply(connection, b"GET / HTTP/1.1\r\nX: ", b"x" * (MOST_HEAD + 1), b"x")
        assert status == b"HTTP/1.1 400 Bad Request"
