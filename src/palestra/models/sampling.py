"""What of an endpoint's settings shapes its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.config.address import shown
from palestra.config.endpoint import EndpointType

if TYPE_CHECKING:
    from palestra.config.endpoint import Endpoint

_SEEDLESS = frozenset({EndpointType.ANTHROPIC, EndpointType.BEDROCK})
_ANTHROPIC_MAX_TOKENS = 16384
"""That API wants a number; this one is short enough that its library does not insist on streaming."""


def takes_seed(config: Endpoint) -> bool:
    """Whether the endpoint's wire shape has a seed."""
    return config.url is not None or config.endpoint_type not in _SEEDLESS


def max_tokens(config: Endpoint) -> int | None:
    """The config's `max_tokens`; 16,384 for `anthropic` without one; None to let the server decide."""
    if config.max_tokens is None and config.endpoint_type is EndpointType.ANTHROPIC and config.url is None:
        return _ANTHROPIC_MAX_TOKENS
    return config.max_tokens


def identity(config: Endpoint, address: str | None) -> dict[str, Any]:
    """What of an endpoint at `address` could change an answer, as JSON data; what is not set is left out."""
    sampling = {
        "system_prompt": config.system_prompt,
        "temperature": config.temperature,
        "top_p": config.top_p,
        "max_tokens": max_tokens(config),
        "seed": config.seed if takes_seed(config) else None,
        "stop": list(config.stop) or None,
        "reasoning_effort": config.reasoning_effort,
        "extra_body": dict(config.extra_body) or None,
    }
    return {
        "endpoint_type": config.endpoint_type.value,
        "model": config.model,
        "base_url" if config.url is None else "url": None if address is None else shown(address),
        "sampling": {name: value for name, value in sampling.items() if value is not None},
    }
