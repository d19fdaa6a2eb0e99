"""Amazon Bedrock, whose library retries by itself and looks for credentials everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import rawhttp

from palestra.config.endpoint import ModelConfig
from palestra.models.base import Request
from palestra.models.registry import make_model
from palestra.records.failure import FailureKind
from palestra.records.prompt import Message

if TYPE_CHECKING:
    from palestra.records.response import Response

pytest.importorskip("boto3", reason="boto3 is not installed: pip install 'palestra[bedrock]'")

ANSWER = {
    "output": {"message": {"role": "assistant", "content": [{"text": "So."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
    "metrics": {"latencyMs": 1},
}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region, and no credentials from this machine."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


async def answer(url: str, retries: int = 0) -> Response:
    config = {
        "endpoint_type": "bedrock",
        "model": "amazon.nova-pro-v1:0",
        "base_url": url,
        "retries": retries,
    }
    model = make_model(ModelConfig.model_validate({**config, "timeout": 10, "retries": retries}), env={})
    assert model.takes_seed is False
    try:
        return await model.generate(Request("q", (Message(role="user", content="Hi"),), seed=3))
    finally:
        await model.aclose()


async def test_it_answers_and_tries_again_as_often_as_the_config_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    calls: list[str] = []

    async def serve(request: rawhttp.Request, connection: rawhttp.Connection) -> None:
        calls.append(request.path)
        if len(calls) <= 2:
            await connection.json({"message": "busy"}, status=500)
        else:
            await connection.json(ANSWER)

    with rawhttp.in_thread(serve) as url:
        first = await answer(url, retries=1)
        assert first.failure is not None
        assert (first.failure.kind, first.failure.status) == (FailureKind.OTHER, 500)
        assert len(calls) == 2
        second = await answer(url, retries=1)
    assert (second.text, second.finish_reason) == ("So.", "stop")
    assert (second.tokens_in, second.tokens_out) == (3, 2)
    assert "canary-secret" not in first.json_line()


async def test_without_credentials_it_fails_as_a_matter_of_keys() -> None:
    response = await answer("http://127.0.0.1:9", retries=3)
    assert response.failure is not None
    assert response.failure.kind is FailureKind.AUTH
