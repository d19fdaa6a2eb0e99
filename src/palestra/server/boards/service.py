"""Boards for the routes: worked out off the event loop, once per change, and kept as ready replies."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from palestra.server.boards.board import Rules
from palestra.server.boards.book import Book
from palestra.server.boards.changes import Changes
from palestra.server.boards.charts import as_csv, chart
from palestra.server.boards.facts import ModelFacts
from palestra.server.boards.flights import Flights
from palestra.server.boards.model_page import model_page
from palestra.server.boards.runs import RunShelf
from palestra.server.boards.standings import MAIN, SAMPLE_MAIN, Moved, Revealer
from palestra.server.boards.view import leaderboard
from palestra.store.arena_battles import BattleTable

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from palestra.records.battle import Battle
    from palestra.server.boards.board import Board
    from palestra.server.boards.charts import ChartName
    from palestra.server.boards.query import BoardQuery
    from palestra.server.roster import Roster
    from palestra.server.settings import ServerSettings
    from palestra.store.database import Database

Found = TypeVar("Found")
_KEPT = 64
"""Replies that are kept."""
_THREADS = {"boards": 2, "history": 1, "reveal": 1}
"""Each kind of work has threads of its own, so that none waits for slower ones: on a large arena histories,
and boards of battles that share their prompts, can take seconds."""
_SEARCHES = 4
"""Texts that are searched for at once; each search reads all texts."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A body and what names it: equal bodies have equal tags, also in other processes."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Reply:
        """A reply with its tag."""
        return cls(body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


class Boards:
    """All boards of a server: the arena's and those of result folders."""

    def __init__(self, database: Database, settings: ServerSettings, roster: Roster) -> None:
        config = settings.config
        rules = Rules.of(config)
        self._arena = config.arena.name
        self._min_votes = config.serve.min_votes
        self.facts = ModelFacts(roster, rules.size)
        self.main = Book(BattleTable(database), rules)
        self.runs = RunShelf(settings.runs, rules)
        self.changes = Changes(self._state)
        self.shown_first = SAMPLE_MAIN if settings.sample else MAIN
        self._revealer = Revealer(
            self.main.ledger, rules, self._min_votes, self.facts.retired, self.shown_first
        )
        self._pools = {name: ThreadPoolExecutor(n, thread_name_prefix=name) for name, n in _THREADS.items()}
        self._searching = anyio.CapacityLimiter(_SEARCHES)
        self._flights: Flights[Any] = Flights()
        self._replies: OrderedDict[Hashable, tuple[Hashable, Reply]] = OrderedDict()
        self._votes: list[tuple[Sequence[Battle], asyncio.Future[Moved]]] = []
        self._revealing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read all battles, and begin to read the result folders.

        Raises:
            StoreError: the database cannot be read.
        """
        self.runs.start()
        await self._in("boards", self.main.ledger.refresh)

    async def aclose(self) -> None:
        """End all work and remove what was copied."""
        await self.changes.aclose()
        await asyncio.to_thread(self.runs.close)
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)

    async def search(self, work: Callable[[], Found]) -> Found:
        """A search through texts, in a thread; only so many at once, so that they leave room for all else."""
        return await anyio.to_thread.run_sync(work, limiter=self._searching)

    @property
    def table(self) -> BattleTable:
        """The arena's own battles in the database."""
        return self.main.table

    def book(self, folder: str | None) -> Book:
        """The boards of the arena, or of a result folder.

        Raises:
            UsageError: there is no such folder.
            NotYetReadError: it is still being read, or could not be.
        """
        return self.main if folder is None else self.runs.book(folder)

    async def board(self, query: BoardQuery) -> Board:
        """All ratings of a selection, by the battles that are in the database now."""
        book = self.book(query.folder)
        key = ("board", query.folder, query.selection)
        return await self._flight(key, "boards", lambda: book.board(query.selection))

    async def leaderboard(self, query: BoardQuery) -> Reply:
        """A board as JSON."""
        board = await self.board(query)
        what = ("leaderboard", query)
        return await self._reply(what, "boards", board, lambda: self._leaderboard(board, query))

    async def chart(self, name: ChartName, query: BoardQuery, *, csv: bool = False) -> Reply:
        """The data of a chart, as JSON or CSV."""
        board = await self.board(query)
        pool = "history" if name == "history" else "boards"
        what = (name, csv, query)
        return await self._reply(what, pool, board, lambda: self._chart(name, board, query, csv=csv))

    async def model(self, label: str, query: BoardQuery) -> dict[str, Any]:
        """A model's page without its latest battles."""
        board = await self.board(query)
        book = self.book(query.folder)

        def work() -> dict[str, Any]:
            history = book.history(query.selection)
            categories = book.by_category(query.selection, label)
            return model_page(label, board, history, categories, self.facts, min_votes=self._min_votes)

        return await self._flight(("model", label, query), "history", work)

    async def standings_before_after(self, battles: Sequence[Battle]) -> Moved:
        """By label of each model in `battles`, which are about to be stored: its standing on the main board
        without them and with them; None where it has no battle.

        Votes that come while others are worked out are taken together, and each is told what they do
        together: so however many come, each waits for two rounds at most.

        Raises:
            StoreError: the database cannot be read.
        """
        told: asyncio.Future[Moved] = asyncio.get_running_loop().create_future()
        self._votes.append((battles, told))
        if self._revealing is None:
            self._revealing = asyncio.create_task(self._reveal())
        return await told

    async def _reveal(self) -> None:
        while self._votes:
            votes, self._votes = self._votes, []
            try:
                moved = await self._in(
                    "reveal", partial(self._revealer.reveal, [battles for battles, _ in votes])
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to hear of it
                for _, told in votes:
                    if not told.done():
                        told.set_exception(error)
                continue
            for (_, told), found in zip(votes, moved, strict=True):
                if not told.done():
                    told.set_result(found)
        self._revealing = None

    def _state(self) -> dict[str, int]:
        """What `changed` tells; asked for in a thread."""
        board = self.main.board(self.shown_first)
        seq = self.main.ledger.snapshot.seq
        return {"n_battles": board.key.size, "seq": int(seq[-1]) if seq.size else 0}

    def _leaderboard(self, board: Board, query: BoardQuery) -> bytes:
        return to_json(
            leaderboard(
                board,
                self.facts,
                arena=self._arena,
                selection=query.selection,
                min_votes=self._min_votes,
                retired=query.retired,
            )
        )

    def _chart(self, name: ChartName, board: Board, query: BoardQuery, *, csv: bool) -> bytes:
        hidden = frozenset() if query.retired else self.facts.retired()
        history = self.book(query.folder).history(query.selection) if name == "history" else None
        data = chart(name, board, history, hidden)
        return as_csv(name, data).encode() if csv else to_json(data)

    async def _reply(self, what: Hashable, pool: str, board: Board, make: Callable[[], bytes]) -> Reply:
        """The reply of before, if it was made of the same board and the same models are retired."""
        state = (board.key, board.seen, self.facts.retired(), self.facts.roster.labels)
        kept = self._replies.get(what)
        if kept is not None and kept[0] == state:
            self._replies.move_to_end(what)
            return kept[1]
        reply = await self._flight((what, state), pool, lambda: Reply.of(make()))
        self._replies[what] = (state, reply)
        if len(self._replies) > _KEPT:
            self._replies.popitem(last=False)
        return reply

    async def _flight(self, key: Hashable, pool: str, work: Callable[[], Found]) -> Found:
        found: Found = await self._flights.do(key, lambda: self._in(pool, work))
        return found

    async def _in(self, pool: str, work: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pools[pool], work)


def to_json(data: Any) -> bytes:
    """Compact JSON; no NaN gets out."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
