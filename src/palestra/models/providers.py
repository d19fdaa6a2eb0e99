"""pydantic-ai's model of each endpoint type, set up so that only the config decides what is sent.

Each library would otherwise read addresses, organisations and headers from its own environment
variables, retry by itself, drop sampling that it thinks a model does not take, and put a zero-width
joiner into texts that look like chat-template tokens. Here none does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import httpx2
from pydantic_ai.exceptions import UserError
from pydantic_ai.profiles import ModelProfile, merge_profile
from pydantic_ai.profiles.openai import OpenAIModelProfile

from palestra.config.endpoint import Endpoint, EndpointType
from palestra.errors import EndpointError
from palestra.models.addresses import gemini_version, is_public
from palestra.models.chat import TINY, ChatBackend
from palestra.models.keys import PLACEHOLDER
from palestra.models.sampling import max_tokens, takes_seed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pydantic_ai.models import Model as Provider
    from pydantic_ai.profiles import ModelProfileSpec

_CONNECT_SECONDS = 30.0
_NO_TAGS = ("\x00<think>", "\x00</think>")
"""Tags that no answer holds: `models/thinking.py` cuts thinking out, the same way for every provider."""

_VERBATIM = ModelProfile(
    may_tokenize_special_tokens_in_content=False,
    default_framing_announcement="never",
    thinking_tags=_NO_TAGS,
)


@dataclass(frozen=True, slots=True)
class _Made:
    provider: Provider
    close: Callable[[], Awaitable[None]]


def chat_backend(config: Endpoint, *, address: str | None, key: str | None) -> ChatBackend:
    """The backend of an endpoint at `address` (None: where the library knows it).

    Raises:
        EndpointError: an extra is not installed, or the library refuses the settings.
    """
    made = _MAKERS.get(config.endpoint_type, _openai)(config, address or "", key)
    settings = _settings(config)
    tiny = {name: value for name, value in settings.items() if name not in _REASONING} | {"max_tokens": TINY}
    return ChatBackend(
        made.provider,
        system_prompt=config.system_prompt,
        settings=settings,
        tiny_settings=tiny,
        takes_seed=takes_seed(config),
        close=made.close,
    )


_REASONING = ("thinking", "openai_reasoning_effort")


def _settings(config: Endpoint) -> Mapping[str, Any]:
    """The config's sampling in pydantic-ai's words."""
    kind = config.endpoint_type
    settings: dict[str, Any] = {
        "temperature": config.temperature,
        "top_p": config.top_p,
        "max_tokens": max_tokens(config),
        "seed": config.seed if takes_seed(config) else None,
        "stop_sequences": list(config.stop) or None,
    }
    extra = dict(config.extra_body)
    effort = config.reasoning_effort
    if effort is not None and kind is EndpointType.OPENROUTER:
        extra.setdefault("reasoning", {"effort": effort})
    elif effort is not None and kind in _MAKERS:
        settings["thinking"] = False if effort == "none" else effort
    elif effort is not None:
        settings["openai_reasoning_effort"] = effort
    if extra and kind is not EndpointType.GEMINI:
        settings["extra_body"] = extra
    return {name: value for name, value in settings.items() if value is not None}


def _http(config: Endpoint) -> httpx2.AsyncClient:
    """The one client of a model. How many connections it has is for `limits.py` to say."""
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(config.timeout, connect=min(config.timeout, _CONNECT_SECONDS), pool=None),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=config.concurrency),
    )


def _openai(config: Endpoint, address: str, key: str | None) -> _Made:
    from openai import AsyncOpenAI
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    from palestra.models.openai_chat import ForgivingChatModel

    http = _http(config)
    client = AsyncOpenAI(
        api_key=key or PLACEHOLDER, base_url=address, max_retries=0, timeout=http.timeout, http_client=http
    )
    client.organization = client.project = client.admin_api_key = None
    client._custom_headers = {}
    own = config.endpoint_type is EndpointType.OPENAI and is_public(address)
    profile = OpenAIModelProfile(
        supports_json_schema_output=True,
        openai_chat_supports_max_completion_tokens=own,
        openai_supports_strict_tool_definition=own,
        openai_supports_reasoning=False,
        openai_system_prompt_role="system",
        openai_unsupported_model_settings=(),
    )
    model = ForgivingChatModel(
        config.model,
        provider=OpenAICompatibleProvider(config.endpoint_type.value, openai_client=client),
        profile=_profile(cast("ModelProfile", profile), json_transformer=own),
    )
    return _Made(model, http.aclose)


def _profile(own: ModelProfile, *, json_transformer: bool = True) -> ModelProfileSpec:
    """The library's profile of the model, with `own` and what keeps texts verbatim over it."""

    def over(default: ModelProfile) -> ModelProfile:
        merged = merge_profile(default, own, _VERBATIM)
        if not json_transformer:
            merged["json_schema_transformer"] = None
        return merged

    return over


def _anthropic(config: Endpoint, address: str, key: str | None) -> _Made:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.profiles.anthropic import AnthropicModelProfile
    from pydantic_ai.providers.anthropic import AnthropicProvider

    http = _http(config)
    client = AsyncAnthropic(
        api_key=key or PLACEHOLDER, base_url=address, max_retries=0, timeout=http.timeout, http_client=http
    )
    # The library sends a bearer token; servers that only speak the same shape may know the older header.
    client._custom_headers = {"X-Api-Key": key} if key and not is_public(address) else {}
    profile = AnthropicModelProfile(anthropic_disallows_sampling_settings=False)
    model = AnthropicModel(
        config.model,
        provider=AnthropicProvider(anthropic_client=client),
        profile=_profile(cast("ModelProfile", profile)),
    )
    return _Made(model, http.aclose)


def _gemini(config: Endpoint, address: str, key: str | None) -> _Made:
    from google.genai.client import Client
    from google.genai.types import HttpOptions
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    http = _http(config)
    client = Client(
        vertexai=False,
        api_key=key or PLACEHOLDER,
        http_options=HttpOptions(
            base_url=address,
            api_version=gemini_version(config),
            httpx_async_client=http,
            timeout=int(config.timeout * 1000),
            extra_body=config.extra_body or None,
        ),
    )

    async def close() -> None:
        client.close()
        await http.aclose()

    model = GoogleModel(
        config.model, provider=GoogleProvider(client=client), profile=_profile(ModelProfile())
    )
    return _Made(model, close)


def _bedrock(config: Endpoint, address: str, key: str | None) -> _Made:
    """Without `api_key`, boto3 finds AWS's credentials and region where it always does."""
    try:
        from pydantic_ai.models.bedrock import BedrockConverseModel
        from pydantic_ai.providers.bedrock import BedrockProvider
    except ImportError as error:
        raise EndpointError(
            f"{config.label}: endpoint_type bedrock needs boto3, which is not installed",
            hint="pip install 'palestra[bedrock]'",
        ) from error
    try:
        provider = BedrockProvider(
            base_url=address or None,
            aws_read_timeout=config.timeout,
            aws_connect_timeout=min(config.timeout, _CONNECT_SECONDS),
            **({"api_key": key} if key else {}),
        )
    except UserError as error:
        raise EndpointError(
            f"{config.label}: no AWS region is set", hint="set AWS_DEFAULT_REGION in the environment"
        ) from error
    events = provider.client.meta.events
    events.unregister("needs-retry.bedrock-runtime", unique_id="retry-config-bedrock-runtime")
    model = BedrockConverseModel(config.model, provider=provider, profile=_profile(ModelProfile()))

    async def close() -> None:
        provider.client.close()

    return _Made(model, close)


_MAKERS: dict[EndpointType, Callable[[Endpoint, str, str | None], _Made]] = {
    EndpointType.ANTHROPIC: _anthropic,
    EndpointType.GEMINI: _gemini,
    EndpointType.BEDROCK: _bedrock,
}
"""Everyone else speaks OpenAI's chat completions."""
