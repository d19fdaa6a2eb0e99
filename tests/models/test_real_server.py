"""A real llama-server, through every wire shape."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from palestra.config.endpoint import ModelConfig
from palestra.models.base import Request
from palestra.models.reach import reach
from palestra.models.registry import make_model
from palestra.records.prompt import Message
from palestra.records.response import Response

if TYPE_CHECKING:
    from tests.support.llama import Llama

KINDS = ("openai", "vllm", "anthropic", "gemini", "ollama", "url")


def where(kind: str, llama: Llama, fronts: str) -> dict[str, Any]:
    """How to reach the server in that shape."""
    if kind == "url":
        return {"endpoint_type": "openai", "url": f"{llama.openai_url}/chat/completions"}
    urls = {"openai": llama.openai_url, "vllm": llama.openai_url, "anthropic": llama.url}
    return {"endpoint_type": kind, "base_url": urls.get(kind, fronts)}


@pytest.mark.parametrize("kind", KINDS)
async def test_it_answers_whole_and_streamed(kind: str, llama: Llama, fronts: str) -> None:
    config = {**where(kind, llama, fronts), "model": llama.answers[0], "max_tokens": 40, "timeout": 60}
    model = make_model(ModelConfig.model_validate(config), env={})
    ask = Request("q1", (Message(role="user", content="How many?"),), seed=11)
    try:
        assert (await reach(model)).failure is None
        whole, again = await asyncio.gather(model.generate(ask), model.generate(ask))
        *pieces, last = [item async for item in model.stream(ask)]
    finally:
        await model.aclose()
    assert isinstance(last, Response)
    for response in (whole, again, last):
        assert response.failure is None
        assert response.finish_reason == "stop"
        assert response.tokens_in
        assert response.tokens_out
    assert "".join(getattr(piece, "text", "") for piece in pieces) == last.text
    if model.takes_seed:
        assert whole.text == again.text == last.text


@pytest.mark.parametrize("kind", ["openai", "vllm", "url"])
async def test_it_keeps_to_a_schema(kind: str, llama: Llama, fronts: str) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "boolean"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    config = {**where(kind, llama, fronts), "model": llama.answers[2], "max_tokens": 60, "timeout": 60}
    model = make_model(ModelConfig.model_validate(config), env={})
    ask = Request("q1", (Message(role="user", content="Which?"),), seed=3, json_schema=schema)
    try:
        response = await model.generate(ask)
    finally:
        await model.aclose()
    assert str(response.text).lstrip().startswith("{")
