"""An ASGI app on a free port, in a thread."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tests.support import ports

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serve(app: Any, port: int = 0) -> Iterator[str]:
    """Serve `app` on `port` (0: any), yield its base URL, and shut down in order.

    The port is held before the server starts, so nobody can take it. Open connections are closed at the
    end, not waited for.
    """
    import uvicorn

    sock = ports.bound_socket(port)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,  # longer than httpx keeps one, so that none is closed as it is used again,
    )
    server = uvicorn.Server(config)

    def run() -> None:
        with suppress(SystemExit):  # how uvicorn ends when the app does not start
            server.run(sockets=[sock])

    thread = threading.Thread(target=run, name="serve", daemon=True)
    thread.start()
    try:
        if not ports.wait_until(lambda: server.started or not thread.is_alive(), 20) or not server.started:
            raise RuntimeError("the app did not start; its own message is in the captured output")
        yield ports.url_of(sock)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        sock.close()
        if thread.is_alive():
            raise RuntimeError("the app did not shut down within 10 seconds")
