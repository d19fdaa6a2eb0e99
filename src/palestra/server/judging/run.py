"""One judge run under way: battles in, verdicts asked for or found, battles out."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from palestra.errors import PalestraError
from palestra.run.budget import Budget
from palestra.run.ledger import AskingLedger
from palestra.run.progress import Progress
from palestra.server.judging.docket import Docket
from palestra.server.judging.keeping import ThreadWriter
from palestra.store.arena_judge_runs import (
    DONE,
    FAILED,
    STOPPED,
    end_run,
    release_run,
    update_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import sqlalchemy as sa

    from palestra.judges.base import Game
    from palestra.records.verdict import Verdict
    from palestra.server.judging.bench import Bench
    from palestra.store.arena_battles import BattleTable
    from palestra.store.arena_judge_runs import JudgeRunRow, StoredBattle
    from palestra.store.arena_writer import GroupWriter

_LOG = logging.getLogger("palestra.server")
_BEAT_SECONDS = 1.0
_AHEAD = 2
"""Battles in play per call at once."""
SHUTDOWN = "shutdown"


class JudgeRun:
    """A run that this process owns. `row` says how far it is; `stop` may be called at any time."""

    def __init__(
        self,
        row: JudgeRunRow,
        bench: Bench,
        table: BattleTable,
        writer: GroupWriter,
        *,
        concurrency: int,
        on_battles: Callable[[], None],
    ) -> None:
        """`on_battles` hears of each time that battles were put in."""
        self._bench, self._table, self._writer = bench, table, writer
        self._docket = Docket.of(row.filter)
        self._begun = row
        self._concurrency = max(1, min(concurrency, bench.config.concurrency or concurrency))
        self._on_battles = on_battles
        self.progress = Progress()
        self.progress.verdicts.total = row.total
        self._ledger = AskingLedger(
            table.database,
            ThreadWriter(table.database),
            self.progress,
            budget=Budget(self._docket.max_cost, spent=row.cost_usd or 0.0),
            retry_failed=True,
        )
        self._ended: JudgeRunRow | None = None

    @property
    def row(self) -> JudgeRunRow:
        """The run at this moment."""
        if self._ended is not None:
            return self._ended
        tally = self.progress.verdicts
        return replace(
            self._begun,
            done=tally.done - tally.n_failed,
            failed=tally.n_failed,
            reused=tally.reused,
            failures=dict(sorted(tally.failed.items())),
            cost_usd=self.progress.cost_usd or self._begun.cost_usd,
            total=max(self._begun.total, tally.done),
            beat=time.time(),
        )

    def stop(self, why: str = STOPPED) -> None:
        """Start no more calls. Those under way are waited for, and count."""
        if self.progress.stopping is None:
            self.progress.stopping = why

    async def run(self) -> None:
        """Judge; returns when all is judged, or it was stopped, or it failed. The row is written."""
        beating = asyncio.create_task(self._beat())
        error: str | None = None
        try:
            await self._judge()
        except asyncio.CancelledError:
            self.stop(SHUTDOWN)
            raise
        except PalestraError as problem:
            error = problem.message
        except Exception as problem:  # noqa: BLE001 - a run that breaks off says so
            _LOG.exception("judge run %s broke off", self._begun.id)
            error = f"a fault in the arena: {type(problem).__name__}"
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
            await self._end(error)

    async def _judge(self) -> None:
        found = self._docket.battles(self._table.database)
        lock = asyncio.Lock()
        slots = [asyncio.create_task(self._ledger.slots.work()) for _ in range(self._concurrency)]
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_AHEAD * self._concurrency):
                    group.create_task(self._work(found, lock))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self._ledger.slots.close(len(slots))
            if self.progress.stopping == SHUTDOWN:
                for slot in slots:
                    slot.cancel()
            await asyncio.gather(*slots, return_exceptions=True)

    async def _work(self, found: Iterator[StoredBattle], lock: asyncio.Lock) -> None:
        """Judge one battle after another until none is left."""
        while self.progress.stopping is None:
            async with lock:  # an iterator is at one place at a time
                stored = await asyncio.to_thread(next, found, None)
            if stored is None:
                return
            await self._decide(stored)

    async def _decide(self, stored: StoredBattle) -> None:
        games = await asyncio.to_thread(self._bench.games, stored.battle)
        verdicts = await asyncio.gather(*(self._verdict(game) for game in games))
        told = [verdict for verdict in verdicts if verdict is not None]
        if len(told) < len(games):
            return
        decided = self._bench.battles(stored.battle, games, told, self._begun.id)
        if not decided:
            return

        def work(connection: sa.Connection) -> int:
            return self._table.insert(decided, matchup_id=stored.matchup_id, connection=connection)

        if await self._writer.write(work):
            self._on_battles()

    async def _verdict(self, game: Game) -> Verdict | None:
        found = await self._ledger.verdict(self._bench.judge, game)
        return None if found is None else self._bench.told(game, found)

    async def _beat(self) -> None:
        """Write how far it is, and hear whether it was stopped."""
        while True:
            try:
                if not await self._writer.write(partial(update_run, row=self.row)):
                    self.stop()
            except PalestraError:
                _LOG.exception("judge run %s: its progress cannot be written", self._begun.id)
            await asyncio.sleep(_BEAT_SECONDS)

    async def _end(self, error: str | None) -> None:
        """Write how it ended; one that ended with the server is let go, to be gone on with."""
        why = self.progress.stopping
        row = replace(self.row, finished=time.time())
        if why == SHUTDOWN and error is None:
            await self._writer.write(lambda connection: release_run(connection, row.id))
            return
        state = FAILED if error is not None else DONE if why is None else STOPPED
        if why == "budget":
            error = f"it would cost more than the {self._docket.max_cost:g} USD that it may"
        row = replace(row, state=state, error=error, beat=None)
        await self._writer.write(lambda connection: end_run(connection, row))
        self._ended = row
