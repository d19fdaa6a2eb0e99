"""The pretended chat server, through the providers' own clients."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import anthropic
import google.genai
import httpx
import httpx2
import ollama
import openai
import pytest
from tests.support.behaviour import LABELS, Behaviour, Fault, Reply, dump_plan, load_plan
from tests.support.chat_server import ChatServer, chat_in_process, chat_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

QUESTION = "What is a palestra?"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_in_thread() as running:
        yield running


class Asker(Protocol):
    async def __call__(self, model: str, *, stream: bool = False, seed: int = 0) -> str | None:
        """The text of the answer to QUESTION; shapes without a seed leave it out."""


@asynccontextmanager
async def openai_asker(server: ChatServer) -> AsyncIterator[Asker]:
    messages: Any = [{"role": "user", "content": QUESTION}]
    async with openai.AsyncOpenAI(base_url=server.openai_url, api_key="k", max_retries=0) as client:
        create = client.chat.completions.create

        async def ask(model: str, *, stream: bool = False, seed: int = 0) -> str | None:
            if not stream:
                whole = await create(model=model, messages=messages, seed=seed)
                return whole.choices[0].message.content
            chunks = await create(model=model, messages=messages, seed=seed, stream=True)
            said = [chunk.choices[0].delta.content async for chunk in chunks if chunk.choices]
            return "".join(piece or "" for piece in said)

        yield ask


@asynccontextmanager
async def anthropic_asker(server: ChatServer) -> AsyncIterator[Asker]:
    messages: Any = [{"role": "user", "content": QUESTION}]
    async with anthropic.AsyncAnthropic(base_url=server.url, api_key="k", max_retries=0) as client:

        async def ask(model: str, *, stream: bool = False, seed: int = 0) -> str | None:
            if not stream:
                whole = await client.messages.create(model=model, messages=messages, max_tokens=99)
                return "".join(block.text for block in whole.content if block.type == "text")
            async with client.messages.stream(model=model, messages=messages, max_tokens=99) as events:
                return "".join([piece async for piece in events.text_stream])

        yield ask


@asynccontextmanager
async def gemini_asker(server: ChatServer) -> AsyncIterator[Asker]:
    client = google.genai.Client(api_key="k", http_options={"base_url": server.url})

    async def ask(model: str, *, stream: bool = False, seed: int = 0) -> str | None:
        if not stream:
            whole = await client.aio.models.generate_content(model=model, contents=QUESTION)
            return whole.text
        chunks = await client.aio.models.generate_content_stream(model=model, contents=QUESTION)
        return "".join([chunk.text or "" async for chunk in chunks])

    try:
        yield ask
    finally:
        await client.aio.aclose()
        client.close()


@asynccontextmanager
async def ollama_asker(server: ChatServer) -> AsyncIterator[Asker]:
    client = ollama.AsyncClient(host=server.url)
    messages = [{"role": "user", "content": QUESTION}]

    async def ask(model: str, *, stream: bool = False, seed: int = 0) -> str | None:
        if not stream:
            return (await client.chat(model, messages)).message.content
        parts = await client.chat(model, messages, stream=True)
        return "".join([part.message.content or "" async for part in parts])

    try:
        yield ask
    finally:
        await client._client.aclose()


ASKERS = {
    "openai": openai_asker,
    "anthropic": anthropic_asker,
    "gemini": gemini_asker,
    "ollama": ollama_asker,
}


async def ask_openai(server: ChatServer, model: str, *, seed: int = 0) -> str | None:
    async with openai_asker(server) as ask:
        return await ask(model, seed=seed)


FAILURES = (
    openai.OpenAIError,
    anthropic.AnthropicError,
    google.genai.errors.APIError,
    ollama.ResponseError,
    httpx.HTTPError,
    httpx2.HTTPError,
    AttributeError,  # what some clients make of a reply that is no JSON
    OSError,
    ValueError,
    TypeError,
)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("shape", ASKERS)
async def test_every_shape_says_what_it_was_told_to(server: ChatServer, shape: str, stream: bool) -> None:
    server.behave(Behaviour(Reply.TEXT, text="A school for wrestlers,\n\nsays the book. ", thinking="Hm."))
    async with ASKERS[shape](server) as ask:
        assert await ask("m", stream=stream) == "A school for wrestlers,\n\nsays the book. "


async def test_thinking_usage_and_finish_reason_are_told_apart(server: ChatServer) -> None:
    server.behave(Behaviour(Reply.TEXT, text="Two words", thinking="One thought here"))
    async with openai.AsyncOpenAI(base_url=server.openai_url, api_key="k") as client:
        reply = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": QUESTION}]
        )
    assert reply.choices[0].message.model_dump()["reasoning_content"] == "One thought here"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (4, 5)


async def test_another_seed_or_model_gives_other_words_and_the_same_one_the_same(server: ChatServer) -> None:
    first = await ask_openai(server, "m", seed=1)
    assert first == await ask_openai(server, "m", seed=1)
    assert first != await ask_openai(server, "m", seed=2)
    assert first != await ask_openai(server, "n", seed=1)


async def test_words_are_the_same_in_another_process(server: ChatServer) -> None:
    here = await ask_openai(server, "m", seed=1)
    with chat_in_process() as other:
        assert await ask_openai(other, "m", seed=1) == here


async def test_each_model_can_behave_in_its_own_way(server: ChatServer) -> None:
    server.behave({"a:1": Behaviour(Reply.ECHO), "*": Behaviour(Reply.TEXT, text="else")})
    assert await ask_openai(server, "a:1") == QUESTION
    assert await ask_openai(server, "b") == "else"


async def test_verdicts_follow_their_odds(server: ChatServer) -> None:
    """Within five standard deviations of the mean, over fixed seeds."""
    server.behave(Behaviour(Reply.VERDICT))
    counts: Counter[str] = Counter()
    total = 400
    for seed in range(total):
        text = post(server, {"model": "m", "messages": [{"role": "user", "content": "?"}], "seed": seed})
        counts[text.rpartition(" ")[2]] += 1
    for label, weight in LABELS.items():
        share = weight / sum(LABELS.values())
        assert abs(counts[label] - total * share) < 5 * (total * share * (1 - share)) ** 0.5


def post(server: ChatServer, body: dict[str, Any]) -> str:
    request = urllib.request.Request(f"{server.openai_url}/chat/completions", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as reply:
        text: str = json.loads(reply.read())["choices"][0]["message"]["content"]
        return text


def test_json_replies_fit_the_schema(server: ChatServer) -> None:
    server.behave(Behaviour(Reply.JSON))
    properties = {
        "winner": {"enum": ["A", "B", "tie"]},
        "score": {"type": "integer", "minimum": 3, "maximum": 4},
        "why": {"type": "string"},
        "sure": {"type": "boolean"},
        "notes": {"type": "array", "items": {"type": "string"}},
    }
    schema = {"type": "object", "properties": properties}
    form = {"type": "json_schema", "json_schema": {"name": "v", "schema": schema}}
    question = {"model": "m", "messages": [{"role": "user", "content": "?"}], "response_format": form}
    data = json.loads(post(server, question))
    assert data["winner"] in ("A", "B", "tie")
    assert data["score"] in (3, 4)
    assert isinstance(data["why"], str)
    assert isinstance(data["sure"], bool)
    assert len(data["notes"]) == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.BAD_REQUEST, 400),
        (Fault.UNAUTHORIZED, 401),
        (Fault.FORBIDDEN, 403),
        (Fault.NOT_FOUND, 404),
        (Fault.RATE_LIMIT, 429),
        (Fault.SERVER_ERROR, 500),
        (Fault.UNAVAILABLE, 503),
    ],
)
async def test_a_fault_can_be_a_status(server: ChatServer, fault: Fault, status: int) -> None:
    server.behave(Behaviour(faults=(fault,), for_good=True))
    for _ in range(2):
        with pytest.raises(openai.APIStatusError) as caught:
            await ask_openai(server, "m")
        assert caught.value.status_code == status


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("fault", [Fault.RATE_LIMIT, Fault.SERVER_ERROR, Fault.CUT, Fault.NOTHING])
@pytest.mark.parametrize("shape", ASKERS)
async def test_a_fault_comes_once_per_question(
    server: ChatServer, shape: str, fault: Fault, stream: bool
) -> None:
    server.behave(Behaviour(Reply.TEXT, text="fine", faults=(fault,)))
    async with ASKERS[shape](server) as ask:
        with pytest.raises(FAILURES):
            await ask("m", stream=stream)
        assert await ask("m", stream=stream) == "fine"
        with pytest.raises(FAILURES):
            await ask("another", stream=stream)
    assert server.log()["faults"] == {fault: 2}


@pytest.mark.parametrize(
    "fault", [Fault.HALF, Fault.GARBAGE, Fault.WRONG_JSON, Fault.STREAM_ERROR, Fault.EMPTY]
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("shape", ASKERS)
async def test_a_broken_reply_is_never_the_whole_text(
    server: ChatServer, shape: str, fault: Fault, stream: bool
) -> None:
    """Clients differ in whether they raise. None gets the text."""
    server.behave(Behaviour(Reply.TEXT, text="one two three four", faults=(fault,), for_good=True))
    async with ASKERS[shape](server) as ask:
        try:
            text = await ask("m", stream=stream)
        except FAILURES:
            text = None
    assert text != "one two three four"


@pytest.mark.parametrize("shape", ["openai", "ollama"])
async def test_half_a_stream_breaks_after_its_first_pieces(server: ChatServer, shape: str) -> None:
    server.behave(Behaviour(Reply.TEXT, text="one two three four", faults=(Fault.HALF,)))
    path = {"openai": "/v1/chat/completions", "ollama": "/api/chat"}[shape]
    body = {"model": "m", "messages": [{"role": "user", "content": "?"}], "stream": True}
    got = b""
    async with httpx2.AsyncClient() as client, client.stream("POST", server.url + path, json=body) as reply:
        with pytest.raises(httpx2.RemoteProtocolError):  # noqa: PT012 - the pieces before count
            async for data in reply.aiter_raw():
                got += data
    assert b"one" in got
    assert b"four" not in got


async def test_faults_come_in_turn_and_the_last_can_stay(server: ChatServer) -> None:
    server.behave(Behaviour(faults=(Fault.RATE_LIMIT, Fault.UNAUTHORIZED), for_good=True))
    for kind in (openai.RateLimitError, openai.AuthenticationError, openai.AuthenticationError):
        with pytest.raises(kind):
            await ask_openai(server, "m")


async def test_questions_that_differ_in_their_seed_count_as_one_if_told_so(server: ChatServer) -> None:
    server.behave(Behaviour(Reply.TEXT, text="fine", faults=(Fault.SERVER_ERROR,), ignore_seed=True))
    with pytest.raises(openai.InternalServerError):
        await ask_openai(server, "m", seed=1)
    assert await ask_openai(server, "m", seed=2) == "fine"


async def test_a_rate_limit_says_when_to_come_back(server: ChatServer) -> None:
    server.behave(Behaviour(faults=(Fault.RATE_LIMIT,), retry_after="7"))
    with pytest.raises(openai.RateLimitError) as caught:
        await ask_openai(server, "m")
    assert caught.value.response.headers["retry-after"] == "7"
    assert "slow down" in caught.value.message


async def test_filters_speak_the_providers_language(server: ChatServer) -> None:
    server.behave(Behaviour(faults=(Fault.FILTERED_PROMPT, Fault.FILTERED)))
    with pytest.raises(openai.BadRequestError) as caught:
        await ask_openai(server, "m")
    assert caught.value.code == "content_filter"
    async with openai.AsyncOpenAI(base_url=server.openai_url, api_key="k") as client:
        reply = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": QUESTION}], seed=0
        )
    assert reply.choices[0].finish_reason == "content_filter"

    client_g = google.genai.Client(api_key="k", http_options={"base_url": server.url})
    prompt = await client_g.aio.models.generate_content(model="m", contents=QUESTION)
    answer = await client_g.aio.models.generate_content(model="m", contents=QUESTION)
    await client_g.aio.aclose()
    client_g.close()
    assert prompt.prompt_feedback is not None
    assert prompt.prompt_feedback.block_reason == "SAFETY"
    assert answer.candidates is not None
    assert answer.candidates[0].finish_reason == "SAFETY"

    async with anthropic.AsyncAnthropic(base_url=server.url, api_key="k", max_retries=0) as client_a:
        with pytest.raises(anthropic.BadRequestError, match="content filtering"):
            await client_a.messages.create(
                model="m", messages=[{"role": "user", "content": QUESTION}], max_tokens=9
            )
        refused = await client_a.messages.create(
            model="m", messages=[{"role": "user", "content": QUESTION}], max_tokens=9
        )
    assert (refused.stop_reason, refused.content) == ("refusal", [])


async def test_a_slow_reply_outlasts_the_client(server: ChatServer) -> None:
    server.behave(Behaviour(faults=(Fault.SLOW,), slow=60))
    body = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
    async with httpx2.AsyncClient(timeout=0.2) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.post(f"{server.openai_url}/chat/completions", json=body)
        reply = await client.post(f"{server.openai_url}/chat/completions", json=body)
    assert reply.status_code == 200


def test_the_log_counts_by_hash_model_and_fault(server: ChatServer) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
    post(server, body)
    post(server, dict(reversed(body.items())))
    post(server, {**body, "seed": 3})
    canonical = b'/v1/chat/completions\n{"messages":[{"content":"?","role":"user"}],"model":"m"}'
    log = server.log()
    assert log["total"] == 3
    assert log["hashes"][hashlib.sha256(canonical).hexdigest()] == 2
    assert log["models"] == {"m": 3}
    assert log["peak"] == 1
    assert [entry["body"].get("seed") for entry in server.requests()] == [None, None, 3]
    server.forget()
    assert server.log()["total"] == 0


def test_what_is_no_question_is_told_so(server: ChatServer) -> None:
    request = urllib.request.Request(f"{server.openai_url}/chat/completions", b"[1, 2")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value as reply:
        assert reply.status == 400


def test_a_plan_survives_json() -> None:
    plan = {"m": Behaviour(Reply.SCORES, faults=(Fault.HALF, Fault.EMPTY), for_good=True, delay=0.5)}
    assert load_plan(dump_plan(plan)) == plan
