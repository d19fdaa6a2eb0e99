from __future__ import annotations

from pydantic import Field

from palestra.records.base import Count, Record, Words
from palestra.records.failure import Failure
from palestra.records.prompt import Message


class TokenChances(Record):
    """One token of a reply, and how likely it and the likeliest others were."""

    token: str
    logprob: float
    """Natural logarithm of its probability; 0 or below, but for what a server rounds."""
    top: tuple[tuple[str, float], ...] = ()
    """The likeliest tokens in its place with their log-probabilities, the likeliest first."""


class Response(Record):
    """One model's answer to one prompt: a text or a failure, never both, never neither."""

    key: str
    """SHA-256 over everything that could have changed the answer; see `records/keys.py`."""
    question_id: str
    model: str
    """The model's label."""
    repeat: int = 0
    text: Words | tuple[Message, ...] | None = None
    """The answer; for a multi-turn prompt the whole conversation. None if it failed."""
    thinking: Words | None = None
    """What the model wrote before its answer, where the server tells it apart."""
    failure: Failure | None = None
    finish_reason: str | None = None
    """`stop`, `length`, `content_filter`, …, in the provider's order of things; None if unknown."""
    latency_ms: float | None = None
    """From the request to the last byte, without waiting for a free slot."""
    first_token_ms: float | None = None
    """To the first text that streamed; None if the answer was not streamed."""
    tokens_in: Count | None = None
    tokens_out: Count | None = None
    cost_usd: float | None = None
    """None if the price is not known."""
    tstamp: float | None = None
    """When it arrived, UTC epoch seconds."""
    chances: tuple[TokenChances, ...] | None = Field(default=None, exclude=True, repr=False)
    """The tokens with their chances, where they were asked for and the server tells them; never written."""

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.failure is None
