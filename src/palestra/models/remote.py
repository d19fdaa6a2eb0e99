"""A model behind a server: limits, retries, timing and records around a backend."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from palestra.models.base import Delta, Request
from palestra.models.failures import Fault, Redactor, half_fault, timeout_fault
from palestra.models.reply import Reply
from palestra.models.thinking import ThinkingSplitter, split_thinking
from palestra.records.failure import FailureKind
from palestra.records.prompt import Message
from palestra.records.response import Response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from palestra.models.limits import Limits
    from palestra.models.pricing import Pricer
    from palestra.models.wire import Backend

_PROBE = Request(question_id="check", messages=(Message(role="user", content="Say OK."),), seed=0)


@dataclass(slots=True)
class _Opened:
    """A stream whose first piece is here."""

    stack: AsyncExitStack
    """Holds the place among the concurrent calls, and the connection."""
    items: AsyncGenerator[Delta | Reply, None]
    first: Delta | Reply
    started: float
    left: float
    """Seconds that the server may still take; what the reader does meanwhile does not count."""
    first_ms: float = 0.0


class RemoteModel:
    """A `Model` that calls a server through a backend."""

    is_free = False

    def __init__(
        self,
        label: str,
        backend: Backend,
        *,
        identity: Mapping[str, Any],
        takes_seed: bool,
        limits: Limits,
        timeout: float,
        pricer: Pricer,
        redactor: Redactor,
    ) -> None:
        self.label = label
        self.takes_seed = takes_seed
        self._backend = backend
        self._identity = identity
        self._limits = limits
        self._timeout = timeout
        self._price = pricer
        self._redactor = redactor

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label!r}>"

    def identity(self, request: Request) -> Mapping[str, Any]:
        """What is asked of which server, as JSON data."""
        asked: dict[str, Any] = {}
        if request.json_schema is not None:
            asked["json_schema"] = dict(request.json_schema)
        if request.top_logprobs is not None:
            asked["top_logprobs"] = request.top_logprobs
        return {**self._identity, **asked} if asked else self._identity

    async def generate(self, request: Request) -> Response:
        """Answer, with retries and limits applied."""
        try:
            reply, latency_ms = await self._limits.retry(lambda: self._ask(request))
        except Fault as fault:
            return self._failed(request, fault)
        return self._answered(request, reply, latency_ms)

    async def stream(self, request: Request) -> AsyncIterator[Delta | Response]:
        """Answer piece by piece; the last item is the `Response`. Close it to give its place back early."""
        try:
            opened = await self._limits.retry(lambda: self._open(request))
        except Fault as fault:
            yield self._failed(request, fault)
            return
        splitter = ThinkingSplitter()
        async with opened.stack:
            item: Delta | Reply = opened.first
            while isinstance(item, Delta):
                if (piece := _sorted(splitter, item)) is not None:
                    yield piece
                try:
                    item = await self._next(opened)
                except Fault as fault:
                    yield self._failed(request, fault)
                    return
            rest = splitter.flush()
            if rest.text or rest.thinking:
                yield rest
        latency_ms = _ms_since(opened.started)
        yield self._answered(request, item, latency_ms, opened.first_ms)

    async def probe(self) -> Response:
        """One tiny call, once, to see whether the server answers. An answer cut off at once counts."""
        try:
            reply, latency_ms = await self._ask(_PROBE, tiny=True)
        except Fault as fault:
            return self._failed(_PROBE, fault)
        response = self._answered(_PROBE, reply, latency_ms)
        if response.failure is not None and response.failure.kind is FailureKind.EMPTY:
            return response.model_copy(update={"failure": None, "text": ""})
        return response

    async def aclose(self) -> None:
        """Close connections."""
        await self._backend.aclose()

    async def _ask(self, request: Request, *, tiny: bool = False) -> tuple[Reply, float]:
        async with self._limits.slot():
            started = time.perf_counter()
            try:
                async with asyncio.timeout(self._timeout):
                    reply = await self._backend.ask(request, tiny=tiny)
            except Exception as error:  # noqa: BLE001 - a garbled reply makes a library fail in any way
                fault = self._fault(error)
            else:
                if reply.complete:
                    return reply, _ms_since(started)
                fault = half_fault(reply)
        raise fault

    async def _open(self, request: Request) -> _Opened:
        stack = AsyncExitStack()
        try:
            await stack.enter_async_context(self._limits.slot())
            started = time.perf_counter()
            items = self._items(request)
            await stack.enter_async_context(aclosing(items))
            opened = _Opened(stack, items, Delta(), started, self._timeout)
            opened.first = await self._next(opened)
            opened.first_ms = _ms_since(started)
        except BaseException:
            await stack.aclose()
            raise
        return opened

    async def _items(self, request: Request) -> AsyncGenerator[Delta | Reply, None]:
        """The backend's pieces that hold something, then its reply."""
        last: Reply | None = None
        async with aclosing(self._backend.stream(request)) as items:
            async for item in items:
                if isinstance(item, Reply):
                    last = item
                elif item.text or item.thinking:
                    yield item
        if last is None or not last.complete:
            raise half_fault(last)
        yield last

    async def _next(self, opened: _Opened) -> Delta | Reply:
        since = time.perf_counter()
        try:
            async with asyncio.timeout(opened.left):
                return await anext(opened.items)
        except Exception as error:  # noqa: BLE001 - as in `_ask`
            fault = self._fault(error)
        finally:
            opened.left -= time.perf_counter() - since
        raise fault

    def _fault(self, error: Exception) -> Fault:
        if isinstance(error, TimeoutError):
            fault = timeout_fault(self._timeout)
        elif isinstance(error, Fault):
            fault = error
        else:
            fault = self._backend.fault(error)
        return fault.cleaned(self._redactor)

    def _failed(self, request: Request, fault: Fault) -> Response:
        reply = fault.reply or Reply()
        return self._response(request, reply).model_copy(update={"failure": fault.record()})

    def _answered(
        self, request: Request, reply: Reply, latency_ms: float, first_ms: float | None = None
    ) -> Response:
        thinking, text = split_thinking(reply.text)
        if thinking:
            joined = "\n\n".join(part for part in (reply.thinking, thinking) if part)
        else:
            joined = reply.thinking
        fault = _fault_of(reply, text, thought=bool(joined))
        return self._response(
            request,
            reply,
            text=text if fault is None else None,
            thinking=joined or None,
            chances=reply.chances,
            failure=None if fault is None else fault.cleaned(self._redactor).record(),
            latency_ms=latency_ms,
            first_token_ms=first_ms,
        )

    def _response(self, request: Request, reply: Reply, **facts: Any) -> Response:
        return Response(
            key=request.key,
            question_id=request.question_id,
            model=self.label,
            repeat=request.repeat,
            finish_reason=reply.finish_reason,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            cost_usd=self._price(reply),
            tstamp=time.time(),
            **facts,
        )


def _fault_of(reply: Reply, text: str, *, thought: bool) -> Fault | None:
    """Why a reply that arrived is no answer, or None if it is one."""
    if reply.finish_reason == "content_filter":
        return Fault(FailureKind.CONTENT_FILTER, "the provider's filter held the answer back")
    if reply.finish_reason == "error":
        return Fault(FailureKind.OTHER, "the provider ended the answer with an error")
    if not text.strip():
        words = "the reply holds reasoning but no answer" if thought else "the reply holds no text"
        cut = " (it was cut at the token limit)" if reply.finish_reason == "length" else ""
        return Fault(FailureKind.EMPTY, words + cut)
    return None


def _sorted(splitter: ThinkingSplitter, item: Delta) -> Delta | None:
    piece = splitter.feed(item.text) if item.text else Delta()
    thinking = item.thinking + piece.thinking
    return Delta(text=piece.text, thinking=thinking) if piece.text or thinking else None


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
