"""Prompts of several turns: what the model is sent each time, with its own earlier answers in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.records.prompt import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.records.prompt import Prompt


def rounds(prompt: Prompt) -> int:
    """How often the model is asked: 1, or more for a prompt with user turns in a row."""
    return len(_asked_after(prompt))


def next_request_messages(prompt: Prompt, answers: Sequence[str]) -> tuple[Message, ...]:
    """What the model is sent after it gave `answers`, oldest first; ends with a user turn.

    Raises:
        ValueError: every turn is answered already.
    """
    asked = _asked_after(prompt)
    if len(answers) >= len(asked):
        raise ValueError(f"{len(answers)} answers to a prompt of {len(asked)} turns; nothing is left to ask")
    return _filled(prompt, answers, until=asked[len(answers)])


def conversation(prompt: Prompt, answers: Sequence[str]) -> tuple[Message, ...]:
    """The whole conversation, the last answer included.

    Raises:
        ValueError: there are more or fewer answers than turns.
    """
    asked = _asked_after(prompt)
    if len(answers) != len(asked):
        raise ValueError(f"{len(answers)} answers to a prompt of {len(asked)} turns")
    return _filled(prompt, answers, until=len(prompt.messages) - 1)


def _asked_after(prompt: Prompt) -> list[int]:
    """The positions of the user turns that the model answers: those before another one, and the last."""
    messages = prompt.messages
    return [
        place
        for place, message in enumerate(messages)
        if message.role == "user" and (place + 1 == len(messages) or messages[place + 1].role == "user")
    ]


def _filled(prompt: Prompt, answers: Sequence[str], *, until: int) -> tuple[Message, ...]:
    given = dict(zip(_asked_after(prompt), answers, strict=False))
    filled: list[Message] = []
    for place, message in enumerate(prompt.messages[: until + 1]):
        filled.append(message)
        if place in given:
            filled.append(Message(role="assistant", content=given[place]))
    return tuple(filled)
