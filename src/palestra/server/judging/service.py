"""All judge runs of a server: begun, stopped, and gone on with after a restart."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from palestra.config.schema import Swap
from palestra.errors import PalestraError, UsageError, nearest
from palestra.judges.registry import make_judge
from palestra.server.judging.bench import Bench
from palestra.server.judging.docket import estimate, with_newest
from palestra.server.judging.run import SHUTDOWN, JudgeRun
from palestra.server.live.asking import new_id
from palestra.server.problems import Problem
from palestra.store.arena_judge_runs import (
    FAILED,
    RUNNING,
    JudgeRunRow,
    claim_run,
    end_run,
    insert_run,
    read_run,
    read_runs,
    reopen_run,
    stop_run,
)

if TYPE_CHECKING:
    from palestra.server.judging.docket import Docket, Estimate
    from palestra.server.prompt_book import PromptBook
    from palestra.server.settings import ServerSettings
    from palestra.server.signal import Signal
    from palestra.store.arena_battles import BattleTable
    from palestra.store.arena_writer import GroupWriter

_LOG = logging.getLogger("palestra.server")
_LOOK_SECONDS = 5.0
"""How often runs are looked for that nobody runs any more."""
_FAREWELL_SECONDS = 2.0


class JudgeRuns:
    """Begins runs, and keeps those of this process."""

    def __init__(
        self,
        settings: ServerSettings,
        table: BattleTable,
        writer: GroupWriter,
        prompts: PromptBook,
        voted: Signal,
    ) -> None:
        self._settings, self._table, self._writer, self._prompts = settings, table, writer, prompts
        self._voted = voted
        self._benches: dict[str, Bench] = {}
        self._runs: dict[str, tuple[JudgeRun, asyncio.Task[None]]] = {}
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Go on with what nobody runs, now and from time to time."""
        self._watching = asyncio.create_task(self._watch())

    async def aclose(self) -> None:
        """End all runs; they go on when a server starts again."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        tasks = [task for _, task in self._runs.values()]
        for run, _ in self._runs.values():
            run.stop(SHUTDOWN)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_FAREWELL_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        closing = (bench.judge.aclose() for bench in self._benches.values())
        await asyncio.gather(*closing, return_exceptions=True)

    @property
    def judges(self) -> list[str]:
        """The labels of the config's judges."""
        return [judge.label for judge in self._settings.config.judges]

    async def estimate(self, judge: str, docket: Docket) -> tuple[Docket, Estimate]:
        """The docket with the battles that there are now, and what judging them would take.

        Raises:
            PalestraError: there is no such judge, or it cannot be made.
        """
        bench = await self._bench(judge)
        database = self._table.database
        docket = await asyncio.to_thread(with_newest, docket, database)
        return docket, await asyncio.to_thread(estimate, docket, bench, database)

    async def begin(self, judge: str, docket: Docket) -> JudgeRunRow:
        """Begin a run.

        Raises:
            Problem: the judge is at work already.
            PalestraError: there is no such judge, or it cannot be made.
        """
        docket, taken = await self.estimate(judge, docket)
        now = time.time()
        row = JudgeRunRow(new_id(), judge, docket.data(), now, taken.total, beat=now)
        busy = [run for run in await self.all() if run.state == RUNNING and run.judge == judge]
        if busy:
            raise Problem(409, f"{judge} is at work already; stop that run first, or wait.", code="busy")
        await self._writer.write(lambda connection: insert_run(connection, row))
        await self._go(row)
        return row

    async def all(self) -> list[JudgeRunRow]:
        """All runs, the newest first."""
        rows = await asyncio.to_thread(self._read_all)
        return [self._live(row) for row in rows]

    async def get(self, run_id: str) -> JudgeRunRow:
        """A run.

        Raises:
            Problem: there is none.
        """
        row = await asyncio.to_thread(self._read, run_id)
        if row is None:
            raise Problem(404, "There is no such run.")
        return self._live(row)

    def rate(self, run_id: str) -> tuple[float | None, float | None]:
        """Verdicts per second, and seconds that are left, of a run of this process."""
        held = self._runs.get(run_id)
        if held is None:
            return None, None
        progress, tally = held[0].progress, held[0].progress.verdicts
        rate = tally.done / progress.elapsed if progress.elapsed > 0 else 0.0
        return rate, max(tally.total - tally.done, 0) / rate if rate else None

    async def stop(self, run_id: str) -> JudgeRunRow:
        """Stop a run; calls under way are waited for, and count.

        Raises:
            Problem: there is none.
        """
        now = time.time()
        await self.get(run_id)
        await self._writer.write(lambda connection: stop_run(connection, run_id, now))
        held = self._runs.get(run_id)
        if held is not None:
            held[0].stop()
        return await self.get(run_id)

    async def resume(self, run_id: str) -> JudgeRunRow:
        """Go on with a run that ended, asking again for what failed.

        Raises:
            Problem: there is none, or it is still at work.
        """
        row = await self.get(run_id)
        await self._bench(row.judge)
        now = time.time()
        if not await self._writer.write(lambda connection: reopen_run(connection, run_id, now)):
            raise Problem(409, "This run is at work.", code="busy")
        row = await self.get(run_id)
        await self._go(row)
        return row

    async def _go(self, row: JudgeRunRow) -> None:
        """Run a run that this process owns."""
        run = JudgeRun(
            row,
            await self._bench(row.judge),
            self._table,
            self._writer,
            concurrency=self._settings.config.concurrency,
            on_battles=self._voted.send,
        )
        task = asyncio.create_task(run.run())
        self._runs[row.id] = (run, task)
        task.add_done_callback(lambda _: self._runs.pop(row.id, None))

    async def _watch(self) -> None:
        while True:
            try:
                for row in await self.all():
                    if row.state == RUNNING and row.id not in self._runs:
                        await self._take_over(row)
            except PalestraError:
                _LOG.exception("judge runs cannot be looked through")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _take_over(self, row: JudgeRunRow) -> None:
        now = time.time()
        if not await self._writer.write(lambda connection: claim_run(connection, row.id, now)):
            return
        try:
            await self._go(row)
        except PalestraError as error:
            failed = replace(row, state=FAILED, error=error.message, finished=now)
            await self._writer.write(lambda connection: end_run(connection, failed))

    async def _bench(self, label: str) -> Bench:
        """A judge of the config, made when it is first wanted."""
        if label in self._benches:
            return self._benches[label]
        settings = self._settings
        config = next((judge for judge in settings.config.judges if judge.label == label), None)
        if config is None:
            raise UsageError(
                f"there is no judge {label[:80]!r}",
                hint=nearest(label, self.judges) if self.judges else "the config lists none",
            )
        swap = settings.config.schedule.swap
        once = swap is Swap.ONCE
        judge = await asyncio.to_thread(
            make_judge, config, any_order=once, env=settings.env, base_dir=settings.base_dir
        )
        bench = Bench(judge, config, swap, settings.config.seed, self._prompts)
        return self._benches.setdefault(label, bench)

    def _live(self, row: JudgeRunRow) -> JudgeRunRow:
        """The row with what this process knows better."""
        held = self._runs.get(row.id)
        if held is None:
            return row
        return replace(held[0].row, state=row.state, error=row.error, finished=row.finished)

    def _read(self, run_id: str) -> JudgeRunRow | None:
        with self._table.database.reading() as connection:
            return read_run(connection, run_id)

    def _read_all(self) -> list[JudgeRunRow]:
        with self._table.database.reading() as connection:
            return read_runs(connection)
