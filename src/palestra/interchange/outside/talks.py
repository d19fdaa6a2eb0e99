"""Two conversations as a battle holds them: what was asked, and what each model said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError
from palestra.interchange.outside.cells import unpacked

if TYPE_CHECKING:
    from palestra.interchange.outside.base import Data

Message = dict[str, str]
Text = str | list[Message]
ROLES = ("system", "user", "assistant")
IMAGES = "images_left_out"
"""The flag of a battle whose messages held pictures, which Palestra does not keep."""
NO_ANSWER = "an answer is null (the model failed, so it is in no battle)"
"""Why a vote is left out: a failure is no empty text."""


def texts(data: Data, key_a: str = "conversation_a", key_b: str = "conversation_b") -> dict[str, Any]:
    """`prompt`, `response_a`, `response_b` and, where there were images, `flags`; without what is missing.

    Raises:
        DamagedError: a conversation is no list of messages with a known role.
    """
    talks = [conversation(data.get(key), key) for key in (key_a, key_b)]
    found: dict[str, Any] = {}
    asked = (prompt_of(talk) for talk in talks)
    found["prompt"] = next((prompt for prompt in asked if prompt is not None), None)
    for name, talk in zip(("response_a", "response_b"), talks, strict=True):
        found[name] = response_of(talk)
    if any(_holds_image(unpacked(data.get(key), key)) for key in (key_a, key_b)):
        found["flags"] = [IMAGES]
    return {name: value for name, value in found.items() if value is not None}


def unanswered(data: Data, key_a: str = "conversation_a", key_b: str = "conversation_b") -> bool:
    """Whether the content of a model's message is null, so that the model said nothing.

    Raises:
        DamagedError: a conversation is no JSON.
    """
    talks = (unpacked(data.get(key), key) for key in (key_a, key_b))
    return any(
        isinstance(message, dict) and message.get("role") == "assistant" and message.get("content") is None
        for talk in talks
        if isinstance(talk, list)
        for message in talk
    )


def conversation(value: Any, key: str) -> list[Message]:
    """Messages; none where the value is missing or empty.

    Raises:
        DamagedError: it is no list of messages with a known role.
    """
    value = unpacked(value, key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise DamagedError("expected a list of messages", key=key, seen=value)
    return [_message(item, key) for item in value]


def _message(item: Any, key: str) -> Message:
    if not isinstance(item, dict) or item.get("role") not in ROLES:
        raise DamagedError(f"expected messages with a role ({', '.join(ROLES)})", key=key, seen=item)
    content = item.get("content")
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and part.get("type") == "text"]
        content = "\n".join(part["text"] for part in parts if isinstance(part.get("text"), str))
    if content is not None and not isinstance(content, str):
        raise DamagedError("expected messages with a text as content", key=key, seen=item)
    return {"role": item["role"], "content": content or ""}


def prompt_of(talk: list[Message]) -> Text | None:
    """A single user turn as a text, anything longer as messages, without what models said; None if nobody
    asked.
    """
    asked = [message for message in talk if message["role"] != "assistant"]
    return asked[0]["content"] if len(asked) == 1 and asked[0]["role"] == "user" else asked or None


def response_of(talk: list[Message]) -> Text | None:
    """The answer as a text if the model spoke once and last, else the whole conversation; None if it did not
    speak.
    """
    turns = [place for place, message in enumerate(talk) if message["role"] == "assistant"]
    if not turns:
        return None
    return talk[-1]["content"] if turns == [len(talk) - 1] else talk


def dialogue(asked: list[Any], answers: list[Any], key: str) -> dict[str, Any]:
    """`prompt` and the model's side of texts by turns: a text each for one turn, else messages.

    Raises:
        DamagedError: a turn is no text.
    """
    for turn in (*asked, *answers):
        if turn is not None and not isinstance(turn, str):
            raise DamagedError("expected a list of texts", key=key, seen=turn)
    talk: list[Message] = []
    for number, question in enumerate(asked):
        talk.append({"role": "user", "content": question or ""})
        if number < len(answers):
            talk.append({"role": "assistant", "content": answers[number] or ""})
    return {"prompt": prompt_of(talk), "response": response_of(talk)}


def _holds_image(value: Any) -> bool:
    return isinstance(value, list) and any(
        isinstance(part, dict) and part.get("type") == "image"
        for item in value
        if isinstance(item, dict) and isinstance(item.get("content"), list)
        for part in item["content"]
    )
