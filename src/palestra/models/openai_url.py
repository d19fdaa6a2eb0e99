"""Models behind an exact address: a chat-completions body is POSTed to it, as it is written.

Replies are read in OpenAI's shape and in that of Ollama's `/api/chat`, whole or streamed (server-sent
events or one JSON object per line).
"""

from __future__ import annotations

import json
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx2

from palestra.models.base import Delta
from palestra.models.chances import token_chances
from palestra.models.failures import (
    Fault,
    connection_fault,
    garbled_fault,
    http_fault,
    timeout_fault,
    told_fault,
    unreadable_fault,
)
from palestra.models.reply import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from palestra.config.endpoint import Endpoint
    from palestra.models.base import Request
    from palestra.records.response import TokenChances

_CONNECT_SECONDS = 30.0
_TINY = 16


class UrlBackend:
    """One model behind one address."""

    def __init__(self, config: Endpoint, key: str | None) -> None:
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(config.timeout, connect=min(config.timeout, _CONNECT_SECONDS), pool=None),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=config.concurrency),
            headers={"Authorization": f"Bearer {key}"} if key else None,
        )
        self._url = str(config.url)
        self._system_prompt = config.system_prompt
        self._fixed_seed = config.seed is not None
        self._body = _body(config)

    async def ask(self, request: Request, *, tiny: bool = False) -> Reply:
        """One call."""
        body = {**self._body_for(request), "stream": False}
        if tiny:
            body["max_tokens"] = _TINY
        response = await self._client.post(self._url, json=body)
        if not response.is_success:
            raise _status_fault(response)
        data = _decoded(response.text)
        return replace(_whole(data).reply(), chances=_chances(data))

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Reply, None]:
        """One streamed call."""
        body = {**self._body_for(request), "stream": True, "stream_options": {"include_usage": True}}
        pieces: list[_Piece] = []
        finished = False
        async with self._client.stream("POST", self._url, json=body) as response:
            if not response.is_success:
                await response.aread()
                raise _status_fault(response)
            async with aclosing(_lines(response)) as lines:
                async for line in lines:
                    data = line.removeprefix("data:").strip()
                    if data == "[DONE]":
                        finished = True
                    elif data.startswith("{"):
                        pieces.append(_piece(_decoded(data)))
                        yield Delta(text=pieces[-1].text, thinking=pieces[-1].thinking)
                    elif data and not line.startswith((":", "event:", "id:", "retry:")):
                        raise garbled_fault(data)
        joined = _joined(pieces)
        yield replace(joined, complete=joined.complete or finished)

    def fault(self, error: Exception) -> Fault:
        """What an error of a call means."""
        if isinstance(error, httpx2.TimeoutException):
            return timeout_fault()
        if isinstance(error, httpx2.TransportError):
            return connection_fault(error)
        return unreadable_fault(error)

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _body_for(self, request: Request) -> dict[str, Any]:
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        if self._system_prompt:
            messages.insert(0, {"role": "system", "content": self._system_prompt})
        body = {**self._body, "messages": messages}
        if request.seed is not None and not self._fixed_seed:
            body["seed"] = request.seed
        if request.json_schema is not None and "response_format" not in body:
            schema = {"name": "answer", "schema": dict(request.json_schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if request.top_logprobs is not None:
            body |= {"logprobs": True, "top_logprobs": request.top_logprobs}
        return body


async def _lines(response: httpx2.Response) -> AsyncGenerator[str, None]:
    """The lines of a stream. Only a line feed ends one: answers may hold other separators as they are."""
    rest = ""
    async for text in response.aiter_text():
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            yield line.rstrip("\r")
    yield rest


def _body(config: Endpoint) -> dict[str, Any]:
    """What every call to an endpoint has in its body."""
    sampling = {
        "temperature": config.temperature,
        "top_p": config.top_p,
        "max_tokens": config.max_tokens,
        "seed": config.seed,
        "stop": list(config.stop) or None,
        "reasoning_effort": config.reasoning_effort,
    }
    given = {name: value for name, value in sampling.items() if value is not None}
    return {"model": config.model, **given, **config.extra_body}


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one JSON object of a reply says."""

    text: str = ""
    thinking: str = ""
    finish_reason: str | None = None
    done: bool = False
    tokens_in: int | None = None
    tokens_out: int | None = None

    def reply(self) -> Reply:
        return Reply(
            text=self.text,
            thinking=self.thinking,
            finish_reason=self.finish_reason,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
        )


def _status_fault(response: httpx2.Response) -> Fault:
    return http_fault(response.status_code, response.text, response.headers)


def _decoded(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        raise garbled_fault(f"not JSON: {text}") from None
    if not isinstance(value, dict):
        raise garbled_fault(f"not an object: {text}")
    if value.get("error"):
        raise told_fault(value["error"])
    return value


def _whole(data: Mapping[str, Any]) -> _Piece:
    if not isinstance(data.get("message"), dict) and not data.get("choices"):
        raise garbled_fault(f"neither `choices` nor `message` is in it: {json.dumps(data)}")
    return _piece(data)


def _piece(data: Mapping[str, Any]) -> _Piece:
    choices = data.get("choices")
    if isinstance(choices, list):
        choice = choices[0] if choices and isinstance(choices[0], dict) else {}
        message = choice.get("message") or choice.get("delta") or {}
        finish = "content_filter" if message.get("refusal") else choice.get("finish_reason")
        usage = data.get("usage") or {}
        counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
    else:
        message = data.get("message") or {}
        finish = data.get("done_reason")
        counts = data.get("prompt_eval_count"), data.get("eval_count")
    if not isinstance(message, dict):
        raise garbled_fault(f"`message` is {type(message).__name__}, not an object")
    return _Piece(
        text=_text(message.get("content")),
        thinking=_text(
            message.get("reasoning_content") or message.get("reasoning") or message.get("thinking")
        ),
        finish_reason=finish if isinstance(finish, str) else None,
        done=bool(data.get("done")) or finish not in (None, "content_filter"),
        tokens_in=counts[0] if isinstance(counts[0], int) else None,
        tokens_out=counts[1] if isinstance(counts[1], int) else None,
    )


def _chances(data: Mapping[str, Any]) -> tuple[TokenChances, ...] | None:
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    told = choice.get("logprobs") if isinstance(choice, dict) else None
    return token_chances(told.get("content")) if isinstance(told, dict) else None


def _text(content: Any) -> str:
    """A message's content: text, or a list of parts of which the text ones count."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _joined(pieces: list[_Piece]) -> Reply:
    def last(name: str) -> Any:
        return next(
            (value for piece in reversed(pieces) if (value := getattr(piece, name)) is not None), None
        )

    held_back = any(piece.finish_reason == "content_filter" for piece in pieces)
    return Reply(
        text="".join(piece.text for piece in pieces),
        thinking="".join(piece.thinking for piece in pieces),
        finish_reason="content_filter" if held_back else last("finish_reason"),
        complete=any(piece.done for piece in pieces),
        tokens_in=last("tokens_in"),
        tokens_out=last("tokens_out"),
    )
