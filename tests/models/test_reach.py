from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.ports import free_port

from palestra.config.endpoint import ModelConfig
from palestra.models.reach import reach
from palestra.models.registry import make_model
from palestra.records.failure import FailureKind

if TYPE_CHECKING:
    from tests.support.chat_server import ChatServer

    from palestra.records.response import Response


async def reached(kind: str, url: str, **facts: Any) -> Response:
    where = {"openai": f"{url}/v1"}.get(kind, url)
    given = {"endpoint_type": kind, "model": "m", "base_url": where, "timeout": 5, **facts}
    model = make_model(ModelConfig.model_validate(given), env={})
    try:
        return await reach(model)
    finally:
        await model.aclose()


KINDS = ("openai", "anthropic", "gemini", "ollama")


@pytest.mark.parametrize("kind", KINDS)
async def test_one_tiny_call_is_made(kind: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="OK"))
    response = await reached(kind, chat.url, max_tokens=5000, reasoning_effort="high")
    assert response.failure is None
    assert chat.log()["total"] == 1
    body = chat.requests()[-1]["body"]
    sent = body.get("generationConfig") or body.get("options") or body
    names = ("max_tokens", "maxOutputTokens", "num_predict")
    assert [sent[name] for name in names if name in sent] == [16]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reply_cut_off_before_any_text_is_a_reply(kind: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(faults=(Fault.EMPTY,), for_good=True))
    assert (await reached(kind, chat.url)).failure is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refusal_is_told_after_one_attempt(kind: str, chat: ChatServer) -> None:
    for fault, expected in (
        (Fault.UNAUTHORIZED, FailureKind.AUTH),
        (Fault.RATE_LIMIT, FailureKind.RATE_LIMIT),
    ):
        chat.forget()
        chat.behave(Behaviour(faults=(fault,), for_good=True))
        failure = (await reached(kind, chat.url)).failure
        assert failure is not None
        assert failure.kind is expected
        assert chat.log()["total"] == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_is_not_there_is_told_at_once(kind: str) -> None:
    started = time.monotonic()
    failure = (await reached(kind, f"http://127.0.0.1:{free_port()}", timeout=60)).failure
    assert failure is not None
    assert failure.kind is FailureKind.OTHER
    assert "onnect" in failure.message
    assert time.monotonic() - started < 30


async def test_what_needs_no_call_is_there() -> None:
    model = make_model(ModelConfig.model_validate({"endpoint_type": "scripted", "script": {"fail": {}}}))
    assert (await reach(model)).failure is None
