"""What an Ollama lacks is found, and fetched with its progress, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour
from tests.support.fronts import LAYERS, fronts_app
from tests.support.ports import free_port
from tests.support.serve import serve

from palestra.config.endpoint import ModelConfig
from palestra.config.judge import JudgeConfig
from palestra.errors import EndpointError
from palestra.run.pull import Missing, missing_models, not_there, ollama_address, pull_models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.chat_server import ChatServer

    from palestra.models.ollama_pull import Pulled


@pytest.fixture
def ollama(chat: ChatServer) -> Iterator[str]:
    """An Ollama with `small` and `llama3.2:latest`, to which `big` can be pulled."""
    chat.behave({name: Behaviour() for name in ("small", "llama3.2:latest", "big")})
    with serve(fronts_app(chat.openai_url, unpulled=["big"])) as url:
        yield url


def entry(url: str, model: str, **fields: Any) -> ModelConfig:
    return ModelConfig(endpoint_type="ollama", model=model, base_url=url, **fields)


async def test_what_is_not_there_is_found_once_for_all_who_want_it(ollama: str) -> None:
    judge = JudgeConfig(endpoint_type="ollama", model="big", base_url=f"{ollama}/v1", label="Judge")
    models = [entry(ollama, name, label=name.upper()) for name in ("small", "llama3.2", "big", "gone:1b")]
    found = await missing_models([*models, judge], {})
    assert [(m.model, m.labels) for m in found] == [("big", ("BIG", "Judge")), ("gone:1b", ("GONE:1B",))]
    told = str(not_there(found))
    assert f"BIG, Judge: {ollama} has no model big" in told
    assert (
        "`palestra run --pull` fetches them first; so would `ollama pull big` and `ollama pull gone" in told
    )


async def test_a_pull_tells_how_far_it_is_and_the_model_is_there(ollama: str) -> None:
    missing = await missing_models([entry(ollama, "big")], {})
    steps: list[tuple[Missing, Pulled]] = []
    await pull_models(missing, lambda each, pulled: steps.append((each, pulled)))
    assert {each for each, _ in steps} == set(missing)
    statuses = list(dict.fromkeys(pulled.status for _, pulled in steps))
    assert statuses == ["pulling manifest", "pulling", "verifying sha256 digest", "success"]
    done = [pulled.done for _, pulled in steps]
    assert done == sorted(done)
    assert steps[-1][1].done == steps[-1][1].total == sum(LAYERS.values())
    assert await missing_models([entry(ollama, "big")], {}) == []


@pytest.mark.parametrize(
    ("model", "why"), [("missing", "file does not exist"), ("broken", "max retries exceeded: unexpected EOF")]
)
async def test_what_cannot_be_pulled_is_an_error_that_says_why(model: str, why: str, ollama: str) -> None:
    missing = await missing_models([entry(ollama, model)], {})
    with pytest.raises(EndpointError, match=f"{model} could not be pulled to {ollama}: .*{why}") as raised:
        await pull_models(missing, lambda each, pulled: None)
    assert raised.value.hint is not None


async def test_an_exact_address_counts_where_an_ollama_answers_beside_it(
    ollama: str, chat: ChatServer
) -> None:
    own = {"endpoint_type": "vllm", "model": "big"}
    for route in ("/v1/chat/completions", "/api/chat"):
        found = await missing_models([ModelConfig(url=ollama + route, **own)], {})
        assert [(m.model, m.host.address) for m in found] == [("big", ollama)]
    other = f"http://127.0.0.1:{free_port()}/v1/chat/completions"
    assert await missing_models([ModelConfig(url=other, **own)], {}) == [], "nobody there"


def test_providers_metrics_and_other_servers_are_no_ollama() -> None:
    openai = {"endpoint_type": "openai", "url": "https://api.openai.com/v1/chat/completions"}
    assert ollama_address(ModelConfig(model="m", **openai)) is None
    assert ollama_address(ModelConfig(model="m", endpoint_type="vllm")) is None
    assert ollama_address(ModelConfig(model="m", endpoint_type="vllm", url="http://h/generate")) is None
    assert ollama_address(JudgeConfig(metric="exact")) is None
    assert ollama_address(ModelConfig(model="m", endpoint_type="ollama")) == "http://localhost:11434"
