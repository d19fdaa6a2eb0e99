"""A drawn battle's texts as a prompt and two recorded answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from palestra.models.thinking import split_thinking
from palestra.prompts.chat import rounds
from palestra.records.prompt import Message, Prompt

if TYPE_CHECKING:
    from palestra.records.battle import Text

_MESSAGES = TypeAdapter(tuple[Message, ...])


def text_of(value: str) -> Text:
    """A text, or the conversation that it holds as JSON."""
    if not value.lstrip().startswith("[{"):
        return value
    try:
        return _MESSAGES.validate_python(json.loads(value)) or value
    except (ValueError, ValidationError):
        return value


def prompt_of(value: str, question_id: str, **facts: Any) -> Prompt | None:
    """The prompt; None if there is nothing to answer: it is blank, or does not end with a user turn."""
    told = text_of(value)
    messages = (Message(role="user", content=told),) if isinstance(told, str) else told
    if messages[-1].role != "user" or not messages[-1].content.strip():
        return None
    return Prompt(question_id=question_id, messages=messages, **facts)


def answers_of(value: str, prompt: Prompt) -> tuple[str, ...] | None:
    """What the model said in each turn that it was asked in, thinking cut out; None if that does not fit the
    prompt, or is blank.
    """
    told = text_of(value)
    wanted = rounds(prompt)
    said = [told] if isinstance(told, str) else [m.content for m in told if m.role == "assistant"]
    cut = tuple(split_thinking(text)[1] for text in said[-wanted:])
    return cut if len(cut) == wanted and all(text.strip() for text in cut) else None
