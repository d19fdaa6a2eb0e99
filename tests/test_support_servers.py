"""The recording proxy, and serving an app in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.support import ports, rawhttp
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.chat_server import ChatServer, chat_in_thread
from tests.support.recording_proxy import read_log, recording_proxy
from tests.support.serve import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fastapi import FastAPI

BODY = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
PATH = "/v1/chat/completions"


def all_completed(log: Path) -> bool:
    return all(entry.completed is not None for entry in read_log(log))


def test_the_proxy_hands_on_and_writes_down(chat: ChatServer, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    chat.behave(Behaviour(Reply.TEXT, text="as it was"))
    before = time.time()
    with recording_proxy(chat.url, log) as url, httpx2.Client() as client:
        for body in (BODY, {**BODY, "seed": 1}, BODY):
            reply = client.post(url + PATH, json=body)
            assert reply.json()["choices"][0]["message"]["content"] == "as it was"
        missing = client.get(f"{url}/nowhere?x=1")
        assert ports.wait_until(lambda: all_completed(log), 10)
    assert missing.status_code == 404

    first, seeded, again, other = read_log(log)
    assert first.hash == again.hash != seeded.hash
    assert {first.hash, seeded.hash} == set(chat.log()["hashes"])
    assert [entry.path for entry in (first, other)] == [PATH, "/nowhere"]
    for entry in (first, seeded, again, other):
        assert entry.completed is not None
        assert before <= entry.arrived <= entry.completed


async def test_the_proxy_hands_a_stream_on_as_it_comes(tmp_path: Path) -> None:
    """The first piece arrives while the server behind still holds back the second."""
    may_end = threading.Event()

    async def slow_stream(request: rawhttp.Request, connection: rawhttp.Connection) -> None:
        await connection.begin("text/event-stream")
        await connection.chunk(b"data: 1\n\n")
        while not may_end.is_set():
            await asyncio.sleep(0.01)
        await connection.chunk(b"data: 2\n\n")
        await connection.chunk(b"")

    log = tmp_path / "log.jsonl"
    with rawhttp.in_thread(slow_stream) as upstream, recording_proxy(upstream, log) as url:
        async with httpx2.AsyncClient() as client, client.stream("POST", f"{url}/s", json={}) as reply:
            pieces = reply.aiter_bytes()
            assert await anext(pieces) == b"data: 1\n\n"
            assert read_log(log)[0].completed is None
            may_end.set()
            assert [piece async for piece in pieces] == [b"data: 2\n\n"]
        assert ports.wait_until(lambda: all_completed(log), 10)


def test_the_proxy_keeps_a_broken_stream_broken(chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(Behaviour(Reply.TEXT, text="one two three", faults=(Fault.HALF, Fault.NOTHING)))
    with recording_proxy(chat.url, tmp_path / "log.jsonl") as url:
        for _ in range(2):
            with pytest.raises(httpx2.RemoteProtocolError):
                httpx2.post(url + PATH, json={**BODY, "stream": True})
        assert b"three" in httpx2.post(url + PATH, json={**BODY, "stream": True}).content


def test_a_proxy_before_nothing_hangs_up(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with chat_in_thread() as gone:
        pass
    with recording_proxy(gone.url, log) as url, pytest.raises(httpx2.RemoteProtocolError):
        httpx2.post(url + PATH, json=BODY)
    assert [entry.completed for entry in read_log(log)] == [None]


def test_the_proxy_runs_in_its_own_process(chat: ChatServer, tmp_path: Path) -> None:
    arguments = ("--upstream", chat.url, "--log", str(tmp_path / "log.jsonl"))
    with rawhttp.in_process("tests.support.recording_proxy", *arguments) as url:
        assert httpx2.post(url + PATH, json=BODY).status_code == 200
    assert len(read_log(tmp_path / "log.jsonl")) == 1


def test_the_hash_knows_no_spaces_and_no_order_of_keys() -> None:
    assert rawhttp.request_hash("/p", b'{"a": 1, "b": [2]}') == rawhttp.request_hash("/p", b'{"b":[2],"a":1}')
    assert rawhttp.request_hash("/p", b'{"a": 1}') != rawhttp.request_hash("/q", b'{"a": 1}')
    assert rawhttp.request_hash("/p", b"not json") != rawhttp.request_hash("/p", b"not  json")


def test_many_calls_at_once_are_counted(chat: ChatServer) -> None:
    """All of thirty are inside at once, for each waits longer than it takes to send them."""
    chat.behave(Behaviour(delay=0.5))

    async def thirty() -> None:
        async with httpx2.AsyncClient(timeout=30) as client:
            calls = (client.post(chat.openai_url + "/chat/completions", json=BODY) for _ in range(30))
            await asyncio.gather(*calls)

    asyncio.run(thirty())
    assert chat.log()["peak"] == 30


def test_an_app_is_served_and_shut_down() -> None:
    import fastapi

    app = fastapi.FastAPI(openapi_url=None)

    async def hello() -> dict[str, int]:
        return {"hello": 1}

    app.add_api_route("/hello", hello)
    with serve(app) as url, httpx2.Client() as client:
        assert client.get(f"{url}/hello").json() == {"hello": 1}
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/hello")


async def open_database(app: FastAPI) -> None:
    raise OSError(f"no database for {app.title}")


def test_an_app_that_cannot_start_says_so() -> None:
    import fastapi

    @asynccontextmanager
    async def broken(app: FastAPI) -> AsyncIterator[None]:
        await open_database(app)
        yield

    with pytest.raises(RuntimeError, match="did not start"), serve(fastapi.FastAPI(lifespan=broken)):
        pytest.fail("it started")
