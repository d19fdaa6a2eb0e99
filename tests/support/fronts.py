"""Gemini- and Ollama-shaped HTTP in front of an OpenAI-compatible server.

`fronts_app(upstream)` is the app; the fixture `fronts` serves it before the real llama-server.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from tests.support.wire.base import text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    import httpx2

GEMINI_OPTIONS = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "maxOutputTokens": "max_tokens",
    "seed": "seed",
    "stopSequences": "stop",
    "frequencyPenalty": "frequency_penalty",
    "presencePenalty": "presence_penalty",
}
OLLAMA_OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "repeat_penalty": "repeat_penalty",
    "num_predict": "max_tokens",
    "seed": "seed",
    "stop": "stop",
}
GEMINI_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
GEMINI_STATUS = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
WHEN = "2026-01-01T00:00:00Z"
TIMEOUT = 120.0


@dataclass(frozen=True)
class Piece:
    """A part of a streamed answer from the server behind."""

    text: str = ""
    finish: str | None = None
    usage: Mapping[str, int] | None = None


class UpstreamError(Exception):
    """The server behind refused."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Upstream:
    """The OpenAI-compatible server behind the fronts."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def models(self) -> list[str]:
        """Their names."""
        reply = await self._client.get("models")
        return [model["id"] for model in reply.json()["data"]]

    async def chat(self, body: Mapping[str, Any]) -> AsyncIterator[Piece]:
        """The answer, piece by piece."""
        wanted = {**body, "stream": True, "stream_options": {"include_usage": True}}
        async with self._client.stream("POST", "chat/completions", json=wanted) as reply:
            if reply.status_code != 200:
                raise UpstreamError(reply.status_code, (await reply.aread()).decode())
            async for line in reply.aiter_lines():
                data = line.removeprefix("data: ")
                if data.startswith("{"):
                    yield _piece(json.loads(data))

    async def begin(self, body: Mapping[str, Any]) -> AsyncIterator[Piece]:
        """Like `chat`, but a refusal is raised here, before anything was sent on."""
        pieces = self.chat(body)
        first = await anext(pieces, Piece())

        async def all_pieces() -> AsyncIterator[Piece]:
            yield first
            async for piece in pieces:
                yield piece

        return all_pieces()

    async def whole(self, body: Mapping[str, Any]) -> Piece:
        """The answer in one piece."""
        pieces = [piece async for piece in self.chat(body)]
        return Piece(
            "".join(piece.text for piece in pieces),
            next((piece.finish for piece in pieces if piece.finish), "stop"),
            next((piece.usage for piece in pieces if piece.usage), None),
        )


def _piece(chunk: Mapping[str, Any]) -> Piece:
    choice: Mapping[str, Any] = next(iter(chunk.get("choices") or ()), {})
    text = (choice.get("delta") or {}).get("content") or ""
    return Piece(text, choice.get("finish_reason"), chunk.get("usage"))


def fronts_app(upstream_url: str, *, unpulled: Collection[str] = ()) -> FastAPI:
    """The app, for an upstream such as `http://127.0.0.1:8080/v1`.

    Its models called `unpulled` are not there for Ollama's shape until they are pulled.
    """
    import httpx2

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx2.AsyncClient(base_url=upstream_url, timeout=TIMEOUT) as client:
            app.state.upstream = Upstream(client)
            app.state.pulled = set()
            app.state.unpulled = set(unpulled)
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.add_api_route("/{version}/models/{model}:generateContent", gemini_whole, methods=["POST"])
    app.add_api_route("/{version}/models/{model}:streamGenerateContent", gemini_stream, methods=["POST"])
    app.add_api_route("/api/chat", ollama_chat, methods=["POST"])
    app.add_api_route("/api/tags", ollama_tags, methods=["GET"])
    app.add_api_route("/api/version", ollama_version, methods=["GET"])
    app.add_api_route("/api/pull", ollama_pull, methods=["POST"])
    app.add_api_route("/api/show", ollama_show, methods=["POST"])
    return app


def _options(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {ours: given[theirs] for theirs, ours in names.items() if given.get(theirs) is not None}


def _json_form(schema: Any) -> dict[str, Any]:
    if isinstance(schema, dict):
        form = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
    else:
        form = {"type": "json_object"}
    return {"response_format": form}


def gemini_question(model: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A generateContent body as a chat-completions body."""
    config = body.get("generationConfig") or {}
    instruction = body.get("systemInstruction")
    messages = [{"role": "system", "content": text_of(instruction["parts"])}] if instruction else []
    for content in body["contents"]:
        role = "assistant" if content.get("role") == "model" else "user"
        messages.append({"role": role, "content": text_of(content["parts"])})
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    in_json = schema is not None or config.get("responseMimeType") == "application/json"
    form = _json_form(schema) if in_json else {}
    return {"model": model, "messages": messages, **_options(config, GEMINI_OPTIONS), **form}


def gemini_answer(model: str, piece: Piece) -> dict[str, Any]:
    """A piece as a generateContent reply."""
    content = {"role": "model", "parts": [{"text": piece.text}]}
    candidate: dict[str, Any] = {"index": 0, "content": content}
    if piece.finish:
        candidate["finishReason"] = GEMINI_FINISH.get(piece.finish, "OTHER")
    reply: dict[str, Any] = {"candidates": [candidate], "modelVersion": model}
    if piece.usage:
        reply["usageMetadata"] = {
            "promptTokenCount": piece.usage["prompt_tokens"],
            "candidatesTokenCount": piece.usage["completion_tokens"],
            "totalTokenCount": piece.usage["total_tokens"],
        }
    return reply


def _gemini_error(error: UpstreamError) -> JSONResponse:
    status = GEMINI_STATUS.get(error.status, "INTERNAL")
    detail = {"code": error.status, "message": error.message, "status": status}
    return JSONResponse({"error": detail}, error.status)


async def gemini_whole(version: str, model: str, request: Request) -> JSONResponse:
    upstream: Upstream = request.app.state.upstream
    try:
        piece = await upstream.whole(gemini_question(model, await request.json()))
    except UpstreamError as error:
        return _gemini_error(error)
    return JSONResponse(gemini_answer(model, piece))


async def gemini_stream(version: str, model: str, request: Request) -> Response:
    upstream: Upstream = request.app.state.upstream
    try:
        pieces = await upstream.begin(gemini_question(model, await request.json()))
    except UpstreamError as error:
        return _gemini_error(error)

    async def events() -> AsyncIterator[str]:
        async for piece in pieces:
            if piece != Piece():
                yield f"data: {json.dumps(gemini_answer(model, piece))}\r\n\r\n"

    return StreamingResponse(events(), media_type="text/event-stream")


def ollama_question(body: Mapping[str, Any]) -> dict[str, Any]:
    """An `/api/chat` body as a chat-completions body."""
    messages = [{"role": turn["role"], "content": turn["content"]} for turn in body["messages"]]
    form = _json_form(body["format"]) if body.get("format") else {}
    return {
        "model": body["model"],
        "messages": messages,
        **_options(body.get("options") or {}, OLLAMA_OPTIONS),
        **form,
    }


def ollama_line(model: str, text: str, end: Piece | None = None) -> dict[str, Any]:
    """A piece as an `/api/chat` reply; the last one carries the counts of `end`."""
    line = {"model": model, "created_at": WHEN, "message": {"role": "assistant", "content": text}}
    if end is None:
        return {**line, "done": False}
    usage = end.usage or {"prompt_tokens": 0, "completion_tokens": 0}
    counts = {"prompt_eval_count": usage["prompt_tokens"], "eval_count": usage["completion_tokens"]}
    return {**line, "done": True, "done_reason": end.finish or "stop", **counts}


async def ollama_chat(request: Request) -> Response:
    upstream: Upstream = request.app.state.upstream
    body = await request.json()
    model, question = body["model"], ollama_question(body)
    if model in request.app.state.unpulled:
        return _no_such_model(model)
    try:
        if not body.get("stream", True):
            whole = await upstream.whole(question)
            return JSONResponse(ollama_line(model, whole.text, whole))
        pieces = await upstream.begin(question)
    except UpstreamError as error:
        return JSONResponse({"error": error.message}, error.status)

    async def lines() -> AsyncIterator[str]:
        finish, usage = None, None
        async for piece in pieces:
            finish, usage = piece.finish or finish, piece.usage or usage
            if piece.text:
                yield json.dumps(ollama_line(model, piece.text)) + "\n"
        yield json.dumps(ollama_line(model, "", Piece("", finish, usage))) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


async def ollama_version() -> JSONResponse:
    return JSONResponse({"version": "0.0.0"})


async def ollama_tags(request: Request) -> JSONResponse:
    names = await _ollama_models(request)
    details = {"format": "gguf", "family": "llama", "parameter_size": "36K", "quantization_level": "F32"}
    common = {"modified_at": WHEN, "size": 1, "digest": "0" * 64, "details": details}
    return JSONResponse({"models": [{"name": name, "model": name, **common} for name in names]})


async def _ollama_models(request: Request) -> list[str]:
    state = request.app.state
    behind = await state.upstream.models()
    return [
        *(name for name in behind if name not in state.unpulled),
        *sorted(state.pulled.difference(behind)),
    ]


def _no_such_model(name: str) -> JSONResponse:
    return JSONResponse({"error": f"model '{name}' not found"}, 404)


async def ollama_show(request: Request) -> JSONResponse:
    body = await request.json()
    name: str = body.get("model") or body["name"]
    if name not in await _ollama_models(request):
        return _no_such_model(name)
    return JSONResponse({"details": {"family": "llama"}, "capabilities": ["completion"]})


LAYERS = {"a" * 12: 3_000_000_000, "b" * 12: 1_000_000}
"""What a pull fetches: bytes by digest."""


async def ollama_pull(request: Request) -> Response:
    """Pretend to fetch a model: progress lines, then it is listed. One called `missing…` is not to be had;
    one called `broken…` breaks off, one called `endless…` never ends.
    """
    body = await request.json()
    name: str = body.get("model") or body["name"]
    if name.startswith("missing"):
        return JSONResponse({"error": "pull model manifest: file does not exist"}, 404)
    progress: list[dict[str, Any]] = [{"status": "pulling manifest"}]
    for digest, total in LAYERS.items():
        common = {"status": f"pulling {digest}", "digest": f"sha256:{digest}", "total": total}
        progress += [{**common, "completed": total * part // 20} for part in range(21)]
    if name.startswith("broken"):
        progress = [*progress[:9], {"error": "max retries exceeded: unexpected EOF"}]
    else:
        progress += [{"status": "verifying sha256 digest"}, {"status": "success"}]

    async def lines() -> AsyncIterator[str]:
        for line in progress:
            yield json.dumps(line) + "\n"
            if name.startswith("endless") and "completed" in line:
                await asyncio.Event().wait()
        if not name.startswith("broken"):
            arrived()

    def arrived() -> None:
        request.app.state.pulled.add(name)
        request.app.state.unpulled.discard(name)

    if body.get("stream", True):
        return StreamingResponse(lines(), media_type="application/x-ndjson")
    arrived()
    return JSONResponse(progress[-1])
