"""What a voter's page does at each of the two arenas, for one battle after the other."""

from __future__ import annotations

import json
import random
import secrets
from typing import TYPE_CHECKING, Any, Protocol, Self

from benchmarks.web.wire import Wire

if TYPE_CHECKING:
    from benchmarks.web.wire import Reply

CHOICES = ("a", "b", "tie", "both_bad")
PROMPT = "How does a rainbow come about, and why does number {} have its colours in this order?"


class LoadError(Exception):
    """The server did not do what was asked."""


class Voter(Protocol):
    """Somebody who votes."""

    @classmethod
    async def arrive(cls, host: str, port: int) -> Self:
        """Open the page."""

    async def begin(self) -> None:
        """Send a prompt."""

    async def read(self) -> float | None:
        """Read both answers to their end; returns when the first text came, None if all came at once."""

    async def vote(self) -> str:
        """Vote; returns what to look for in the database, once the vote is acknowledged."""

    def leave(self) -> None:
        """Close the page."""


class PalestraVoter:
    """Palestra's page: a session, POST a matchup, read its events, POST the vote."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._matchup: dict[str, Any] = {}

    @classmethod
    async def arrive(cls, host: str, port: int) -> Self:
        """Open the page."""
        wire = await Wire.to(host, port)
        reply = _checked(await wire.get("/api/session"), 200)
        cookies = [line for line in reply.head.split(b"\r\n") if line.lower().startswith(b"set-cookie:")]
        wire.cookie = cookies[0].split(b":", 1)[1].split(b";")[0].strip()
        wire.headers = b"X-CSRF-Token: %s\r\n" % json.loads(reply.body)["csrf"].encode()
        return cls(wire)

    async def begin(self) -> None:
        """Send a prompt."""
        body = json.dumps({"prompt": PROMPT.format(random.randrange(10**6))}).encode()
        self._matchup = json.loads(_checked(await self._wire.post("/api/matchups", body), 201).body)

    async def read(self) -> float | None:
        """Read both answers to their end."""
        reply = await self._wire.get(f"/api/matchups/{self._matchup['id']}/events", b"event: delta")
        body = _checked(reply, 200).body
        if b"event: end" not in body or b'"can_vote":true' not in body:
            raise LoadError(f"the events ended early: {body[-500:]!r}")
        return reply.marked

    async def vote(self) -> str:
        """Vote."""
        ballot = json.dumps({"token": self._matchup["token"], "winner": random.choice(CHOICES)}).encode()
        name: str = self._matchup["id"]
        reply = _checked(await self._wire.post(f"/api/matchups/{name}/vote", ballot), 200)
        if b'"counted":true' not in reply.body:
            raise LoadError(f"the vote was not counted: {reply.body[:500]!r}")
        return name

    def leave(self) -> None:
        """Close the page."""
        self._wire.close()


class GradioVoter:
    """What Gradio's own client sends: join the queue, then read the session's events until they end."""

    def __init__(self, wire: Wire, numbers: dict[str, int]) -> None:
        self._wire = wire
        self._numbers = numbers
        self._session = secrets.token_hex(6)
        self._joined = 0

    @classmethod
    async def arrive(cls, host: str, port: int) -> Self:
        """Open the page."""
        wire = await Wire.to(host, port)
        config = json.loads(_checked(await wire.get("/config"), 200).body)
        return cls(wire, {one["api_name"]: one["id"] for one in config["dependencies"]})

    async def begin(self) -> None:
        """Send a prompt."""
        await self._join("answer", PROMPT.format(random.randrange(10**6)))

    async def read(self) -> float | None:
        """Read both answers to their end."""
        return (await self._events()).marked

    async def vote(self) -> str:
        """Vote."""
        await self._join(f"vote_{random.choice(CHOICES)}", None)
        reply = await self._events()
        if b"You voted" not in reply.body:
            raise LoadError(f"the vote was not counted: {reply.body[-500:]!r}")
        return self._session

    def leave(self) -> None:
        """Close the page."""
        self._wire.close()

    async def _join(self, function: str, value: str | None) -> None:
        body = {
            "data": [value],
            "event_data": None,
            "fn_index": self._numbers[function],
            "session_hash": self._session,
        }
        _checked(await self._wire.post("/gradio_api/queue/join?", json.dumps(body).encode()), 200)

    async def _events(self) -> Reply:
        path = f"/gradio_api/queue/data?session_hash={self._session}"
        reply = _checked(await self._wire.get(path, b'"msg":"process_generating"'), 200)
        if b'"msg":"process_completed"' not in reply.body or b'"success":true' not in reply.body:
            raise LoadError(f"the events ended early: {reply.body[-500:]!r}")
        return reply


VOTERS: dict[str, type[Voter]] = {"palestra": PalestraVoter, "gradio": GradioVoter}


def _checked(reply: Reply, status: int) -> Reply:
    if reply.status != status:
        raise LoadError(f"status {reply.status}, expected {status}: {reply.body[:500]!r}")
    return reply
