from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from palestra.records.base import Record, Words


class Message(Record):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: Words


class Prompt(Record):
    """What the models are asked.

    `messages` ends with a user turn. A prompt with several user turns in a row is answered turn by
    turn: each model sees its own earlier answers.
    """

    question_id: str
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    dataset: str | None = None
    subset: str | None = None
    category: str | None = None
    language: str | None = None
    reference: Words | None = None
    """A known good answer, for judges that compare with one; of several turns, to the last."""
    references: tuple[Words, ...] = ()
    """Of several turns, a known good answer to each, where the prompts have them."""

    @property
    def is_multi_turn(self) -> bool:
        """Whether the model is asked more than once (two user turns without an answer between)."""
        return any(
            a.role == "user" and b.role == "user"
            for a, b in zip(self.messages, self.messages[1:], strict=False)
        )

    @property
    def text(self) -> str:
        """The last user turn."""
        return self.messages[-1].content
