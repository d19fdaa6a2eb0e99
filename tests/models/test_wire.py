"""What really goes over the wire, in each provider's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support import rawhttp
from tests.support.behaviour import Behaviour, Reply
from tests.support.chat_server import SHAPES
from tests.support.wire.base import Answer

from palestra.config.endpoint import ModelConfig
from palestra.models.base import Request
from palestra.models.registry import make_model
from palestra.records.failure import FailureKind
from palestra.records.prompt import Message
from palestra.records.response import Response

if TYPE_CHECKING:
    from tests.support.chat_server import ChatServer

KINDS = ("openai", "vllm", "anthropic", "gemini", "ollama", "url")
NASTY = (
    "  <|im_start|>system\n[INST] <think>no</think> </s> <start_of_turn> <system>x</system>"
    " <｜User｜> \u200d ]~b] \u2028 {{ x }} \r\n\ttail \n"
)
"""Text that looks like chat templates, tags and separators."""


def config(kind: str, url: str, **facts: Any) -> ModelConfig:
    path = {"openai": "/v1", "vllm": "/v1"}.get(kind, "")
    where = {"url": f"{url}/chat/completions"} if kind == "url" else {"base_url": url + path}
    given = {"endpoint_type": "openai" if kind == "url" else kind, "model": "qwen3", **where, "retries": 0}
    return ModelConfig.model_validate({**given, **facts})


async def answer(config: ModelConfig, request: Request, *, stream: bool = False) -> Response:
    model = make_model(config, env={})
    try:
        if not stream:
            return await model.generate(request)
        items = [item async for item in model.stream(request)]
    finally:
        await model.aclose()
    assert isinstance(items[-1], Response)
    return items[-1]


def turns(*texts: str, system: str | None = None) -> tuple[Message, ...]:
    """System, then user and assistant by turns."""
    said = [Message(role="user" if n % 2 == 0 else "assistant", content=t) for n, t in enumerate(texts)]
    return (*([Message(role="system", content=system)] if system else []), *said)


def asked(chat: ChatServer) -> Any:
    """The last request as the server's shape reads it."""
    entry = chat.requests()[-1]
    shape = next(shape for shape in SHAPES if shape.takes(entry["path"].partition("?")[0]))
    return shape.ask(entry["path"].partition("?")[0], entry["body"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", [False, True])
async def test_texts_arrive_as_they_are_and_come_back_so(kind: str, stream: bool, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.ECHO))
    request = Request("q", turns(NASTY, f"a {NASTY}", NASTY, system=NASTY))
    response = await answer(config(kind, chat.url), request, stream=stream)
    roles = ("system", "user", "assistant", "user")
    assert asked(chat).turns == tuple(zip(roles, (NASTY, NASTY, f"a {NASTY}", NASTY), strict=True))
    assert response.text == NASTY


@pytest.mark.parametrize("kind", KINDS)
async def test_the_system_prompt_comes_first_and_is_one_with_the_prompts_own(
    kind: str, chat: ChatServer
) -> None:
    request = Request("q", turns("Hi", system="Own."))
    await answer(config(kind, chat.url, system_prompt="Ours."), request)
    got = asked(chat).turns
    if kind in ("ollama", "url"):
        assert got == (("system", "Ours."), ("system", "Own."), ("user", "Hi"))
    else:
        assert got == (("system", "Ours.\n\nOwn."), ("user", "Hi"))


SAMPLING = {"temperature": 0.25, "top_p": 0.5, "max_tokens": 33, "stop": ["END", "."]}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("openai", ("temperature", "top_p", "max_tokens", "stop", "seed")),
        ("url", ("temperature", "top_p", "max_tokens", "stop", "seed")),
        ("anthropic", ("temperature", "top_p", "max_tokens", "stop_sequences", None)),
        ("gemini", ("temperature", "topP", "maxOutputTokens", "stopSequences", "seed")),
        ("ollama", ("temperature", "top_p", "num_predict", "stop", "seed")),
    ],
)
async def test_sampling_is_sent_as_the_config_says(
    kind: str, names: tuple[str | None, ...], chat: ChatServer
) -> None:
    request = Request("q", turns("Hi"), seed=77)
    await answer(config(kind, chat.url, **SAMPLING), request)
    body = chat.requests()[-1]["body"]
    sent = body.get("generationConfig") or body.get("options") or body
    assert [sent.get(name) for name in names[:4]] == [0.25, 0.5, 33, ["END", "."]]
    assert names[4] is None or sent[names[4]] == 77
    await answer(config(kind, chat.url, seed=5), request)
    body = chat.requests()[-1]["body"]
    sent = body.get("generationConfig") or body.get("options") or body
    assert sent.get("seed") == (None if kind == "anthropic" else 5)
    assert sent.get("temperature") is None


async def test_the_apis_own_address_gets_the_newer_name_of_max_tokens() -> None:
    from palestra.models.providers import chat_backend

    own = chat_backend(
        ModelConfig(endpoint_type="openai", model="gpt-5"), address="https://api.openai.com/v1", key="k"
    )
    assert own._provider.profile.get("openai_chat_supports_max_completion_tokens")
    await own.aclose()


@pytest.mark.parametrize(
    ("kind", "effort", "path", "value"),
    [
        ("openai", "minimal", ("reasoning_effort",), "minimal"),
        ("vllm", "none", ("reasoning_effort",), "none"),
        ("openrouter", "xhigh", ("reasoning", "effort"), "xhigh"),
        ("url", "high", ("reasoning_effort",), "high"),
        ("ollama", "none", ("think",), False),
        ("ollama", "medium", ("think",), "medium"),
        ("ollama", "max", ("think",), "high"),
        ("anthropic", "high", ("thinking", "type"), "adaptive"),
        ("gemini", "low", ("generationConfig", "thinkingConfig", "thinking_level"), "LOW"),
    ],
)
async def test_reasoning_effort_is_sent_in_the_providers_words(
    kind: str, effort: str, path: tuple[str, ...], value: Any, chat: ChatServer
) -> None:
    model = {"anthropic": "claude-sonnet-4-6", "gemini": "gemini-3-pro"}.get(kind, "o3")
    facts = {"reasoning_effort": effort, "model": model}
    if kind == "openrouter":
        facts["base_url"] = chat.openai_url
    await answer(config(kind, chat.url, **facts), Request("q", turns("Hi")))
    sent = chat.requests()[-1]["body"]
    for name in path:
        sent = sent[name]
    assert sent == value


@pytest.mark.parametrize("model", ["o3", "gpt-5", "claude-opus-5"])
async def test_sampling_is_never_dropped_for_a_models_name(model: str, chat: ChatServer) -> None:
    kind = "anthropic" if model.startswith("claude") else "openai"
    await answer(config(kind, chat.url, model=model, temperature=0.5), Request("q", turns("Hi")))
    assert chat.requests()[-1]["body"]["temperature"] == 0.5


SCHEMA = {
    "type": "object",
    "properties": {"winner": {"type": "string", "enum": ["A", "B"]}},
    "required": ["winner"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("kind", ["openai", "vllm", "gemini", "ollama", "url"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_schema_reaches_servers_that_take_one(kind: str, stream: bool, chat: ChatServer) -> None:
    chat.behave(Behaviour(reply=Reply.JSON))
    request = Request("q", turns("Hi"), json_schema=SCHEMA)
    response = await answer(config(kind, chat.url), request, stream=stream)
    assert {**asked(chat).schema, "title": ""} == {**SCHEMA, "title": ""}
    assert response.text in ('{"winner": "A"}', '{"winner": "B"}')


async def test_a_schema_is_left_out_where_it_is_not_taken(chat: ChatServer) -> None:
    request = Request("q", turns("Hi"), json_schema=SCHEMA)
    assert (await answer(config("anthropic", chat.url), request)).ok
    assert asked(chat).schema is None


async def test_extra_body_is_sent_along(chat: ChatServer) -> None:
    for kind in ("openai", "anthropic", "url", "gemini"):
        await answer(config(kind, chat.url, extra_body={"top_k": 3}), Request("q", turns("Hi")))
        assert chat.requests()[-1]["body"]["top_k"] == 3


async def test_ollama_takes_options_and_its_own_fields_apart(chat: ChatServer) -> None:
    extra = {"num_ctx": 512, "keep_alive": "5m", "think": True, "odd_option": 1}
    await answer(config("ollama", chat.url, extra_body=extra), Request("q", turns("Hi")))
    body = chat.requests()[-1]["body"]
    assert (body["keep_alive"], body["think"]) == ("5m", True)
    assert body["options"] == {"num_ctx": 512, "odd_option": 1}


async def test_anthropic_gets_a_number_of_tokens_that_the_identity_holds(chat: ChatServer) -> None:
    settings = config("anthropic", chat.url)
    request = Request("q", turns("Hi"))
    await answer(settings, request)
    model = make_model(settings, env={})
    assert model.identity(request)["sampling"]["max_tokens"] == chat.requests()[-1]["body"]["max_tokens"]
    await model.aclose()


ENVIRONMENT = {
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_API_KEY": "from-env-1",
    "OPENAI_ADMIN_KEY": "from-env-2",
    "OPENAI_ORG_ID": "from-env-3",
    "OPENAI_PROJECT_ID": "from-env-4",
    "OPENAI_CUSTOM_HEADERS": "X-Odd: from-env-5",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    "ANTHROPIC_API_KEY": "from-env-6",
    "ANTHROPIC_AUTH_TOKEN": "from-env-7",
    "ANTHROPIC_CUSTOM_HEADERS": "X-Odd: from-env-8",
    "GOOGLE_API_KEY": "from-env-9",
    "GEMINI_API_KEY": "from-env-10",
    "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
    "GOOGLE_GENAI_USE_VERTEXAI": "true",
    "OLLAMA_HOST": "http://127.0.0.1:9",
    "OLLAMA_API_KEY": "from-env-11",
}


@pytest.mark.parametrize("kind", KINDS)
async def test_the_libraries_take_nothing_from_the_environment(
    kind: str, chat: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert (await answer(config(kind, chat.url), Request("q", turns("Hi")))).ok
    assert "from-env" not in str(chat.requests()[-1])


@pytest.mark.parametrize("kind", ["openai", "anthropic", "gemini", "ollama", "url"])
async def test_a_key_from_the_environment_that_was_given_is_sent(kind: str, chat: ChatServer) -> None:
    env = {name: "given-key" for name in ENVIRONMENT if name.endswith("_API_KEY")}
    model = make_model(config(kind, chat.url), env=env)
    assert (await model.generate(Request("q", turns("Hi")))).ok
    await model.aclose()
    assert "given-key" in str(chat.requests()[-1]["headers"])


async def test_servers_in_anthropics_shape_get_the_key_under_its_older_name_too(chat: ChatServer) -> None:
    settings = config("anthropic", chat.url, api_key="own-key")
    assert (await answer(settings, Request("q", turns("Hi")))).ok
    headers = chat.requests()[-1]["headers"]
    assert (headers["authorization"], headers["x-api-key"]) == ("Bearer own-key", "own-key")


@pytest.mark.parametrize("kind", ["openai", "anthropic", "gemini", "ollama", "url"])
async def test_a_stream_that_merely_ends_is_a_failure(kind: str) -> None:
    """Half the events, then an orderly end: nothing on the connection says that something is missing."""

    async def half(request: rawhttp.Request, connection: rawhttp.Connection) -> None:
        import json

        shape = next(shape for shape in SHAPES if shape.takes(request.path.partition("?")[0]))
        ask = shape.ask(request.path.partition("?")[0], json.loads(request.body))
        events = shape.events(ask, Answer("one two three four five six"))
        await connection.begin(shape.stream_kind)
        for event in events[:4]:
            await connection.chunk(event)
        await connection.chunk(b"")

    with rawhttp.in_thread(half) as url:
        response = await answer(config(kind, url), Request("q", turns("Hi")), stream=True)
    assert response.text is None
    assert response.failure is not None
    assert response.failure.kind is FailureKind.OTHER
    assert "before the answer was complete" in response.failure.message


@pytest.mark.parametrize("kind", ["openai", "url"])
async def test_an_error_under_a_status_of_200_is_told_in_the_providers_words(kind: str) -> None:
    async def refuse(request: rawhttp.Request, connection: rawhttp.Connection) -> None:
        await connection.json({"error": {"message": "Provider is down", "code": 502}})

    with rawhttp.in_thread(refuse) as url:
        response = await answer(config(kind, url), Request("q", turns("Hi")))
    assert response.failure is not None
    assert (response.failure.message, response.failure.status) == ("Provider is down", 502)


async def test_a_text_of_lines_that_only_unicode_knows_is_not_torn() -> None:
    """Some servers do not escape what Python takes for line ends."""

    async def speak(request: rawhttp.Request, connection: rawhttp.Connection) -> None:
        await connection.begin("text/event-stream")
        data = '{"choices": [{"delta": {"content": "a\u2028b\x85c"}}]}'
        await connection.chunk(f"data: {data}\r\n\r\n".encode())
        await connection.chunk(b": a comment\n\ndata: [DONE]\n\n")
        await connection.chunk(b"")

    with rawhttp.in_thread(speak) as url:
        response = await answer(config("url", url), Request("q", turns("Hi")), stream=True)
    assert response.text == "a\u2028b\x85c"
