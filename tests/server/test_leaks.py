"""An answer that says who wrote it is found, and one that merely uses a word is not."""

from __future__ import annotations

import pytest

from palestra.config.endpoint import ModelConfig
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


def model(label: str, **more: str) -> ModelConfig:
    return ModelConfig.model_validate({"label": label, "endpoint_type": "openai", "model": "x", **more})


@pytest.mark.parametrize("text", ["I am Llama 3.2.", "llama-3.2", "LLAMA3.2!"])
def test_letters_and_digits_may_stand_apart(text: str) -> None:
    assert tells_its_name(text, model("llama3.2"))


@pytest.mark.parametrize(
    ("maker", "text"),
    [
        ("Google", "I am a large language model, trained by Google."),
        ("Google", "I'm Google Gemma."),
        ("Meta", "I was developed by researchers at Meta."),
        ("Meta", "Well: Meta created me."),
        ("OpenAI", "I am an assistant of OpenAI"),
    ],
)
def test_the_maker_counts_where_the_answer_speaks_of_itself(maker: str, text: str) -> None:
    assert tells_its_name(text, model("hidden", organisation=maker))


@pytest.mark.parametrize(
    ("maker", "text"),
    [
        ("Google", "Look it up in Google Maps."),
        ("Google", "I am sure that Google Maps knows."),
        ("Google", "It was made by hand. Google sells it."),
        ("Meta", "I am thinking of a meta-analysis."),
        ("Meta", "A study made by meta-analysis."),
        ("Meta", "That is meta."),
    ],
)
def test_the_makers_name_has_other_uses(maker: str, text: str) -> None:
    assert not tells_its_name(text, model("hidden", organisation=maker))


@pytest.mark.parametrize(
    ("label", "text"), [("o1", "I am o1."), ("R1", "I'm **R1**, hello"), ("Yi", "My name is Yi")]
)
def test_short_names_count_where_the_answer_speaks_of_itself(label: str, text: str) -> None:
    assert tells_its_name(text, model(label))


@pytest.mark.parametrize(
    ("label", "text"),
    [("A1", "A1 is an x."), ("o1", "Group o1 won."), ("An", "I am an assistant."), ("A", "I am a bot.")],
)
def test_short_names_are_words_elsewhere(label: str, text: str) -> None:
    assert not tells_its_name(text, model(label))
