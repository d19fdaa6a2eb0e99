"""What a server said to one attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from palestra.records.response import TokenChances


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
    chances: tuple[TokenChances, ...] | None = None
    """Each token's log-probabilities, where the server told them."""
