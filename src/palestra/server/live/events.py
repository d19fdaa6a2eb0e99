"""A matchup as a stream of events: a snapshot, then what changes, batched."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from palestra.server.live.slots import letter
from palestra.server.live.views import answer_view, flags_view, matchup_view, reason_view
from palestra.store.arena_matchups import OPEN, REPLACED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from palestra.server.event_stream import Streams
    from palestra.server.live.matchup import LiveMatchup
    from palestra.server.roster import Roster

BATCH_SECONDS = 0.04
"""Between two events of a stream that bring further words; with many open streams more, so that other
requests need not wait."""
_UNHURRIED = 25
"""So many open streams do not lengthen it."""
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_END = b"event: end\ndata: {}\n\n"


def batch_seconds(open_streams: int) -> float:
    """Seconds between two events of a stream."""
    return BATCH_SECONDS * max(1.0, open_streams / _UNHURRIED)


class Reader:
    """One open event stream: what it has told so far."""

    def __init__(self, live: LiveMatchup, roster: Roster, token: str | None, streams: Streams) -> None:
        self._live = live
        self._streams = streams
        self._roster = roster
        self._token = token
        self._seen = -1
        self._structure = -1
        self._marks: dict[tuple[int, int], int] = {}
        self._told: set[tuple[int, int]] = set()
        self._flags: dict[str, bool] = {}

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Everything from now on, until nothing more will come; what comes together is one piece."""
        loop = asyncio.get_running_loop()
        while True:
            sent = loop.time()
            self._seen, told = self._live.signal.count, self._live.news.count
            news = b"".join(self._news())
            over = self._is_over()
            if news or over:
                yield news + _END if over else news
            if over:
                return
            if self._seen == self._live.signal.count:
                await self._live.signal.wait(self._seen)
            wait = sent + batch_seconds(self._streams.open) - loop.time()
            if wait > 0 and self._live.news.count == told:
                await self._live.news.pause(wait)

    def _is_over(self) -> bool:
        live = self._live
        if self._structure != live.structure or self._seen != live.signal.count:
            return False  # something changed while it was told
        return live.row.state != OPEN or live.settled or live.broken

    def _news(self) -> Iterator[bytes]:
        """What the reader does not know yet."""
        live = self._live
        if self._structure != live.structure:
            yield self._snapshot()
        else:
            yield from self._changes()
        if live.row.state == REPLACED:
            yield _event("replaced", {"by": live.row.replaced_by, "reason": reason_view(live)})

    def _snapshot(self) -> bytes:
        live = self._live
        self._structure = live.structure
        self._flags = flags_view(live)
        for stream in live.all_streams():
            place = (stream.turn, stream.slot)
            self._marks[place] = len(stream.shown)
            self._told.discard(place)
            if stream.done:
                self._told.add(place)
        return _event("snapshot", matchup_view(live, self._roster, self._token))

    def _changes(self) -> Iterator[bytes]:
        live = self._live
        streams = live.last() if len(live.turns) == 1 else live.all_streams()
        deltas, ended = [], []
        for stream in streams:
            place = (stream.turn, stream.slot)
            if place in self._told:
                continue
            if len(stream.shown) > self._marks[place]:
                new = stream.since(self._marks[place])
                self._marks[place] = len(stream.shown)
                said = {"text": new.text, "thinking": new.thinking}
                where = {"turn": stream.turn, "slot": letter(stream.slot)}
                deltas.append(where | {name: text for name, text in said.items() if text})
            if stream.done:
                self._told.add(place)
                ended.append({"turn": stream.turn, "answer": answer_view(live, stream)})
        flags = flags_view(live)
        changed, self._flags = flags != self._flags, flags
        if deltas:
            yield _event("delta", {"deltas": deltas})
        for one in ended:
            yield _event("answer", one | flags)
        if changed and not ended:
            yield _event("state", flags)


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {_ENCODE(data)}\n\n".encode()
