"""Conversations as training data tells them: what was asked, and what each model said."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from palestra.records.prompt import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.records.battle import Text

Talk = tuple[Message, ...]


def whole(prompt: Text, answer: Text) -> Talk:
    """The conversation with one model's answers in it. An answer that is a conversation is all of it."""
    if not isinstance(answer, str):
        return answer
    asked = (Message(role="user", content=prompt),) if isinstance(prompt, str) else prompt
    return (*asked, Message(role="assistant", content=answer))


def opening(talk: Talk) -> int:
    """How many messages come before a model first answers; 0 if it never does. Where a model begins, that is
    part of what it was given.
    """
    return next((place for place in range(1, len(talk)) if talk[place].role == "assistant"), 0)


def parting(a: Talk, b: Talk, same: Callable[[Message, Message], bool] = operator.eq) -> int:
    """How many messages two conversations have in common, up to where a model speaks differently; 0 if there
    is no such place. `same` says what is in common.
    """
    shared = 0
    while shared < min(len(a), len(b)) and same(a[shared], b[shared]):
        shared += 1
    while shared and not (_speaks(a, shared) and _speaks(b, shared)):
        shared -= 1
    return shared


def _speaks(talk: Talk, place: int) -> bool:
    """Whether a model speaks there."""
    return place < len(talk) and talk[place].role == "assistant"
