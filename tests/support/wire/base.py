"""A question and an answer, whatever the wire shape."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Ask:
    """What a client wants."""

    model: str
    turns: tuple[tuple[str, str], ...]
    """(role, text), the system prompt first."""
    seed: int | None
    stream: bool
    schema: Mapping[str, Any] | None = None
    """The JSON schema that the reply must fit."""


@dataclass(frozen=True)
class Answer:
    """What a server says."""

    text: str
    thinking: str = ""
    finish: str = "stop"
    """`stop`, `length`, `filtered` or `refusal`."""
    tokens_in: int = 1

    @property
    def tokens_out(self) -> int:
        """Words, in thought and said."""
        return len(self.text.split()) + len(self.thinking.split())

    def pieces(self) -> list[str]:
        """The text as it is streamed, a word at a time."""
        return re.findall(r"\s*\S+|\s+$", self.text)


@dataclass(frozen=True)
class Refusal:
    """An error reply: `code` is the provider's own word for it where there is one."""

    status: int
    message: str
    code: str = ""


class Shape(Protocol):
    """One provider's way of putting questions and answers."""

    name: str
    stream_kind: str
    """The content type of a stream."""

    def takes(self, path: str) -> bool:
        """Whether a POST to `path` is a question in this shape."""

    def ask(self, path: str, body: Mapping[str, Any]) -> Ask:
        """Read a question."""

    def whole(self, ask: Ask, answer: Answer) -> dict[str, Any]:
        """An answer in one piece."""

    def events(self, ask: Ask, answer: Answer) -> list[bytes]:
        """An answer as the pieces of a stream."""

    def error(self, refusal: Refusal) -> dict[str, Any]:
        """The body of an error reply."""

    def stream_error(self, refusal: Refusal) -> bytes:
        """An error in the middle of a stream."""

    def filtered(self, ask: Ask) -> tuple[int, dict[str, Any]]:
        """Status and body of the reply to a question that the provider's filter rejects."""


def text_of(content: str | Sequence[Mapping[str, Any]] | None) -> str:
    """A message's text, be it a string or a list of parts."""
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(str(part.get("text", "")) for part in content)


def sse(data: Any, event: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()
