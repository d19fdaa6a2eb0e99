"""Models through pydantic-ai: every provider whose wire shape it speaks.

Texts reach the server as they are: nothing is announced, framed or escaped (`providers.py` turns the
library's own ideas about that off).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import httpx2
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelTimeoutError,
    UnexpectedModelBehavior,
    UserError,
)
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition

from palestra.models.base import Delta
from palestra.models.chances import token_chances
from palestra.models.failures import (
    Fault,
    connection_fault,
    garbled_fault,
    http_fault,
    provider_message,
    timeout_fault,
    unreadable_fault,
)
from palestra.models.reply import Reply
from palestra.records.failure import FailureKind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping

    from pydantic_ai.messages import ModelMessage, ModelRequestPart, ModelResponseStreamEvent
    from pydantic_ai.models import Model as Provider
    from pydantic_ai.settings import ModelSettings

    from palestra.models.base import Request
    from palestra.records.prompt import Message

_PLAIN = ModelRequestParameters()
_AWS_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError")
"""botocore's errors, which is there with the extra only."""
TINY = 16
"""Tokens asked for when it only matters whether a server is there."""


class ChatBackend:
    """One model of one provider."""

    def __init__(
        self,
        provider: Provider,
        *,
        system_prompt: str | None,
        settings: Mapping[str, Any],
        tiny_settings: Mapping[str, Any],
        takes_seed: bool,
        close: Callable[[], Awaitable[None]],
    ) -> None:
        """`settings` are pydantic-ai's; a `seed` in them stands for every call."""
        self._provider = provider
        self._system_prompt = system_prompt
        self._settings = cast("ModelSettings", settings)
        self._tiny_settings = cast("ModelSettings", tiny_settings)
        self._adds_seed = takes_seed and "seed" not in settings
        self._takes_schema = bool(provider.profile.get("supports_json_schema_output"))
        self._schema: Mapping[str, Any] | None = None
        self._schema_parameters = _PLAIN
        self._close = close

    async def ask(self, request: Request, *, tiny: bool = False) -> Reply:
        """One call."""
        response = await model_request(
            self._provider,
            history(self._system_prompt, request.messages),
            model_settings=self._settings_for(request, tiny=tiny),
            model_request_parameters=self._parameters_for(request),
        )
        return _reply(response)

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Reply, None]:
        """One streamed call."""
        async with model_request_stream(
            self._provider,
            history(self._system_prompt, request.messages),
            model_settings=self._settings_for(request, tiny=False),
            model_request_parameters=self._parameters_for(request),
        ) as stream:
            async for event in stream:
                if (delta := _delta(event)) is not None:
                    yield delta
            response = stream.get()
        yield _reply(response, streamed=True)

    def fault(self, error: Exception) -> Fault:
        """What one of pydantic-ai's errors means."""
        if isinstance(error, ModelHTTPError):
            return _http_fault(error)
        if isinstance(error, ModelTimeoutError | httpx2.TimeoutException):
            return timeout_fault()
        if isinstance(error, ModelConnectionError | httpx2.TransportError):
            return connection_fault(error)
        if isinstance(error, ModelRateLimitError):
            wait = error.retry_after
            return Fault(FailureKind.RATE_LIMIT, error.message, retryable=True, retry_after=wait)
        if isinstance(error, ModelAPIError):
            return Fault(FailureKind.OTHER, provider_message(error.body) or error.message, retryable=True)
        if isinstance(error, UserError):
            return Fault(FailureKind.REFUSED, error.message)
        if isinstance(error, UnexpectedModelBehavior):
            return garbled_fault(error.message.partition("\n")[0])
        if type(error).__name__ in _AWS_CREDENTIALS:
            return Fault(FailureKind.AUTH, str(error))
        return unreadable_fault(error)

    async def aclose(self) -> None:
        """Close connections."""
        await self._close()

    def _settings_for(self, request: Request, *, tiny: bool) -> ModelSettings:
        settings: Mapping[str, Any] = self._tiny_settings if tiny else self._settings
        if self._adds_seed and request.seed is not None:
            settings = {**settings, "seed": request.seed}
        if request.top_logprobs is not None:
            asked = {"openai_logprobs": True, "openai_top_logprobs": request.top_logprobs}
            settings = {**settings, **asked}
        return cast("ModelSettings", settings)

    def _parameters_for(self, request: Request) -> ModelRequestParameters:
        schema = request.json_schema
        if schema is None or not self._takes_schema:
            return _PLAIN
        if schema is not self._schema:
            named = OutputObjectDefinition(json_schema=dict(schema), name=str(schema.get("title", "answer")))
            self._schema_parameters = ModelRequestParameters(output_mode="native", output_object=named)
            self._schema = schema
        return self._schema_parameters


def history(system_prompt: str | None, messages: Iterable[Message]) -> list[ModelMessage]:
    """Messages as pydantic-ai has them. All that the system says before the first turn is one text."""
    system = [system_prompt] if system_prompt else []
    past: list[ModelMessage] = []
    parts: list[ModelRequestPart] = []
    for message in messages:
        if message.role == "system" and not past and not parts:
            system.append(message.content)
        elif message.role == "system":
            parts.append(SystemPromptPart(message.content))
        elif message.role == "user":
            parts.append(UserPromptPart(message.content))
        else:
            if parts:
                past.append(ModelRequest(parts))
                parts = []
            past.append(ModelResponse([TextPart(message.content)]))
    if parts:
        past.append(ModelRequest(parts))
    if system:
        first = SystemPromptPart("\n\n".join(system))
        if past and isinstance(past[0], ModelRequest):
            past[0] = ModelRequest([first, *past[0].parts])
        else:
            past.insert(0, ModelRequest([first]))
    return past


def _reply(response: ModelResponse, *, streamed: bool = False) -> Reply:
    texts = [part.content for part in response.parts if isinstance(part, TextPart)]
    thoughts = [part.content for part in response.parts if isinstance(part, ThinkingPart) and part.content]
    details = response.provider_details or {}
    raw = details.get("finish_reason")
    guessed = raw is None and response.finish_reason == "stop"
    finish = None if guessed else response.finish_reason
    usage = response.usage
    counted = bool(usage.input_tokens or usage.output_tokens)
    return Reply(
        text="".join(texts),
        thinking="\n\n".join(thoughts),
        finish_reason=finish or (None if raw is None else str(raw)),
        complete=finish is not None or raw is not None or bool(response.parts and not streamed),
        tokens_in=usage.input_tokens if counted else None,
        tokens_out=usage.output_tokens if counted else None,
        tokens_cached=usage.cache_read_tokens,
        chances=token_chances(details.get("logprobs")),
    )


def _delta(event: ModelResponseStreamEvent) -> Delta | None:
    if isinstance(event, PartStartEvent):
        if isinstance(event.part, TextPart):
            return Delta(text=event.part.content)
        if isinstance(event.part, ThinkingPart):
            return Delta(thinking=event.part.content)
    elif isinstance(event, PartDeltaEvent):
        if isinstance(event.delta, TextPartDelta):
            return Delta(text=event.delta.content_delta)
        if isinstance(event.delta, ThinkingPartDelta):
            return Delta(thinking=event.delta.content_delta or "")
    return None


def _http_fault(error: ModelHTTPError) -> Fault:
    fault = http_fault(error.status_code, error.body, error.headers)
    spent = isinstance(error, ModelQuotaExceededError)
    return Fault(
        fault.kind,
        fault.message,
        status=fault.status,
        retryable=fault.retryable and not spent,
        retry_after=error.retry_after if fault.retry_after is None else fault.retry_after,
    )
