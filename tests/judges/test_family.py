from __future__ import annotations

import pytest

from palestra.judges.family import families


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gpt-4o", {"openai"}),
        ("gpt4_1106_preview", {"openai"}),
        ("openai/gpt-oss-120b", {"openai"}),
        ("o3-mini-2025-01-31", {"openai"}),
        ("o1", {"openai"}),
        ("chatgpt-4o-latest", {"openai"}),
        ("claude-sonnet-4-6", {"anthropic"}),
        ("anthropic.claude-v2", {"anthropic"}),
        ("gemini-2.0-flash", {"google"}),
        ("google/gemma-3-27b-it", {"google"}),
        ("llama3.2", {"meta"}),
        ("meta-llama/Llama-3.1-8B-Instruct", {"meta"}),
        ("Qwen2.5-72B-Instruct", {"qwen"}),
        ("qwq:32b", {"qwen"}),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", {"mistral"}),
        ("mistral-large-latest", {"mistral"}),
        ("deepseek-chat", {"deepseek"}),
        ("DeepSeek-R1-Distill-Qwen-7B", {"deepseek", "qwen"}),
        ("grok-4", {"xai"}),
        ("command-r-plus", {"cohere"}),
        ("phi-4", {"microsoft"}),
        ("glm-4.6", {"zhipu"}),
        ("kimi-k2", {"moonshot"}),
        ("yi-large", {"01-ai"}),
    ],
)
def test_known_names(name: str, family: set[str]) -> None:
    assert families(name) == family


@pytest.mark.parametrize(
    "name",
    ["", "my-model", "Mine", "judge", "brook", "gpt-neo-2.7B", "gpt2", "o", "foo3", "physics-7b", "metal"],
)
def test_names_that_show_none(name: str) -> None:
    assert families(name) == frozenset()


def test_an_organisation_counts_by_its_family_or_by_its_name() -> None:
    assert families("tuned", "OpenAI") == {"openai"}
    assert families("tuned", "ACME Labs") == {"acme labs"}
    assert families("llama-tuned", "ACME") == {"acme", "meta"}
    assert families("tuned") == frozenset()
