"""What a call cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from palestra.config.endpoint import EndpointType
from palestra.models import addresses

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.config.endpoint import Endpoint, Price
    from palestra.models.reply import Reply

    Pricer = Callable[[Reply], float | None]

_PROVIDERS = {
    EndpointType.OPENAI: "openai",
    EndpointType.ANTHROPIC: "anthropic",
    EndpointType.GEMINI: "google",
    EndpointType.OPENROUTER: "openrouter",
    EndpointType.BEDROCK: "aws",
}
"""genai-prices' names of those who publish prices."""


class _Known(Protocol):
    def __call__(self, tokens_in: int, tokens_out: int, tokens_cached: int) -> float: ...


def has_list_price(config: Endpoint) -> bool:
    """Whether calls go to a provider's own address, where they cost what the provider asks."""
    if config.endpoint_type is EndpointType.BEDROCK:
        return True
    return config.url is None and addresses.is_public(addresses.base_url(config))


def expected_cost(config: Endpoint, tokens_in: float, tokens_out: float) -> float | None:
    """What a call of that size would cost in USD; None if no price is known."""
    from palestra.models.reply import Reply

    reply = Reply(tokens_in=round(tokens_in), tokens_out=round(tokens_out))
    return pricer(config, public=has_list_price(config))(reply)


def pricer(config: Endpoint, *, public: bool) -> Pricer:
    """A function from a reply to its price in USD; None where the price or the tokens are not known.

    The config's `price` counts; else genai-prices' list, for a provider's own address (`public`). A
    server of one's own has no price.
    """
    if config.price is not None:
        return _of_price(config.price)
    provider = _PROVIDERS.get(config.endpoint_type)
    return _Listed(provider, config.model) if public and provider else _unknown


def _unknown(reply: Reply) -> float | None:
    return None


def _of_price(price: Price) -> Pricer:
    def cost(reply: Reply) -> float | None:
        if reply.tokens_in is None and reply.tokens_out is None:
            return None
        tokens = (reply.tokens_in or 0) * price.input + (reply.tokens_out or 0) * price.output
        return tokens / 1e6

    return cost


class _Listed:
    """genai-prices' price of one model, looked up once."""

    def __init__(self, provider: str, model: str) -> None:
        self._price = _look_up(provider, model)

    def __call__(self, reply: Reply) -> float | None:
        if self._price is None or (reply.tokens_in is None and reply.tokens_out is None):
            return None
        return self._price(reply.tokens_in or 0, reply.tokens_out or 0, reply.tokens_cached)


def _look_up(provider: str, model: str) -> _Known | None:
    from genai_prices import Usage
    from genai_prices.data_snapshot import get_snapshot

    try:
        found_provider, info = get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None

    def price(tokens_in: int, tokens_out: int, tokens_cached: int) -> float:
        usage = Usage(
            input_tokens=tokens_in, output_tokens=tokens_out, cache_read_tokens=tokens_cached or None
        )
        return float(info.calc_price(usage, found_provider).total_price)

    return price
