"""A small HTTP/1.1 server whose handlers hold the connection, so that they can also break it.

It reads requests with a Content-Length (all that the providers' clients send) and keeps connections alive.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.support import ports
from tests.support.require import ROOT

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    Handler = Callable[["Request", "Connection"], Awaitable[None]]

LARGEST_HEAD = 1 << 20


@dataclass(frozen=True)
class Request:
    """A request as it came in; header names are in lower case."""

    method: str
    target: str
    head: bytes
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def is_last(self) -> bool:
        """Whether the client wants the connection closed after the reply."""
        return self.headers.get("connection", "").lower() == "close"

    @property
    def hash(self) -> str:
        """SHA-256 over the path and the body as canonical JSON: the same for the same question."""
        return request_hash(self.path, self.body)


def request_hash(path: str, body: bytes) -> str:
    """SHA-256 in hex over a path and a body; of a JSON body neither spaces nor the order of keys count."""
    try:
        canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except ValueError:
        canonical = body
    return hashlib.sha256(path.encode() + b"\n" + canonical).hexdigest()


class Connection:
    """The client's end of one request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_last: bool) -> None:
        self._reader = reader
        self._writer = writer
        self._common = {"Connection": "close"} if is_last else {}

    @property
    def is_gone(self) -> bool:
        """Whether the client hung up."""
        return self._reader.at_eof()

    async def reply(
        self,
        body: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        claimed_length: int | None = None,
    ) -> None:
        """A whole reply. A `claimed_length` beyond the body's makes it one that is cut short."""
        length = len(body) if claimed_length is None else claimed_length
        fields = {"Content-Type": kind, "Content-Length": str(length), **self._common, **(headers or {})}
        await self.write(_head(status, fields) + body)

    async def json(self, data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """A whole reply in JSON."""
        await self.reply(json.dumps(data).encode(), status=status, headers=headers)

    async def begin(self, kind: str) -> None:
        """The head of a streamed reply."""
        fields = {"Content-Type": kind, "Transfer-Encoding": "chunked", **self._common}
        await self.write(_head(200, fields))

    async def chunk(self, data: bytes) -> None:
        """A piece of a streamed reply; an empty one ends it."""
        await self.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def write(self, data: bytes) -> None:
        """Bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    def drop(self) -> None:
        """Hang up."""
        self._writer.close()


def _head(status: int, fields: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{k}: {v}" for k, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request, or None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, head, headers, body)


async def _converse(handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while not writer.is_closing() and (request := await _read(reader)) is not None:
            await handler(request, Connection(reader, writer, request.is_last))
            if request.is_last:
                break
    except (ConnectionError, asyncio.IncompleteReadError):
        return  # the client hung up
    finally:
        writer.close()


async def serve_on(sock: socket.socket, handler: Handler, stop: asyncio.Event) -> None:
    """Answer on `sock` until `stop` is set; open connections are then closed."""
    conversations: set[asyncio.Task[None]] = set()

    def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_converse(handler, reader, writer))
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    server = await asyncio.start_server(on_connect, sock=sock, limit=LARGEST_HEAD, backlog=1024)
    await stop.wait()
    server.close()
    for task in conversations:
        task.cancel()
    await asyncio.gather(*conversations, return_exceptions=True)


@contextmanager
def in_thread(handler: Handler) -> Iterator[str]:
    """Serve in a thread with its own event loop, and yield the base URL."""
    sock = ports.bound_socket()
    sock.listen(1024)  # so that a client that comes before the loop runs waits, and is not refused
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve_on(sock, handler, stop))

    thread = threading.Thread(target=work, name="rawhttp", daemon=True)
    thread.start()
    try:
        yield ports.url_of(sock)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)
        if thread.is_alive():
            raise RuntimeError("the server did not stop within 10 seconds")


def in_foreground(handler: Handler, port: int) -> None:
    """Serve in this process; print the base URL on a line, then answer until standard input ends.

    Whoever starts such a server holds the other end of its standard input, so that it never outlives them.
    """

    async def work() -> None:
        stop = asyncio.Event()
        sock = ports.bound_socket(port)
        sock.listen(1024)
        loop = asyncio.get_running_loop()
        threading.Thread(target=_when_input_ends, args=(loop, stop), daemon=True).start()
        print(ports.url_of(sock), flush=True)
        await serve_on(sock, handler, stop)

    asyncio.run(work())


def _when_input_ends(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.read()
    loop.call_soon_threadsafe(stop.set)


@contextmanager
def in_process(module: str, *arguments: str) -> Iterator[str]:
    """Run `python -m module` in its own process, which serves by `in_foreground`, and yield the base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(f"{module} did not start; its own message is in the captured output")
        yield url
    finally:
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
