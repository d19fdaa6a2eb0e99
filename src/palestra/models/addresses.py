"""Where servers are: the providers' own addresses, and one spelling for each of the others."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from palestra.config.schema import Endpoint, EndpointType
from palestra.errors import ConfigError

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

_SECRET = re.compile(r"key|token|secret|sig|code|password", re.IGNORECASE)


def base_url(config: Endpoint) -> str | None:
    """The address that is called, without a trailing slash; None where a library knows it (bedrock).

    Raises:
        ConfigError: it is no http or https address.
    """
    own = _OWN.get(config.endpoint_type)
    if config.base_url is None:
        return own
    address = config.base_url.strip().rstrip("/")
    if config.endpoint_type is EndpointType.OLLAMA and "://" not in address:
        address = f"http://{address}"
    check(address, "base_url")
    bare = _BARE.get(config.endpoint_type)
    return bare.sub("", address).rstrip("/") if bare else address


def check(address: str, key: str) -> None:
    """Make sure that it is an address.

    Raises:
        ConfigError: it is no http or https address.
    """
    try:
        parts = urlsplit(address)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine:
        raise ConfigError(
            f"{shown(address)!r} is not an address",
            key=key,
            hint="it begins with http:// or https://, as in http://localhost:8000/v1",
        )


def gemini_version(config: Endpoint) -> str | None:
    """The API version that ends the `base_url`, if one does."""
    found = re.search(r"/(v1(?:beta|alpha)?)/?$", (config.base_url or "").strip())
    return found[1] if found else None


def is_public(address: str | None) -> bool:
    """Whether it is a provider's own address, which needs a key and has a price list."""
    return address is not None and urlsplit(address).hostname in _PUBLIC_HOSTS


def shown(address: str) -> str:
    """The address without a user's name, password or key in it, fit for keys and messages."""
    try:
        parts = urlsplit(address)
        query = [
            pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _SECRET.search(pair[0])
        ]
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return address.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, urlencode(query), ""))


def secrets_in(address: str | None) -> tuple[str, ...]:
    """The password and the keys that stand in an address."""
    if address is None:
        return ()
    parts = urlsplit(address)
    held = [parts.password, *(value for name, value in parse_qsl(parts.query) if _SECRET.search(name))]
    return tuple(value for value in held if value)
