"""The words that give a model away, by the rule with which FastChat cleans Chatbot Arena's logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAKERS_AND_MODELS = (
    "vicuna",
    "lmsys",
    "koala",
    "uc berkeley",
    "open assistant",
    "laion",
    "chatglm",
    "chatgpt",
    "gpt-4",
    "openai",
    "anthropic",
    "claude",
    "bard",
    "palm",
    "lamda",
    "google",
    "llama",
    "qianwan",
    "alibaba",
    "mistral",
    "zhipu",
    "keg lab",
    "01.ai",
    "ai2",
    "tülu",
)
FAILURES = (
    "network error due to high traffic. please regenerate or refresh this page.",
    "$moderation$ your input violates our content moderation guidelines.",
    "api request error. please increase the number of max tokens.",
    "**api request error**",
)
"""What its server writes in place of an answer."""


def gives_away(messages: Iterable[str]) -> bool:
    """Whether one of the words stands anywhere in what either side said, also inside another word."""
    said = "\n".join(messages).lower()
    return any(word in said for word in MAKERS_AND_MODELS)


def failed(messages: Iterable[str]) -> bool:
    """Whether one of the messages is a failure of the server."""
    said = "\n".join(messages).lower()
    return any(word in said for word in FAILURES)
