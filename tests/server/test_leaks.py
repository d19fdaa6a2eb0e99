"""An answer that says who wrote it is found, and one that merely uses a word is not."""

from __future__ import annotations

import pytest

from palestra.config.schema import ModelConfig
from palestra.server.live.leaks import tells_its_name

MODEL = ModelConfig.model_validate(
    {
        "label": "GPT-4o (May)",
        "endpoint_type": "openai",
        "model": "acme/chat-mini:2b",
        "organisation": "Acme Labs",
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "I am GPT-4o (May).",
        "I am gpt 4o (may)!",
        "This is acme/chat-mini:2b speaking.",
        "You talk to Chat Mini.",
        "**chat_mini**",
        "ACME LABS trained me.",
    ],
)
def test_names_are_found(text: str) -> None:
    assert tells_its_name(text, MODEL)


@pytest.mark.parametrize(
    "text", ["", "Acme", "chat", "chatminister", "Labs of acme", "GPT-4o", "xGPT-4o (May)y"]
)
def test_other_words_are_not(text: str) -> None:
    assert not tells_its_name(text, MODEL)


def test_short_names_are_no_leak() -> None:
    short = ModelConfig.model_validate({"label": "A1", "endpoint_type": "scripted", "organisation": "X"})
    assert not tells_its_name("A1 is an x.", short)
