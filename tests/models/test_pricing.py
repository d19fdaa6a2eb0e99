from __future__ import annotations

from typing import Any

import pytest

from palestra.config.endpoint import Endpoint
from palestra.models.pricing import pricer
from palestra.models.reply import Reply

USED = Reply(tokens_in=1_000_000, tokens_out=100_000)


def endpoint(**facts: Any) -> Endpoint:
    return Endpoint.model_validate({"endpoint_type": "openai", "model": "gpt-4o", **facts})


def test_the_configs_price_counts_for_any_server() -> None:
    config = endpoint(endpoint_type="vllm", price={"input": 2.5, "output": 10})
    assert pricer(config, public=False)(USED) == pytest.approx(3.5)


def test_a_known_model_has_a_price() -> None:
    assert pricer(endpoint(), public=True)(USED) == pytest.approx(2.5 + 1.0)
    claude = endpoint(endpoint_type="anthropic", model="claude-sonnet-4-5")
    assert pricer(claude, public=True)(Reply(tokens_in=1000, tokens_out=1000)) == pytest.approx(0.018)


def test_cached_tokens_cost_less() -> None:
    price = pricer(endpoint(), public=True)
    cached = price(Reply(tokens_in=1_000_000, tokens_out=0, tokens_cached=1_000_000))
    assert cached == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("facts", "public"),
    [({}, False), ({"model": "no-such-model"}, True), ({"endpoint_type": "vllm"}, True)],
)
def test_what_is_not_known_has_no_price(facts: dict[str, Any], public: bool) -> None:
    assert pricer(endpoint(**facts), public=public)(USED) is None


def test_without_token_counts_there_is_no_cost() -> None:
    assert pricer(endpoint(), public=True)(Reply()) is None
    assert pricer(endpoint(price={"input": 1, "output": 1}), public=True)(Reply()) is None
