"""Requests as uvicorn reads them with httptools, which by itself takes a head of any length."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 65_536
"""Bytes of a request's line and headers; it is noticed with the piece that comes after them."""


class BoundedHttp(HttpToolsProtocol):
    """Refuses a request whose head does not come to an end."""

    _in_head = True
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Called with each piece that comes."""
        if self._in_head:
            if self._head_bytes > MOST_HEAD:
                self.send_400_response("The request's headers are too large.")
                return
            self._head_bytes += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Called when a head is whole."""
        self._in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called when a request is whole."""
        self._in_head = True
        super().on_message_complete()
