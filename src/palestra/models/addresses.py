"""Where servers are: the providers' own addresses, and one spelling for each of the others."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from palestra.config.endpoint import Endpoint, EndpointType

_OWN = {
    EndpointType.OPENAI: "https://api.openai.com/v1",
    EndpointType.ANTHROPIC: "https://api.anthropic.com",
    EndpointType.GEMINI: "https://generativelanguage.googleapis.com",
    EndpointType.OPENROUTER: "https://openrouter.ai/api/v1",
    EndpointType.HUGGINGFACE: "https://router.huggingface.co/v1",
    EndpointType.VLLM: "http://localhost:8000/v1",
    EndpointType.OLLAMA: "http://localhost:11434",
}
_PUBLIC_HOSTS = frozenset(
    host for address in _OWN.values() if (host := urlsplit(address).hostname) and host != "localhost"
)
_BARE = {
    EndpointType.ANTHROPIC: re.compile(r"/v1$"),
    EndpointType.GEMINI: re.compile(r"/v1(beta|alpha)?$"),
    EndpointType.OLLAMA: re.compile(r"/(v1|api)$"),
}
"""What a library adds itself, and so is dropped from the end."""


def base_url(config: Endpoint) -> str | None:
    """The address that is called, without a trailing slash; None where a library knows it (bedrock)."""
    if config.base_url is None:
        return _OWN.get(config.endpoint_type)
    address = config.base_url.strip().rstrip("/")
    if "://" not in address:
        address = f"http://{address}"
    bare = _BARE.get(config.endpoint_type)
    return bare.sub("", address).rstrip("/") if bare else address


def gemini_version(config: Endpoint) -> str | None:
    """The API version that ends the `base_url`, if one does."""
    found = re.search(r"/(v1(?:beta|alpha)?)/?$", (config.base_url or "").strip())
    return found[1] if found else None


def is_public(address: str | None) -> bool:
    """Whether it is a provider's own address, which needs a key and has a price list."""
    return address is not None and urlsplit(address).hostname in _PUBLIC_HOSTS
