"""Answers and verdicts that are asked for once: from the store if they are there, else from the model."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from palestra.judges.grading import GradingJudge
from palestra.records.response import Response
from palestra.records.verdict import Verdict
from palestra.run.slots import Slots
from palestra.store.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from palestra.judges.base import Game, Judge
    from palestra.models.base import Model, Request
    from palestra.run.budget import Budget
    from palestra.run.progress import Progress, Tally
    from palestra.store.database import Database
    from palestra.store.writer import Writer

Found = TypeVar("Found", Response, Verdict)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Call(Generic[Found]):
    """Something to be asked for."""

    label: str
    is_free: bool
    ask: Callable[[], Awaitable[Found]]
    urgent: bool = False


class Ledger(Protocol):
    """Where the pipeline gets its answers and verdicts. None means: not there, and not asked for."""

    async def response(self, model: Model, request: Request) -> Response | None:
        """The answer to one call."""

    async def verdict(self, judge: Judge, game: Game) -> Verdict | None:
        """The verdict on one game, as it was shown."""

    async def grade(self, judge: GradingJudge, request: Request) -> Response | None:
        """What a judge that grades single answers said of one."""


class StoredLedger:
    """Reads the store and asks for nothing."""

    def __init__(self, database: Database) -> None:
        self._responses = Reader(database.responses)
        self._verdicts = Reader(database.verdicts)

    async def response(self, model: Model, request: Request) -> Response | None:
        """What is stored."""
        return await self._responses.get(request.key)

    async def verdict(self, judge: Judge, game: Game) -> Verdict | None:
        """What is stored."""
        return await self._verdicts.get(game.key)

    async def grade(self, judge: GradingJudge, request: Request) -> Response | None:
        """What is stored."""
        return await self._responses.get(request.key)


class AskingLedger:
    """Asks for what is missing or failed, and stores it before anyone sees it.

    Calls that cost something are made in `slots`.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        progress: Progress,
        *,
        budget: Budget,
        retry_failed: bool,
    ) -> None:
        self._responses = Reader(database.responses)
        self._verdicts = Reader(database.verdicts)
        self._writer = writer
        self._progress = progress
        self.slots = Slots()
        self._budget = budget
        self._retry_failed = retry_failed
        self._under_way: dict[str, asyncio.Future[Any]] = {}

    async def response(self, model: Model, request: Request) -> Response | None:
        """The stored answer if there is one that will do, else a new one."""
        call = _Call(model.label, model.is_free, lambda: model.generate(request))
        return await self._get(request.key, self._responses, call, self._progress.answers)

    async def verdict(self, judge: Judge, game: Game) -> Verdict | None:
        """The stored verdict if there is one that will do, else a new one.

        A judge that grades single answers is asked for the grades that are missing; what they come to is no
        call of its own.
        """
        if isinstance(judge, GradingJudge):
            return await self._by_grades(judge, game)

        async def ask() -> Verdict:
            return _as_shown(await judge.judge(game), game)

        call = _Call(judge.label, judge.is_free, ask, urgent=True)
        return await self._get(game.key, self._verdicts, call, self._progress.verdicts)

    async def grade(self, judge: GradingJudge, request: Request) -> Response | None:
        """The stored reply if there is one that will do, else a new one."""
        call = _Call(judge.label, judge.is_free, lambda: judge.reply(request), urgent=True)
        return await self._get(request.key, self._responses, call, self._progress.verdicts)

    async def _by_grades(self, judge: GradingJudge, game: Game) -> Verdict | None:
        found = await self._verdicts.get(game.key)
        if found is not None and (found.ok or not self._retry_failed):
            return found
        verdict = await judge.decide(game, lambda request: self.grade(judge, request))
        return None if verdict is None else await self._writer.hand_over(_as_shown(verdict, game))

    async def _get(self, key: str, reader: Reader[Found], call: _Call[Found], tally: Tally) -> Found | None:
        """Look up, else ask and store; equal calls that are under way at the same time share one."""
        if key in self._under_way:
            shared: tuple[Found | None, bool] = await asyncio.shield(self._under_way[key])
            found, reused = shared
        else:
            self._under_way[key] = future = asyncio.get_running_loop().create_future()
            found, reused = None, False
            try:
                found = await reader.get(key)
                reused = found is not None and (found.ok or not self._retry_failed)
                if not reused:
                    found = await self._new(call)
            finally:
                del self._under_way[key]
                future.set_result((found, reused))
        if found is not None:
            self._count(found, tally, reused=reused)
        return found

    async def _new(self, call: _Call[Found]) -> Found | None:
        """Ask and store. If another process was first, its row is what counts."""
        written: asyncio.Future[Found] | None
        if call.is_free:
            _, written = await self._ask(call)
        else:
            written = await self.slots.call(lambda: self._paid(call), urgent=call.urgent)
        return None if written is None else await written

    async def _paid(self, call: _Call[Found]) -> asyncio.Future[Found] | None:
        if not await self._may_ask(call.label):
            return None
        self._budget.begin(call.label)
        cost = None
        try:
            found, written = await self._ask(call)
            cost = found.cost_usd
        finally:
            self._budget.end(call.label, cost)
            self._progress.cost_usd = self._budget.spent
        self._progress.asked += 1
        return written

    async def _may_ask(self, label: str) -> bool:
        while self._progress.stopping is None:
            if self._budget.allows(label):
                return True
            if self._budget.under_way.total() == 0:
                self._progress.stopping = "budget"
                break
            await asyncio.sleep(0.01)
        return False

    async def _ask(self, call: _Call[Found]) -> tuple[Found, asyncio.Future[Found]]:
        """What came back, and the promise of what is stored."""
        found = await call.ask()
        _log.debug("%s %s: %s", type(found).__name__.lower(), found.key, _outcome(found))
        return found, self._writer.hand_over(found)

    def _count(self, found: Found, tally: Tally, *, reused: bool) -> None:
        tally.done += 1
        tally.reused += reused
        if found.failure is not None:
            tally.failed[found.failure.kind.value] += 1


def _as_shown(verdict: Verdict, game: Game) -> Verdict:
    """The verdict as it is stored: the answer shown first is model A's."""
    return verdict.swapped() if game.order == "ba" else verdict


def _outcome(found: Response | Verdict) -> str:
    return "ok" if found.failure is None else f"{found.failure.kind.value}: {found.failure.message}"
