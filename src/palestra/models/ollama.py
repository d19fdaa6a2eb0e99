"""Models of an Ollama server, natively through its own client (`/api/chat`).

Unlike the OpenAI shape that Ollama also speaks, this one takes `num_ctx` and its like, `keep_alive`
and `think`.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import httpx
import ollama

from palestra.models.base import Delta
from palestra.models.failures import (
    Fault,
    connection_fault,
    http_fault,
    timeout_fault,
    told_fault,
    unreadable_fault,
)
from palestra.models.reply import Reply
from palestra.records.failure import FailureKind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from palestra.config.endpoint import Endpoint
    from palestra.models.base import Request

_TOP_LEVEL = ("think", "keep_alive", "format")
_THINK: dict[str, bool | str] = {"none": False, "minimal": "low", "xhigh": "high", "max": "high"}
"""Efforts that Ollama has no word for."""
_TINY = 16


class OllamaBackend:
    """One model of one Ollama server."""

    def __init__(self, config: Endpoint, address: str | None, key: str | None) -> None:
        self._client = ollama.AsyncClient(
            host=address,
            timeout=httpx.Timeout(config.timeout, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=config.concurrency),
            follow_redirects=False,
            auth=SendsKey(key),
        )
        self._model = config.model
        self._system_prompt = config.system_prompt
        self._fixed_seed = config.seed is not None
        self._options = _options(config)
        self._extra = {name: config.extra_body[name] for name in _TOP_LEVEL if name in config.extra_body}
        if config.reasoning_effort is not None:
            self._extra.setdefault("think", _THINK.get(config.reasoning_effort, config.reasoning_effort))

    async def ask(self, request: Request, *, tiny: bool = False) -> Reply:
        """One call."""
        return _reply([await self._client.chat(**self._arguments(request, tiny=tiny))])

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Reply, None]:
        """One streamed call."""
        parts = []
        answer = await self._client.chat(**self._arguments(request), stream=True)
        async with aclosing(cast("AsyncGenerator[ollama.ChatResponse, None]", answer)) as stream:
            async for part in stream:
                parts.append(part)
                yield Delta(text=part.message.content or "", thinking=part.message.thinking or "")
        yield _reply(parts)

    def fault(self, error: Exception) -> Fault:
        """What one of the client's errors means."""
        if isinstance(error, ollama.ResponseError):
            return _response_fault(error)
        if isinstance(error, httpx.TimeoutException):
            return timeout_fault()
        if isinstance(error, httpx.TransportError | ConnectionError):
            return connection_fault(error)
        if isinstance(error, ollama.RequestError):
            return Fault(FailureKind.REFUSED, error.error)
        return unreadable_fault(error)

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    def _arguments(self, request: Request, *, tiny: bool = False) -> dict[str, Any]:
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        if self._system_prompt:
            messages.insert(0, {"role": "system", "content": self._system_prompt})
        options = self._options
        if request.seed is not None and not self._fixed_seed:
            options = {**options, "seed": request.seed}
        extra = self._extra
        if tiny:
            options = {**options, "num_predict": _TINY}
        if request.json_schema is not None and "format" not in extra:
            extra = {**extra, "format": dict(request.json_schema)}
        return {"model": self._model, "messages": messages, "options": options, **extra}


class SendsKey(httpx.Auth):
    """Sends the key, or none: the client would otherwise look for one in the environment by itself."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Any:
        """What is sent."""
        request.headers.pop("authorization", None)
        if self._key is not None:
            request.headers["authorization"] = f"Bearer {self._key}"
        yield request


def _options(config: Endpoint) -> dict[str, Any]:
    own = {
        "temperature": config.temperature,
        "top_p": config.top_p,
        "num_predict": config.max_tokens,
        "seed": config.seed,
        "stop": list(config.stop) or None,
    }
    given = {name: value for name, value in config.extra_body.items() if name not in _TOP_LEVEL}
    return {name: value for name, value in own.items() if value is not None} | given


def _reply(parts: list[ollama.ChatResponse]) -> Reply:
    last = parts[-1] if parts else None
    return Reply(
        text="".join(part.message.content or "" for part in parts),
        thinking="".join(part.message.thinking or "" for part in parts),
        finish_reason=last.done_reason if last else None,
        complete=bool(last and last.done),
        tokens_in=last.prompt_eval_count if last else None,
        tokens_out=last.eval_count if last else None,
    )


def _response_fault(error: ollama.ResponseError) -> Fault:
    cause = error.__context__
    if isinstance(cause, httpx.HTTPStatusError):
        return http_fault(cause.response.status_code, error.error, cause.response.headers)
    if error.status_code >= 300:
        return http_fault(error.status_code, error.error)
    return told_fault(error.error)
