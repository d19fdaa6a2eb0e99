from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from palestra.config.endpoint import ModelConfig
from palestra.config.judge import JudgeConfig
from palestra.errors import EndpointError
from palestra.models.base import Model, Request
from palestra.models.registry import make_model
from palestra.records.prompt import Message

REQUEST = Request("q1", (Message(role="user", content="Hello?"),))


def made(env: dict[str, str] | None = None, **facts: Any) -> Model:
    config = {"endpoint_type": "openai", "model": "m", **facts}
    return make_model(ModelConfig.model_validate(config), env=env or {}, base_dir=Path())


@pytest.mark.parametrize(
    ("kind", "variable"),
    [
        ("openai", "OPENAI_API_KEY"),
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("gemini", "GEMINI_API_KEY"),
        ("gemini", "GOOGLE_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"),
        ("huggingface", "HF_TOKEN"),
    ],
)
async def test_a_provider_needs_its_key(kind: str, variable: str) -> None:
    with pytest.raises(EndpointError, match=variable) as caught:
        made(endpoint_type=kind)
    assert caught.value.exit_code == 5
    with pytest.raises(EndpointError):
        made({variable: "  "}, endpoint_type=kind)
    await made({variable: "k-123456"}, endpoint_type=kind).aclose()
    await made(endpoint_type=kind, api_key="k-123456").aclose()


@pytest.mark.parametrize("key", ["k\u2011canary", "k-canary\nX: y", "\N{LEFT DOUBLE QUOTATION MARK}canary"])
def test_a_key_that_cannot_be_sent_is_told_and_not_shown(key: str) -> None:
    with pytest.raises(EndpointError, match="the API key in OPENAI_API_KEY holds a character") as caught:
        made({"OPENAI_API_KEY": key})
    assert "canary" not in str(caught.value)
    with pytest.raises(EndpointError, match="the API key in `api_key` holds a character"):
        made(endpoint_type="vllm", url="http://h/v1/chat/completions", api_key=key)


@pytest.mark.parametrize("address", ["https://api.openai.com/v1/", "https://openrouter.ai/api/v1"])
def test_a_provider_needs_its_key_by_any_name(address: str) -> None:
    with pytest.raises(EndpointError, match="OPENAI_API_KEY"):
        made(base_url=address)
    with pytest.raises(EndpointError, match="OPENAI_API_KEY"):
        made(url=f"{address}chat/completions")


@pytest.mark.parametrize(
    "facts",
    [
        {"base_url": "http://localhost:1/v1"},
        {"url": "http://10.0.0.3/chat"},
        {"endpoint_type": "vllm"},
        {"endpoint_type": "ollama"},
        {"endpoint_type": "anthropic", "base_url": "http://localhost:1"},
        {"endpoint_type": "gemini", "base_url": "http://localhost:1"},
        {"endpoint_type": "scripted"},
    ],
)
async def test_a_server_of_ones_own_needs_no_key(facts: dict[str, Any]) -> None:
    await made(**facts).aclose()


def test_a_variable_that_is_named_must_be_set() -> None:
    with pytest.raises(EndpointError, match="MY_KEY is not set"):
        made({"OPENAI_API_KEY": "k-123456"}, api_key_env="MY_KEY", base_url="http://localhost:1/v1")


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("openai", ["https://api.openai.com/v1", "https://api.openai.com/v1/", None]),
        ("vllm", ["http://localhost:8000/v1", " http://localhost:8000/v1/ ", None]),
        ("anthropic", ["http://host:1", "http://host:1/", "http://host:1/v1", "http://host:1/v1/"]),
        ("gemini", ["http://host:1", "http://host:1/v1beta/"]),
        ("ollama", ["http://localhost:11434", "localhost:11434", "http://localhost:11434/v1/", None]),
    ],
)
async def test_an_address_has_one_identity_however_it_is_spelled(
    kind: str, spellings: list[str | None]
) -> None:
    models = [made(endpoint_type=kind, base_url=spelling, api_key="k-123456") for spelling in spellings]
    assert len({json.dumps(model.identity(REQUEST)) for model in models}) == 1
    for model in models:
        await model.aclose()


async def test_the_identity_holds_what_shapes_answers_and_nothing_else() -> None:
    shaping: list[dict[str, Any]] = [
        {},
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"max_tokens": 5},
        {"seed": 5},
        {"stop": ["x"]},
        {"system_prompt": "Be brief."},
        {"reasoning_effort": "low"},
        {"extra_body": {"top_k": 1}},
        {"model": "other"},
        {"base_url": "http://host:2/v1"},
        {"endpoint_type": "vllm"},
    ]
    other: list[dict[str, Any]] = [
        {"label": "x"},
        {"api_key": "sk-abcdefgh"},
        {"timeout": 1},
        {"retries": 0},
        {"concurrency": 2},
        {"requests_per_minute": 9},
        {"price": {"input": 1, "output": 1}},
    ]
    own: dict[str, Any] = {"base_url": "http://host:1/v1"}
    identities = [made(**{**own, **facts}).identity(REQUEST) for facts in shaping]
    assert len({json.dumps(identity) for identity in identities}) == len(shaping)
    for facts in other:
        assert made(**own, **facts).identity(REQUEST) == identities[0]
    schema = Request("q1", REQUEST.messages, json_schema={"type": "object"})
    assert made(**own).identity(schema) != identities[0]


async def test_a_secret_in_an_address_is_no_part_of_the_identity() -> None:
    model = made(url="https://host/chat?api-key=hunter33&version=2")
    assert model.identity(REQUEST)["url"] == "https://host/chat?version=2"
    assert "hunter" not in repr(model)


async def test_a_judges_endpoint_makes_a_model_too() -> None:
    config = JudgeConfig.model_validate({"endpoint_type": "scripted", "label": "J", "script": {"reply": "A"}})
    assert (await make_model(config).generate(REQUEST)).text == "A"


def test_bedrock_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    for name in [name for name in sys.modules if name.startswith("pydantic_ai.") and "bedrock" in name]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(EndpointError, match="boto3") as caught:
        made(endpoint_type="bedrock")
    assert "palestra[bedrock]" in str(caught.value)


def test_bedrock_without_a_region_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    with pytest.raises(EndpointError, match="no AWS region") as caught:
        made(endpoint_type="bedrock")
    assert "AWS_DEFAULT_REGION" in str(caught.value)
