"""What holds for every `Model`, whatever is behind it."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import stamina
from tests.support.behaviour import Behaviour, Fault, Reply

from palestra.config.endpoint import ModelConfig
from palestra.models.base import Delta, Model, Request
from palestra.models.registry import make_model
from palestra.records.failure import FailureKind
from palestra.records.keys import response_key
from palestra.records.prompt import Message
from palestra.records.response import Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.support.chat_server import ChatServer

KEY = "sk-canary-3f9d1c77aa"
QUESTION = "Which of the two is <|im_start|>longer?"
ANSWER = "The second one."

REMOTE: dict[str, Callable[[ChatServer], dict[str, Any]]] = {
    "openai": lambda server: {"endpoint_type": "openai", "base_url": server.openai_url},
    "vllm": lambda server: {"endpoint_type": "vllm", "base_url": server.openai_url + "/"},
    "huggingface": lambda server: {"endpoint_type": "huggingface", "base_url": server.openai_url},
    "openrouter": lambda server: {"endpoint_type": "openrouter", "base_url": server.openai_url},
    "anthropic": lambda server: {"endpoint_type": "anthropic", "base_url": server.url},
    "gemini": lambda server: {"endpoint_type": "gemini", "base_url": server.url},
    "ollama": lambda server: {"endpoint_type": "ollama", "base_url": f"{server.url}/v1"},
    "url": lambda server: {"endpoint_type": "openai", "url": f"{server.openai_url}/chat/completions"},
    "url to ollama": lambda server: {"endpoint_type": "ollama", "url": f"{server.url}/api/chat"},
}
WIRE_SHAPES = ("openai", "anthropic", "gemini", "ollama", "url", "url to ollama")
TELLS_FILTER = ("openai", "anthropic", "gemini", "url")
"""Ollama's shape does not tell a filtered answer from an empty or a polite one."""
SEEDLESS = ("anthropic",)
FREE = ("recorded", "scripted")
EVERY = (*REMOTE, *FREE)


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    """Retries come at once; there are as many as the config says."""
    with stamina.set_testing(True, attempts=99, cap=True):
        yield


def ask(text: str = QUESTION, *, seed: int | None = 7, repeat: int = 0) -> Request:
    return Request("q1", (Message(role="user", content=text),), repeat=repeat, seed=seed, key="k1")


@asynccontextmanager
async def opened(kind: str, chat: ChatServer, folder: Path, **facts: Any) -> AsyncIterator[Model]:
    """A model of the kind that says `ANSWER` if the chat server echoes or says it, closed at the end."""
    if kind == "recorded":
        file = folder / "answers.jsonl"
        file.write_text(json.dumps({"question_id": "q1", "response": ANSWER}), encoding="utf-8")
        config = {"endpoint_type": "recorded", "path": file}
    elif kind == "scripted":
        config = {"endpoint_type": "scripted", "script": {"reply": ANSWER}}
    else:
        config = {**REMOTE[kind](chat), "model": "m", "api_key": KEY, "timeout": 20, "retries": 1}
    model = make_model(ModelConfig.model_validate({"label": "Tested", **config, **facts}), env={})
    try:
        yield model
    finally:
        await model.aclose()


async def said(model: Model, request: Request, *, stream: bool) -> Response:
    if not stream:
        return await model.generate(request)
    items = [item async for item in model.stream(request)]
    assert all(isinstance(item, Delta) for item in items[:-1])
    assert isinstance(items[-1], Response)
    return items[-1]


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_comes_with_its_circumstances(
    kind: str, stream: bool, chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text=ANSWER))
    async with opened(kind, chat, tmp_path) as model:
        assert isinstance(model, Model)
        response = await said(model, ask(), stream=stream)
    assert (response.text, response.failure) == (ANSWER, None)
    assert (response.key, response.question_id, response.model) == ("k1", "q1", "Tested")
    assert response.tstamp is not None
    assert model.is_free == (kind in FREE)
    if kind != "recorded":
        assert (response.tokens_in, response.tokens_out) == (len(QUESTION.split()), len(ANSWER.split()))
        assert response.finish_reason == "stop"
        assert response.latency_ms is not None
        assert response.latency_ms > 0
        assert (response.first_token_ms is not None) == stream


@pytest.mark.parametrize("kind", EVERY)
async def test_the_pieces_of_a_stream_make_the_answer(kind: str, chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="  One\n\ntwo  three \u2028 four.\n"))
    async with opened(kind, chat, tmp_path) as model:
        items = [item async for item in model.stream(ask())]
        whole = await model.generate(ask())
    last = items.pop()
    assert isinstance(last, Response)
    assert "".join(item.text for item in items if isinstance(item, Delta)) == last.text == whole.text


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize("stream", [False, True])
async def test_thinking_is_kept_apart(kind: str, stream: bool, chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text=ANSWER, thinking="Let me see."))
    async with opened(kind, chat, tmp_path) as model:
        response = await said(model, ask(), stream=stream)
        assert (response.text, response.thinking) == (ANSWER, "Let me see.")
        chat.behave(
            Behaviour(reply=Reply.TEXT, text=f"<think>\nHm, hm.\n</think>\n\n{ANSWER} A <think> stays.")
        )
        response = await said(model, ask(), stream=stream)
        assert (response.text, response.thinking) == (f"{ANSWER} A <think> stays.", "Hm, hm.")
        chat.behave(Behaviour(reply=Reply.TEXT, text="<think>On and on and"))
        response = await said(model, ask(), stream=stream)
    assert response.text is None
    assert response.thinking == "On and on and"
    assert response.failure is not None
    assert response.failure.kind is FailureKind.EMPTY


@pytest.mark.parametrize("kind", EVERY)
async def test_the_same_seed_gives_the_same_answer(kind: str, chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(Behaviour(reply=Reply.WORDS))
    async with opened(kind, chat, tmp_path) as model:
        assert model.takes_seed == (kind not in SEEDLESS)
        first, again = await model.generate(ask(seed=1)), await model.generate(ask(seed=1))
        others = {(await model.generate(ask(seed=seed))).text for seed in range(2, 6)}
    assert first.text == again.text
    if kind in REMOTE and model.takes_seed and kind != "url to ollama":
        assert others - {first.text}


@pytest.mark.parametrize("kind", EVERY)
async def test_the_identity_is_json_and_the_same_in_another_process(
    kind: str, chat: ChatServer, tmp_path: Path
) -> None:
    async with opened(kind, chat, tmp_path) as one, opened(kind, chat, tmp_path, label="Other") as two:
        request = ask()
        keys = {response_key(m.identity(request), request.messages, 0) for m in (one, two)}
        assert len(keys) == 1
        assert json.loads(json.dumps(one.identity(request))) == one.identity(request)


CASES: list[tuple[Fault, FailureKind, int | None]] = [
    (Fault.RATE_LIMIT, FailureKind.RATE_LIMIT, 429),
    (Fault.SERVER_ERROR, FailureKind.OTHER, 500),
    (Fault.UNAVAILABLE, FailureKind.OTHER, 503),
    (Fault.GARBAGE, FailureKind.OTHER, None),
    (Fault.WRONG_JSON, FailureKind.OTHER, None),
    (Fault.CUT, FailureKind.OTHER, None),
    (Fault.NOTHING, FailureKind.OTHER, None),
    (Fault.SLOW, FailureKind.TIMEOUT, None),
    (Fault.HALF, FailureKind.OTHER, None),
]


@pytest.mark.parametrize("kind", WIRE_SHAPES)
@pytest.mark.parametrize(("fault", "expected", "status"), CASES)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_passing_fault_is_overcome_and_a_lasting_one_told(
    kind: str,
    fault: Fault,
    expected: FailureKind,
    status: int | None,
    stream: bool,
    chat: ChatServer,
    tmp_path: Path,
) -> None:
    began = fault is Fault.HALF and stream
    async with opened(kind, chat, tmp_path, timeout=1 if fault is Fault.SLOW else 20) as model:
        chat.behave(Behaviour(faults=(fault,)))
        once = await said(model, ask(), stream=stream)
        chat.forget()
        chat.behave(Behaviour(faults=(fault,), for_good=True))
        lasting = await said(model, ask(), stream=stream)
        calls = chat.log()["total"]
    assert once.ok != began, once.failure
    assert lasting.text is None
    assert lasting.failure is not None
    assert (lasting.failure.kind, lasting.failure.status) == (expected, status)
    assert lasting.failure.message
    assert calls == (1 if began else 2)


@pytest.mark.parametrize("kind", WIRE_SHAPES)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "expected", "status"),
    [
        (Fault.BAD_REQUEST, FailureKind.REFUSED, 400),
        (Fault.UNAUTHORIZED, FailureKind.AUTH, 401),
        (Fault.FORBIDDEN, FailureKind.AUTH, 403),
        (Fault.NOT_FOUND, FailureKind.REFUSED, 404),
        (Fault.EMPTY, FailureKind.EMPTY, None),
    ],
)
async def test_what_another_attempt_cannot_mend_is_asked_once(
    kind: str,
    fault: Fault,
    expected: FailureKind,
    status: int | None,
    stream: bool,
    chat: ChatServer,
    tmp_path: Path,
) -> None:
    chat.behave(Behaviour(faults=(fault,), for_good=True))
    async with opened(kind, chat, tmp_path, retries=3) as model:
        response = await said(model, ask(), stream=stream)
    assert response.failure is not None
    assert (response.failure.kind, response.failure.status) == (expected, status)
    assert chat.log()["total"] == 1


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        *((kind, Fault.FILTERED_PROMPT) for kind in WIRE_SHAPES),
        *((kind, fault) for kind in TELLS_FILTER for fault in (Fault.FILTERED, Fault.REFUSAL)),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_filter_is_told_as_one(
    kind: str, stream: bool, fault: Fault, chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave(Behaviour(faults=(fault,), for_good=True))
    async with opened(kind, chat, tmp_path, retries=3) as model:
        response = await said(model, ask(), stream=stream)
    assert response.failure is not None
    assert response.failure.kind is FailureKind.CONTENT_FILTER
    assert chat.log()["total"] == 1


@pytest.mark.parametrize("kind", WIRE_SHAPES)
async def test_an_error_in_the_middle_of_a_stream_is_a_failure(
    kind: str, chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave(Behaviour(faults=(Fault.STREAM_ERROR,), for_good=True))
    async with opened(kind, chat, tmp_path) as model:
        response = await said(model, ask(), stream=True)
    assert response.failure is not None
    assert response.failure.kind is FailureKind.OTHER
    assert "The server had an error" in response.failure.message


@pytest.mark.parametrize("kind", [*REMOTE, "scripted"])
@pytest.mark.parametrize("stream", [False, True])
async def test_cancellation_passes_through(kind: str, stream: bool, chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(Behaviour(faults=(Fault.SLOW,), slow=30))
    script = {"script": {"reply": ANSWER, "delay_ms": 30_000}} if kind == "scripted" else {}
    async with opened(kind, chat, tmp_path, **script) as model:
        call = asyncio.create_task(said(model, ask(), stream=stream))
        await asyncio.sleep(0.2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert call.cancelled()


@pytest.mark.parametrize("kind", REMOTE)
async def test_no_key_shows_anywhere(
    kind: str, chat: ChatServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened(kind, chat, tmp_path) as model:
        shown = [repr(model), str(model), json.dumps(model.identity(ask()))]
        for fault in (None, Fault.UNAUTHORIZED, Fault.RATE_LIMIT, Fault.GARBAGE, Fault.NOTHING, Fault.HALF):
            chat.forget()
            chat.behave(Behaviour(faults=(fault,) if fault else (), for_good=True))
            shown += [(await said(model, ask(), stream=stream)).json_line() for stream in (False, True)]
        sent = json.dumps(chat.requests())
    assert KEY in sent, "the key never reached the server, so this test shows nothing"
    assert not [text for text in [*shown, caplog.text] if KEY in text or KEY[3:] in text]


@pytest.mark.parametrize("kind", REMOTE)
async def test_an_error_that_repeats_the_key_is_cleaned(kind: str, chat: ChatServer, tmp_path: Path) -> None:
    chat.behave(Behaviour(reply=Reply.TEXT, text="fine"))
    async with opened(kind, chat, tmp_path, url=f"{chat.url}/{KEY}", base_url=None) as model:
        response = await model.generate(ask())
    assert response.failure is not None
    assert KEY not in response.json_line()


@pytest.mark.parametrize("kind", EVERY)
async def test_many_calls_at_once_each_get_their_own_answer(
    kind: str, chat: ChatServer, tmp_path: Path
) -> None:
    if kind in FREE:
        script: dict[str, Any] = {"script": {"echo": True}} if kind == "scripted" else {}
    else:
        script = {"concurrency": 5}
    chat.behave(Behaviour(reply=Reply.ECHO, delay=0.01))
    texts = [f"question {n}" for n in range(20)]
    async with opened(kind, chat, tmp_path, **script) as model:
        answers = await asyncio.gather(*(model.generate(ask(text)) for text in texts))
    assert [answer.text for answer in answers] == ([ANSWER] * 20 if kind == "recorded" else texts)
    if kind in REMOTE:
        assert chat.log()["peak"] <= 5
