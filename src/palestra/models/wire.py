"""What a backend does: one attempt at one call, without limits, retries or records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from palestra.models.base import Delta, Request
    from palestra.models.failures import Fault


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said, before anyone looked whether it is an answer."""

    text: str = ""
    thinking: str = ""
    """Where the server tells it apart; `<think>` at the head of `text` is not cut out yet."""
    finish_reason: str | None = None
    complete: bool = True
    """Whether the server said that it was done; False for a stream that merely ended."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int = 0
    """Of `tokens_in`, those read from a cache, which cost less."""


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
