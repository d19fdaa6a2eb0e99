"""Answers and verdicts that are asked for once: from the store if they are there, else from the model."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from palestra.records.response import Response
from palestra.records.verdict import Verdict
from palestra.run.slots import Slots
from palestra.store.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from palestra.judges.base import Game, Judge
    from palestra.models.base import Model, Request
    from palestra.run.budget import Budget
    from palestra.run.progress import Progress, Tally
    from palestra.store.database import Database
    from palestra.store.writer import Writer

Found = TypeVar("Found", Response, Verdict)

_log = logging.getLogger(__name__)

_SHARED_SECONDS = 1.0
"""How long a new row is still shared: longer than anyone is between looking it up and asking for it."""


@dataclass(frozen=True, slots=True)
class _Call(Generic[Found]):
    """Something to be asked for."""

    label: str
    is_free: bool
    ask: Callable[[], Awaitable[Found]]
    urgent: bool = False


class Ledger(Protocol):
    """Where the pipeline gets its answers and verdicts. None means: not there, and not asked for."""

    async def stored_responses(self, keys: Sequence[str]) -> dict[str, Response]:
        """What is stored among `keys`, and maybe more."""

    async def stored_verdicts(self, keys: Sequence[str]) -> dict[str, Verdict]:
        """What is stored among `keys`, as it was shown, and maybe more."""

    async def response(self, model: Model, request: Request, stored: Response | None) -> Response | None:
        """The answer to one call."""

    async def verdict(self, judge: Judge, game: Game, stored: Verdict | None) -> Verdict | None:
        """The verdict on one game, as it was shown."""


class StoredLedger:
    """Reads the store and asks for nothing."""

    def __init__(self, database: Database) -> None:
        self.stored_responses = Reader(database.responses).get
        self.stored_verdicts = Reader(database.verdicts).get

    async def response(self, model: Model, request: Request, stored: Response | None) -> Response | None:
        """What is stored."""
        return stored

    async def verdict(self, judge: Judge, game: Game, stored: Verdict | None) -> Verdict | None:
        """What is stored."""
        return stored


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
        self.stored_responses = Reader(database.responses).get
        self.stored_verdicts = Reader(database.verdicts).get
        self._writer = writer
        self._progress = progress
        self.slots = Slots()
        self._budget = budget
        self._retry_failed = retry_failed
        self._asked: dict[str, asyncio.Future[Any]] = {}

    async def response(self, model: Model, request: Request, stored: Response | None) -> Response | None:
        """The stored answer if there is one that will do, else a new one."""
        call = _Call(model.label, model.is_free, lambda: model.generate(request))
        return await self._get(request.key, stored, call, self._progress.answers)

    async def verdict(self, judge: Judge, game: Game, stored: Verdict | None) -> Verdict | None:
        """The stored verdict if there is one that will do, else a new one."""

        async def ask() -> Verdict:
            verdict = await judge.judge(game)
            return verdict.swapped() if game.order == "ba" else verdict

        call = _Call(judge.label, judge.is_free, ask, urgent=True)
        return await self._get(game.key, stored, call, self._progress.verdicts)

    async def _get(self, key: str, stored: Found | None, call: _Call[Found], tally: Tally) -> Found | None:
        found: Found | None
        if stored is not None and (stored.ok or not self._retry_failed):
            self._count(stored, tally, reused=True)
            return stored
        if key in self._asked:
            found = await asyncio.shield(self._asked[key])
        else:
            found = await self._single(key, call)
        if found is not None:
            self._count(found, tally, reused=False)
        return found

    async def _single(self, key: str, call: _Call[Found]) -> Found | None:
        """Ask and store; whoever wants the same meanwhile, or looked too early to find it, shares it."""
        loop = asyncio.get_running_loop()
        self._asked[key] = future = loop.create_future()
        found: Found | None = None
        try:
            if call.is_free:
                found, written = await self._ask(call)
            else:
                found, written = await self.slots.call(lambda: self._paid(call), urgent=call.urgent)
            if written is not None:
                await asyncio.shield(written)
        finally:
            loop.call_later(_SHARED_SECONDS, self._asked.pop, key)
            future.set_result(found)
        return found

    async def _paid(self, call: _Call[Found]) -> tuple[Found | None, asyncio.Future[None] | None]:
        if not await self._may_ask(call.label):
            return None, None
        self._budget.begin(call.label)
        cost = None
        try:
            found, written = await self._ask(call)
            cost = found.cost_usd
        finally:
            self._budget.end(call.label, cost)
            self._progress.cost_usd = self._budget.spent
        self._progress.asked += 1
        return found, written

    async def _may_ask(self, label: str) -> bool:
        while self._progress.stopping is None:
            if self._budget.allows(label):
                return True
            if self._budget.under_way.total() == 0:
                self._progress.stopping = "budget"
                break
            await asyncio.sleep(0.01)
        return False

    async def _ask(self, call: _Call[Found]) -> tuple[Found, asyncio.Future[None] | None]:
        found = await call.ask()
        _log.debug("%s %s: %s", type(found).__name__.lower(), found.key, _outcome(found))
        return found, self._writer.hand_over(found)

    def _count(self, found: Found, tally: Tally, *, reused: bool) -> None:
        tally.done += 1
        tally.reused += reused
        if found.failure is not None:
            tally.failed[found.failure.kind.value] += 1


def _outcome(found: Response | Verdict) -> str:
    return "ok" if found.failure is None else f"{found.failure.kind.value}: {found.failure.message}"
