"""Log-probabilities over HTTP: from a real llama-server, and from servers that give none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.judges.making import game, matchup
from tests.support import require
from tests.support.gguf import write_corpus

from palestra.config.judge import JudgeConfig
from palestra.errors import ConfigError
from palestra.judges.llm import LLMJudge
from palestra.judges.registry import make_judge
from palestra.records.failure import FailureKind
from palestra.records.matchup import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.chat_server import ChatServer


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a llama-server whose model says m three times out of four, else M."""
    from tests.support.llama import serving

    folder = tmp_path_factory.mktemp("letters")
    write_corpus(folder / "letters.gguf", {"m": 3, "M": 1})
    with serving(require.llama_server(), folder / "letters.gguf", folder / "llama.log") as url:
        yield f"{url}/v1"


def judge(**fields: Any) -> LLMJudge:
    given = {"label": "J", "endpoint_type": "openai", "model": "letters", "protocol": "alpaca-eval"}
    made = make_judge(JudgeConfig.model_validate({**given, **fields}), env={})
    assert isinstance(made, LLMJudge)
    return made


@pytest.mark.parametrize("shape", ["base_url", "url"])
async def test_a_real_servers_chances_are_the_share(letters: str, shape: str) -> None:
    where = {"base_url": letters} if shape == "base_url" else {"url": f"{letters}/chat/completions"}
    asking = judge(**where)
    try:
        verdicts = [await asking.judge(game(order=order)) for order in (Order.AB, Order.BA)]
    finally:
        await asking.aclose()
    for verdict, share in zip(verdicts, (0.75, 0.25), strict=True):
        assert verdict.failure is None, verdict.failure
        assert verdict.pref == pytest.approx(share, abs=1e-4)
        assert verdict.tokens_out == 1
        assert verdict.raw is not None
        assert '"top_logprobs"' in verdict.raw


async def test_a_server_without_log_probabilities_is_asked_once_and_told(chat: ChatServer) -> None:
    asking = judge(base_url=chat.openai_url)
    verdict = await asking.judge(game())
    await asking.aclose()
    assert verdict.failure is not None
    assert verdict.failure.kind is FailureKind.UNREADABLE
    assert "no log-probabilities" in verdict.failure.message
    [request] = chat.requests()
    body = request["body"]
    assert (body["logprobs"], body["top_logprobs"], body["max_tokens"], body["temperature"]) == (
        True,
        5,
        1,
        1,
    )


async def test_equal_answers_tie_without_a_call(chat: ChatServer) -> None:
    asking = judge(base_url=chat.openai_url)
    verdict = await asking.judge(game(matchup("Four.", "Four.")))
    await asking.aclose()
    assert (verdict.winner, verdict.pref) == ("tie", 0.5)
    assert chat.log()["total"] == 0


@pytest.mark.parametrize("kind", ["anthropic", "gemini", "ollama"])
def test_an_endpoint_that_gives_none_is_refused_at_once(kind: str) -> None:
    with pytest.raises(ConfigError, match="log-probabilities"):
        judge(endpoint_type=kind)


def test_what_the_config_says_is_not_overridden(letters: str) -> None:
    assert judge(base_url=letters).key(game()) != judge(base_url=letters, max_tokens=2).key(game())
