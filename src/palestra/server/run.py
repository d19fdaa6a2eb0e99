"""Serving: the socket, the address, and the end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from palestra.errors import UsageError
from palestra.server.app import create_app, opened
from palestra.server.http import BoundedHttp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from palestra.server.context import Context
    from palestra.server.event_stream import Streams
    from palestra.server.roster import Contestant
    from palestra.server.settings import ServerSettings

_FAREWELL_SECONDS = 3
_IDLE_SECONDS = 75
"""How long a connection without a request is kept."""
_YOUNG = 10_000
"""Objects made since the last look for garbage that lead to the next."""


class _Server(uvicorn.Server):
    """Ends in order on a signal, and then lets the caller end in order, too."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self._streams, self._loop = streams, asyncio.get_running_loop()
        self.ended_by: int | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.ended_by = sig
        self._loop.call_soon_threadsafe(self._streams.close)
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # that streams break off is meant
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        held = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in held.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """A socket that holds the port.

    Raises:
        UsageError: the address is not this machine's, or somebody listens there already.
    """
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        sock = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot listen on {host}: {getattr(error, 'strerror', None) or error}") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            hint="another program may hold the port; --port 0 takes any that is free",
        ) from error
    return sock


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop to serve in: the quickest that this machine has."""
    try:
        import uvloop
    except ImportError:  # as on Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def serve(
    settings: ServerSettings,
    sock: socket.socket,
    *,
    contestants: Sequence[Contestant] | None = None,
    on_start: Callable[[Context], None],
) -> int | None:
    """Serve until a signal ends it; returns the signal's number.

    Raises:
        PalestraError: a part of the arena cannot be opened.
    """
    async with opened(settings, contestants) as context:
        app = create_app(settings, context=context)
        config = uvicorn.Config(
            app,
            http=BoundedHttp,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="none",
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_FAREWELL_SECONDS,
        )
        server = _Server(config, context.streams)
        on_start(context)
        _settle_memory()
        await server.serve(sockets=[sock])
        return server.ended_by


def _settle_memory() -> None:
    """What is there now stays, so that looking for garbage need not go through it while visitors wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
