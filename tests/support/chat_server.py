"""A pretended chat server that speaks four wire shapes and goes wrong on demand.

    python -m tests.support.chat_server --port 8080 --plan plan.json

It prints its address and serves until its standard input ends. Within tests: `chat_in_thread` and
`chat_in_process`, which give a `ChatServer`. Beside the wire shapes it answers

    POST   /_plan      change the behaviour (a plan as JSON: model → behaviour, `*` for any other)
    GET    /_log       counts, by request hash, model and fault, and the most calls at once
    GET    /_requests  the latest requests with path, headers and body
    DELETE /_log       forget them all, and which questions were asked before
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import urllib.request
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import rawhttp
from tests.support.behaviour import Behaviour, Fault, Plan, compose, dump_plan, load_plan, words
from tests.support.wire.anthropic import Anthropic
from tests.support.wire.base import Answer, Ask, Refusal, Shape
from tests.support.wire.gemini import Gemini
from tests.support.wire.ollama import Ollama
from tests.support.wire.openai import OpenAI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.rawhttp import Connection, Request

SHAPES: tuple[Shape, ...] = (OpenAI(), Anthropic(), Gemini(), Ollama())
REFUSALS = {
    Fault.RATE_LIMIT: Refusal(429, "Too many requests, slow down", "rate_limit_exceeded"),
    Fault.SERVER_ERROR: Refusal(500, "The server had an error"),
    Fault.UNAVAILABLE: Refusal(503, "The model is overloaded"),
    Fault.BAD_REQUEST: Refusal(400, "The request is not right", "invalid_value"),
    Fault.UNAUTHORIZED: Refusal(401, "The key is not right", "invalid_api_key"),
    Fault.FORBIDDEN: Refusal(403, "The key may not do this", "forbidden"),
    Fault.NOT_FOUND: Refusal(404, "There is no such model", "model_not_found"),
}
KEPT_REQUESTS = 200


class ChatService:
    """Answers requests by a plan, and counts them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._forget()

    def _forget(self) -> None:
        self._hashes: Counter[str] = Counter()
        self._attempts: Counter[str] = Counter()
        self._models: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._recent: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self._now = self._peak = 0

    async def handle(self, request: Request, connection: Connection) -> None:
        """Answer one request."""
        shape = next((shape for shape in SHAPES if shape.takes(request.path)), None)
        if request.method == "POST" and shape is not None:
            await self._chat(shape, request, connection)
        else:
            await self._other(request, connection)

    async def _chat(self, shape: Shape, request: Request, connection: Connection) -> None:
        try:
            ask = shape.ask(request.path, json.loads(request.body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            refusal = Refusal(400, f"this is no question: {error!r}")
            await connection.json(shape.error(refusal), status=400)
            return
        behaviour = self._plan.get(ask.model) or self._plan.get("*") or Behaviour()
        fault = behaviour.fault(self._count(request, ask, behaviour))
        if fault is not None:
            self._faults[fault] += 1
        self._now += 1
        self._peak = max(self._peak, self._now)
        try:
            if behaviour.delay:
                await asyncio.sleep(behaviour.delay)
            await _Exchange(shape, ask, behaviour, connection).answer(fault)
        finally:
            self._now -= 1

    def _count(self, request: Request, ask: Ask, behaviour: Behaviour) -> int:
        """Note the request; how often the same question came before."""
        identity = repr(replace(ask, seed=None)) if behaviour.ignore_seed else request.hash
        attempt = self._attempts[identity]
        self._attempts[identity] += 1
        self._hashes[request.hash] += 1
        self._models[ask.model] += 1
        entry = {"path": request.path, "headers": dict(request.headers), "time": time.time()}
        self._recent.append({**entry, "body": request.body.decode()})
        return attempt

    async def _other(self, request: Request, connection: Connection) -> None:
        match request.method, request.path:
            case "POST", "/_plan":
                self._plan = load_plan(request.body)
                await connection.json({})
            case "GET", "/_log":
                await connection.json(self._log())
            case "DELETE", "/_log":
                self._forget()
                await connection.json({})
            case "GET", "/_requests":
                await connection.json(list(self._recent))
            case "GET", "/v1/models" | "/models":
                models = [
                    {"id": name, "object": "model", "created": 1, "owned_by": "test"} for name in self._named
                ]
                await connection.json({"object": "list", "data": models})
            case "GET", "/api/version":
                await connection.json({"version": "0.0.0"})
            case "GET", "/api/tags":
                await connection.json({"models": [{"name": name, "model": name} for name in self._named]})
            case "POST", "/api/show":  # it answers for any model
                await connection.json({"details": {"family": "llama"}, "capabilities": ["completion"]})
            case _:
                await connection.json({"error": f"no {request.path} here"}, status=404)

    @property
    def _named(self) -> list[str]:
        return [model for model in self._plan if model != "*"]

    def _log(self) -> dict[str, Any]:
        return {
            "total": self._hashes.total(),
            "hashes": self._hashes,
            "models": self._models,
            "faults": self._faults,
            "peak": self._peak,
        }


@dataclass(frozen=True)
class _Exchange:
    """One question and what becomes of it."""

    shape: Shape
    ask: Ask
    behaviour: Behaviour
    connection: Connection

    async def answer(self, fault: Fault | None) -> None:
        match fault:
            case None:
                await self._say(self._good())
            case Fault.FILTERED:
                await self._say(self._answer("", finish="filtered"))
            case Fault.REFUSAL:
                await self._say(self._answer("I cannot help with that.", finish="refusal"))
            case Fault.EMPTY:
                await self._say(self._answer(""))
            case Fault.UNREADABLE:
                await self._say(self._answer(words(self.ask)))
            case Fault.FILTERED_PROMPT:
                status, body = self.shape.filtered(self.ask)
                await self.connection.json(body, status=status)
            case Fault.SLOW:
                await self._wait(self.behaviour.slow)
                await self._say(self._good())
            case Fault.STREAM_ERROR | Fault.HALF | Fault.CUT:
                await self._break_off(fault)
            case Fault.NOTHING:
                self.connection.drop()
            case Fault.GARBAGE:
                await self.connection.reply(b"<html>Bad gateway, or is it?</html>", kind="text/html")
            case Fault.WRONG_JSON:
                await self.connection.json({"greeting": "hello", "number": 7})
            case _:
                await self._refuse(REFUSALS[fault])

    def _good(self) -> Answer:
        return self._answer(compose(self.ask, self.behaviour), self.behaviour.thinking)

    def _answer(self, text: str, thinking: str = "", finish: str = "stop") -> Answer:
        return Answer(text, thinking, finish, sum(len(text.split()) for _, text in self.ask.turns))

    async def _say(self, answer: Answer) -> None:
        if not self.ask.stream:
            await self.connection.json(self.shape.whole(self.ask, answer))
            return
        await self.connection.begin(self.shape.stream_kind)
        for event in self.shape.events(self.ask, answer):
            await self.connection.chunk(event)
        await self.connection.chunk(b"")

    async def _refuse(self, refusal: Refusal) -> None:
        told = refusal.status in (429, 503) and self.behaviour.retry_after
        headers = {"Retry-After": self.behaviour.retry_after} if told else None
        await self.connection.json(self.shape.error(refusal), status=refusal.status, headers=headers)

    async def _break_off(self, fault: Fault) -> None:
        """Send a part of the reply, and not the rest."""
        refusal = REFUSALS[Fault.SERVER_ERROR]
        if fault is Fault.STREAM_ERROR and not self.ask.stream:
            await self._refuse(refusal)
            return
        answer = self._good()
        whole = json.dumps(self.shape.whole(self.ask, answer)).encode()
        if fault is Fault.CUT:
            await self.connection.reply(whole[: len(whole) // 2], claimed_length=len(whole))
        else:
            pieces = self.shape.events(self.ask, answer) if self.ask.stream else [whole[:9], whole[9:]]
            await self.connection.begin(self.shape.stream_kind if self.ask.stream else "application/json")
            for piece in pieces[: max(1, len(pieces) // 2)]:
                await self.connection.chunk(piece)
            if fault is Fault.STREAM_ERROR:
                await self.connection.chunk(self.shape.stream_error(refusal))
                await self.connection.chunk(b"")
                return
        self.connection.drop()

    async def _wait(self, seconds: float) -> None:
        """Sleep, but not on after the client has hung up."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.connection.is_gone:
            await asyncio.sleep(0.02)


@dataclass(frozen=True)
class ChatServer:
    """A running chat server, as a test sees it."""

    url: str
    """The bare host: the base URL of the Anthropic, Gemini and Ollama shapes."""

    @property
    def openai_url(self) -> str:
        """The base URL of the OpenAI shape."""
        return f"{self.url}/v1"

    def behave(self, plan: Plan | Behaviour) -> None:
        """Change the plan; a single behaviour is every model's."""
        self._call("POST", "/_plan", dump_plan({"*": plan} if isinstance(plan, Behaviour) else plan))

    def log(self) -> dict[str, Any]:
        """`{total, hashes: {hash: n}, models: {model: n}, faults: {fault: n}, peak}`."""
        log: dict[str, Any] = self._call("GET", "/_log")
        return log

    def requests(self) -> list[dict[str, Any]]:
        """The latest 200, oldest first: `{path, headers, body: data, time: epoch seconds}`."""
        return [{**entry, "body": json.loads(entry["body"])} for entry in self._call("GET", "/_requests")]

    def forget(self) -> None:
        """Forget all requests, and which questions were asked before."""
        self._call("DELETE", "/_log")

    def _call(self, method: str, path: str, body: str | None = None) -> Any:
        data = None if body is None else body.encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read())


@contextmanager
def chat_in_thread(plan: Plan | None = None) -> Iterator[ChatServer]:
    """A chat server in a thread of this process."""
    with rawhttp.in_thread(ChatService(plan or {}).handle) as url:
        yield ChatServer(url)


@contextmanager
def chat_in_process(plan: Plan | None = None) -> Iterator[ChatServer]:
    """A chat server in its own process, which ends with this one."""
    with rawhttp.in_process("tests.support.chat_server") as url:
        server = ChatServer(url)
        server.behave(plan or {})
        yield server


def main() -> None:
    """Run a chat server in the foreground."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--plan", type=Path, help="a JSON file: model → behaviour")
    arguments = parser.parse_args()
    plan = load_plan(arguments.plan.read_text()) if arguments.plan else {}
    rawhttp.in_foreground(ChatService(plan).handle, arguments.port)


if __name__ == "__main__":
    main()
