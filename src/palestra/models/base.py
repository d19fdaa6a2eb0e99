"""The `Model` protocol: what the rest of Palestra knows of a language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from palestra.records.prompt import Message
    from palestra.records.response import Response


@dataclass(frozen=True, slots=True)
class Request:
    """One call: a conversation that ends with a user turn."""

    question_id: str
    messages: tuple[Message, ...]
    repeat: int = 0
    seed: int | None = None
    """Sent where the provider takes one, unless the model's config sets its own."""
    key: str = ""
    """The content key, copied into the response."""
    attempt: int = 0
    """How often it was asked before, with replies that could not be read."""
    json_schema: Mapping[str, Any] | None = None
    """Ask the server for JSON of this schema, where it can; otherwise ignored."""
    top_logprobs: int | None = None
    """Ask for each token's log-probability and those of so many likeliest others. Only servers that speak
    OpenAI's shape are asked."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a streamed answer."""

    text: str = ""
    thinking: str = ""


@runtime_checkable
class Model(Protocol):
    """A language model, or something that answers like one.

    A model never raises for what a server does: timeouts, refusals, filters and broken replies come
    back as a `Response` with a `failure`. Cancellation passes through.
    """

    @property
    def label(self) -> str:
        """The name it goes by in battles."""

    @property
    def takes_seed(self) -> bool:
        """Whether a per-call seed reaches the server."""

    @property
    def is_free(self) -> bool:
        """Whether answering makes no call (recorded and scripted models)."""

    def identity(self, request: Request) -> Mapping[str, Any]:
        """What of the model goes into the content key: JSON data, no secret, no label, no timeout."""

    async def generate(self, request: Request) -> Response:
        """Answer, with retries and limits applied."""

    def stream(self, request: Request) -> AsyncIterator[Delta | Response]:
        """Answer piece by piece; the last item is the `Response`. Retries only before the first piece."""

    async def aclose(self) -> None:
        """Close connections."""
