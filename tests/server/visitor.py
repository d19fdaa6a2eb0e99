"""A visitor of the arena, as a browser's page would be."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

Event = tuple[str, Any]


class Visitor:
    """A session, and what a page does with it."""

    def __init__(self, url: str, **client: Any) -> None:
        self.http = httpx.Client(base_url=url, timeout=20, **client)
        self.csrf: str = self.http.get("/api/session").json()["csrf"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.http.get(path, **more)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.http.post(path, json=body, headers={"X-CSRF-Token": self.csrf, **headers})

    def begin(self, prompt: str = "Say hello.", **more: Any) -> dict[str, Any]:
        """Begin a matchup."""
        reply = self.post("/api/matchups", {"prompt": prompt, **more})
        assert reply.status_code == 201, reply.text
        made: dict[str, Any] = reply.json()
        return made

    def matchup(self, matchup_id: str) -> dict[str, Any]:
        reply = self.get(f"/api/matchups/{matchup_id}")
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def do(self, matchup_id: str, what: str, body: Any = None, status: int = 200) -> dict[str, Any]:
        """Something to a matchup: turns, regenerate, stop, replace."""
        reply = self.post(f"/api/matchups/{matchup_id}/{what}", body)
        assert reply.status_code == status, reply.text
        done: dict[str, Any] = reply.json()
        return done

    def vote(self, matchup: dict[str, Any], winner: str | None = None, **more: Any) -> httpx.Response:
        chosen = {"winner": winner} if winner else {}
        return self.post(f"/api/matchups/{matchup['id']}/vote", {"token": matchup["token"], **chosen, **more})

    @contextmanager
    def reading(self, matchup_id: str) -> Iterator[Iterator[Event]]:
        """The events of a matchup, as they come."""
        with self.http.stream("GET", f"/api/matchups/{matchup_id}/events") as reply:
            assert reply.status_code == 200
            assert reply.headers["content-type"].startswith("text/event-stream")
            yield _events(_lines(reply.iter_bytes()))

    def events(self, matchup_id: str) -> list[Event]:
        """All events of a matchup, up to the end."""
        with self.reading(matchup_id) as events:
            return list(events)

    def played(self, prompt: str = "Say hello.", **more: Any) -> dict[str, Any]:
        """A matchup whose answers are all there."""
        made = self.begin(prompt, **more)
        self.events(made["id"])
        return self.matchup(made["id"])


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Lines as event streams have them: other signs that end a line elsewhere are a part of it."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.decode() for line in lines)


def _events(lines: Iterator[str]) -> Iterator[Event]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))
            if name == "end":
                return


def texts(events: list[Event]) -> dict[str, str]:
    """What a page shows in each slot of the first turn after these events."""
    shown: dict[str, str] = {}
    for name, data in events:
        if name == "snapshot":
            shown = {answer["slot"]: answer["text"] for answer in data["turns"][0]["answers"]}
        elif name == "delta":
            for delta in data["deltas"]:
                shown[delta["slot"]] += delta.get("text", "")
        elif name == "answer":
            shown[data["answer"]["slot"]] = data["answer"]["text"]
    return shown
