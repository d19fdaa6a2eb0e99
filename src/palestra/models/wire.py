"""What a backend does: one attempt at one call, without limits, retries or records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from palestra.models.base import Delta, Request
    from palestra.models.failures import Fault
    from palestra.models.reply import Reply


class Backend(Protocol):
    """One way to talk to a server. Errors are raised as the library raises them; `fault` reads them."""

    async def ask(self, request: Request, *, tiny: bool = False) -> Reply:
        """One attempt. `tiny`: at most 16 tokens and no reasoning, to see whether the server is there."""

    def stream(self, request: Request) -> AsyncGenerator[Delta | Reply, None]:
        """One attempt, piece by piece; the last item is the whole `Reply`. To be closed when done with."""

    def fault(self, error: Exception) -> Fault:
        """What an error of `ask` or `stream` means."""

    async def aclose(self) -> None:
        """Close connections."""
