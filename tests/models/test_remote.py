"""Limits, retries and streams around a server."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
import stamina
from tests.support import rawhttp
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.chat_server import SHAPES
from tests.support.wire.base import Answer

from palestra.config.endpoint import ModelConfig
from palestra.models.base import Delta, Request
from palestra.models.registry import make_model
from palestra.records.failure import FailureKind
from palestra.records.prompt import Message
from palestra.records.response import Response

if TYPE_CHECKING:
    from tests.support.chat_server import ChatServer

    from palestra.models.base import Model

KINDS = ("openai", "anthropic", "gemini", "ollama", "url")
ASK = Request("q1", (Message(role="user", content="Why?"),), seed=1)


def made(kind: str, url: str, **facts: Any) -> Model:
    where = {"url": f"{url}/chat/completions"} if kind == "url" else {"base_url": url}
    given = {"endpoint_type": "openai" if kind == "url" else kind, "model": "m", "retries": 1, **where}
    return make_model(ModelConfig.model_validate({**given, **facts}), env={})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.UNAVAILABLE])
async def test_the_server_says_when_to_come_again(kind: str, fault: Fault, chat: ChatServer) -> None:
    chat.behave(Behaviour(faults=(fault,), retry_after="1.6"))
    model = made(kind, chat.url)
    began = time.perf_counter()
    with stamina.set_testing(False):
        response = await model.generate(ASK)
    taken_ms = (time.perf_counter() - began) * 1000
    await model.aclose()
    assert response.ok
    first, second = (entry["time"] for entry in chat.requests())
    assert second - first >= 1.6, "without being told, the wait is 0.5 to 1.5 s"
    assert response.latency_ms is not None
    assert response.latency_ms < taken_ms - 1600, "the wait is no part of the latency"


async def test_waiting_for_a_place_is_no_part_of_the_latency(chat: ChatServer) -> None:
    chat.behave(Behaviour(delay=0.2))
    model = made("openai", chat.url, concurrency=1)
    began = time.perf_counter()
    answers = await asyncio.gather(*(model.generate(ASK) for _ in range(3)))
    taken_ms = (time.perf_counter() - began) * 1000
    await model.aclose()
    latencies = [answer.latency_ms or 0 for answer in answers]
    assert min(latencies) >= 200
    assert sum(latencies) <= taken_ms, "one at a time, so what they took adds up to no more than all took"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_that_stalls_times_out(kind: str) -> None:
    async def stall(request: rawhttp.Request, connection: rawhttp.Connection) -> None:
        shape = next(shape for shape in SHAPES if shape.takes(request.path))
        events = shape.events(shape.ask(request.path, json.loads(request.body)), Answer("one two three four"))
        await connection.begin(shape.stream_kind)
        for event in events[:4]:
            await connection.chunk(event)
        while not connection.is_gone:
            await asyncio.sleep(0.01)

    with rawhttp.in_thread(stall) as url:
        model = made(kind, url, timeout=0.5)
        *pieces, last = [item async for item in model.stream(ASK)]
        await model.aclose()
    assert pieces
    assert isinstance(last, Response)
    assert last.failure is not None
    assert last.failure.kind is FailureKind.TIMEOUT
    assert last.text is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_that_is_left_early_gives_its_place_back(kind: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="one two three four five"))
    model = made(kind, chat.url, concurrency=1)
    for _ in range(3):
        async with asyncio.timeout(20), aclosing(model.stream(ASK)) as stream:  # type: ignore[type-var]
            assert isinstance(await anext(stream), Delta)
    assert (await model.generate(ASK)).ok
    await model.aclose()


async def test_a_consumer_that_dawdles_is_not_interrupted(chat: ChatServer) -> None:
    """The time limit is the server's; it never strikes in the reader's own code."""
    chat.behave(Behaviour(reply=Reply.TEXT, text="one two"))
    model = made("openai", chat.url, timeout=1)
    items = []
    async for item in model.stream(ASK):
        items.append(item)
        await asyncio.sleep(0.8)
    await model.aclose()
    assert isinstance(items[-1], Response)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_used_is_told_even_of_a_failure(kind: str, chat: ChatServer) -> None:
    chat.behave(Behaviour(faults=(Fault.EMPTY,), for_good=True))
    model = made(kind, chat.url, price={"input": 1e6, "output": 1e6})
    response = await model.generate(ASK)
    await model.aclose()
    assert response.failure is not None
    assert (response.tokens_in, response.cost_usd) == (1, 1.0)


async def test_one_client_serves_all_calls(chat: ChatServer) -> None:
    chat.behave(Behaviour(delay=0.02))
    model = made("openai", chat.url, concurrency=4)
    asks = [Request("q", (Message(role="user", content=str(n)),)) for n in range(40)]
    answers = await asyncio.gather(*(model.generate(ask) for ask in asks))
    await model.aclose()
    assert all(answer.ok for answer in answers)
    assert chat.log()["peak"] == 4
