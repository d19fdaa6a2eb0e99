"""API keys: where they come from, and who needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.config.address import secrets_in
from palestra.config.endpoint import Endpoint, EndpointType
from palestra.errors import EndpointError
from palestra.models.addresses import is_public

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLACEHOLDER = "no-key"
"""Sent where a library insists on a key and the server needs none."""

_VARIABLES: dict[EndpointType, tuple[str, ...]] = {
    EndpointType.OPENAI: ("OPENAI_API_KEY",),
    EndpointType.ANTHROPIC: ("ANTHROPIC_API_KEY",),
    EndpointType.GEMINI: ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    EndpointType.OPENROUTER: ("OPENROUTER_API_KEY",),
    EndpointType.HUGGINGFACE: ("HF_TOKEN",),
    EndpointType.OLLAMA: ("OLLAMA_API_KEY",),
    EndpointType.VLLM: ("VLLM_API_KEY",),
}


def find_key(config: Endpoint, env: Mapping[str, str], address: str | None) -> str | None:
    """The key for an endpoint: `api_key`, else the variable `api_key_env`, else the provider's usual one.

    None where there is none and the server at `address` is one's own, which may need none.

    Raises:
        EndpointError: there is none, and it was named or a provider needs it; or it cannot be sent.
    """
    if config.api_key is not None and (given := config.api_key.get_secret_value().strip()):
        return _sendable(given, config.label, "`api_key`")
    names = (config.api_key_env,) if config.api_key_env else _VARIABLES.get(config.endpoint_type, ())
    for name in names:
        if found := env.get(name, "").strip():
            return _sendable(found, config.label, name)
    if config.api_key_env or is_public(address):
        raise EndpointError(
            f"{config.label}: no API key: {' or '.join(names)} is not set",
            hint=f"set {names[0]} in the environment or a .env file, or name another one in `api_key_env`",
        )
    return None


def _sendable(key: str, label: str, where: str) -> str:
    """The key, which goes into an HTTP header: printable ASCII."""
    if key.isascii() and key.isprintable():
        return key
    raise EndpointError(
        f"{label}: the API key in {where} holds a character that no key can hold",
        hint="copy it anew; quotation marks, dashes and blanks change when texts are edited",
    )


def keys_in_use(endpoints: Sequence[Endpoint], env: Mapping[str, str]) -> tuple[str, ...]:
    """Every key that these endpoints may send: for hiding them, never for showing them."""
    named = {entry.api_key_env for entry in endpoints if entry.api_key_env}
    names = named.union(*_VARIABLES.values())
    inline = [entry.api_key.get_secret_value().strip() for entry in endpoints if entry.api_key is not None]
    found = [*inline, *(env.get(name, "").strip() for name in names)]
    addresses = [address for entry in endpoints for address in (entry.base_url, entry.url)]
    found += [secret for address in addresses for secret in secrets_in(address)]
    return tuple(sorted({key for key in found if key}))
