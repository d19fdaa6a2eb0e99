"""A wire in between that keeps every byte that a server sends."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support import ports

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tee:
    """Passes connections on; `sent` is what came back over all of them."""

    def __init__(self, upstream: str) -> None:
        address = urlsplit(upstream)
        self._place = address.hostname or "", address.port or 80
        self.sent = bytearray()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._place)
        try:
            await asyncio.gather(
                _pass_on(reader, up_writer, bytearray()), _pass_on(up_reader, writer, self.sent)
            )
        except ConnectionError:
            pass
        finally:
            writer.close()
            up_writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    while data := await reader.read(65536):
        kept += data
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


@contextmanager
def tee(upstream: str) -> Iterator[tuple[str, Tee]]:
    """The address to use in place of `upstream`, and the recording."""
    wire, sock, stop = Tee(upstream), ports.bound_socket(), threading.Event()

    async def run() -> None:
        server = await asyncio.start_server(wire.handle, sock=sock)
        while not stop.is_set():
            await asyncio.sleep(0.01)
        server.close()
        pending = asyncio.all_tasks() - {asyncio.current_task()}
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="tee", daemon=True)
    sock.listen(100)
    thread.start()
    try:
        yield ports.url_of(sock), wire
    finally:
        stop.set()
        thread.join(10)
