"""From an endpoint in the config to a `Model`. Backends are imported when one is wanted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from palestra.config.address import secrets_in
from palestra.config.endpoint import Endpoint, EndpointType
from palestra.models import addresses, sampling
from palestra.models.keys import find_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.models.base import Model
    from palestra.models.wire import Backend


def make_model(
    config: Endpoint, *, env: Mapping[str, str] | None = None, base_dir: Path | None = None
) -> Model:
    """The model of an endpoint. Nothing is called yet, but a recorded model's file is read.

    `env` is where API keys are looked up (default: the process's environment); `base_dir` is where a
    relative `path` starts (default: the working folder).

    Raises:
        ConfigError: a script cannot be followed.
        DataError: the file of a recorded model cannot be used.
        EndpointError: a key or an extra is missing.
    """
    if config.endpoint_type is EndpointType.RECORDED:
        from palestra.models.recorded import recorded_model

        return recorded_model(config, base_dir or Path())
    if config.endpoint_type is EndpointType.SCRIPTED:
        from palestra.models.scripted import scripted_model

        return scripted_model(config)
    return _remote(config, os.environ if env is None else env)


def _remote(config: Endpoint, env: Mapping[str, str]) -> Model:
    from palestra.models.failures import Redactor
    from palestra.models.limits import Limits
    from palestra.models.pricing import pricer
    from palestra.models.remote import RemoteModel

    address = addresses.base_url(config) if config.url is None else config.url
    key = find_key(config, env, address)
    public = addresses.is_public(address) or config.endpoint_type is EndpointType.BEDROCK
    secrets = (*((key,) if key else ()), *secrets_in(address))
    return RemoteModel(
        config.label,
        _backend(config, address, key),
        identity=sampling.identity(config, address),
        takes_seed=sampling.takes_seed(config),
        limits=Limits(
            concurrency=config.concurrency,
            requests_per_minute=config.requests_per_minute,
            retries=config.retries,
        ),
        timeout=config.timeout,
        pricer=pricer(config, public=public),
        redactor=Redactor(secrets),
    )


def _backend(config: Endpoint, address: str | None, key: str | None) -> Backend:
    if config.url is not None:
        from palestra.models.openai_url import UrlBackend

        return UrlBackend(config, key)
    if config.endpoint_type is EndpointType.OLLAMA:
        from palestra.models.ollama import OllamaBackend

        return OllamaBackend(config, address, key)
    from palestra.models.providers import chat_backend

    return chat_backend(config, address=address, key=key)
