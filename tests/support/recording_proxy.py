"""A proxy that notes every request before it forwards it, and again when the reply has gone through.

    python -m tests.support.recording_proxy --upstream http://127.0.0.1:8080 --log requests.jsonl

Each line of the log is flushed at once, so that it tells the truth after any `kill -9`. Bytes go through as
they are, in both directions, broken streams included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.support import rawhttp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.rawhttp import Connection, Request

DROPPED_FIELDS = (b"connection:", b"keep-alive:")


@dataclass(frozen=True)
class Recorded:
    """A request that went through the proxy."""

    hash: str
    """SHA-256 over path and canonical body; see `rawhttp.request_hash`."""
    path: str
    arrived: float
    """Epoch seconds."""
    completed: float | None
    """When the reply had ended and all of it was sent on; None while that has not happened. The client
    may have its last byte a moment earlier, or be gone."""


class Proxy:
    """Forwards requests, and writes them down."""

    def __init__(self, upstream: str, log: Path) -> None:
        address = urlsplit(upstream)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._log = log
        self._count = 0

    async def handle(self, request: Request, connection: Connection) -> None:
        """Forward one request over a connection of its own, then hang up."""
        number, self._count = self._count, self._count + 1
        self._note({"event": "arrived", "id": number, "hash": request.hash, "path": request.path})
        try:
            replied = await self._forward(request, connection)
        except ConnectionError:
            replied = False
        if replied:
            self._note({"event": "completed", "id": number})
        connection.drop()

    async def _forward(self, request: Request, connection: Connection) -> bool:
        """Whether there was a reply, and all that came of it was sent on."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(_closing_head(request.head) + request.body)
            await writer.drain()
            received = 0
            while data := await reader.read(1 << 16):
                received += len(data)
                await connection.write(data)
        finally:
            writer.close()
        return received > 0

    def _note(self, entry: dict[str, Any]) -> None:
        with self._log.open("a") as log:
            log.write(json.dumps({**entry, "time": time.time()}) + "\n")


def _closing_head(head: bytes) -> bytes:
    """The request's head, which now asks the upstream to close the connection after the reply."""
    lines = head.split(b"\r\n")[:-2]
    kept = [line for line in lines if not line.lower().startswith(DROPPED_FIELDS)]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


def read_log(path: Path) -> list[Recorded]:
    """What went through, in order of arrival."""
    arrived: list[dict[str, Any]] = []
    completed: dict[int, float] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        entry = json.loads(line)
        if entry["event"] == "arrived":
            arrived.append(entry)
        else:
            completed[entry["id"]] = entry["time"]
    return [Recorded(e["hash"], e["path"], e["time"], completed.get(e["id"])) for e in arrived]


@contextmanager
def recording_proxy(upstream: str, log: Path) -> Iterator[str]:
    """Serve a proxy for `upstream` (scheme, host and port) in a thread, and yield its base URL.

    A path in a client's base URL goes through as it is.
    """
    with rawhttp.in_thread(Proxy(upstream, log).handle) as url:
        yield url


def main() -> None:
    """Run a proxy in the foreground."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--upstream", required=True, help="scheme, host and port of the server behind")
    parser.add_argument("--log", type=Path, required=True, help="a JSONL file to append to")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    arguments = parser.parse_args()
    rawhttp.in_foreground(Proxy(arguments.upstream, arguments.log).handle, arguments.port)


if __name__ == "__main__":
    main()
