"""Answers and verdicts that are asked for once: from the store if they are there, else from the model."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

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
        self._under_way: dict[str, asyncio.Future[Any]] = {}

    async def response(self, model: Model, request: Request, stored: Response | None) -> Response | None:
        """The stored answer if there is one that will do, else a new one."""
        return await self._get(
            request.key, stored, self._progress.answers, lambda: model.generate(request), model.is_free
        )

    async def verdict(self, judge: Judge, game: Game, stored: Verdict | None) -> Verdict | None:
        """The stored verdict if there is one that will do, else a new one."""

        async def ask() -> Verdict:
            verdict = await judge.judge(game)
            return verdict.swapped() if game.order == "ba" else verdict

        return await self._get(game.key, stored, self._progress.verdicts, ask, judge.is_free)

    async def _get(
        self,
        key: str,
        stored: Found | None,
        tally: Tally,
        ask: Callable[[], Awaitable[Found]],
        is_free: bool,
    ) -> Found | None:
        found: Found | None
        if stored is not None and (stored.ok or not self._retry_failed):
            self._count(stored, tally, reused=True)
            return stored
        if key in self._under_way:
            found = await asyncio.shield(self._under_way[key])
        else:
            found = await self._single(key, ask, is_free=is_free, urgent=tally is self._progress.verdicts)
        if found is not None:
            self._count(found, tally, reused=False)
        return found

    async def _single(
        self, key: str, ask: Callable[[], Awaitable[Found]], *, is_free: bool, urgent: bool
    ) -> Found | None:
        """Ask and store, with equal calls that are under way at the same time sharing one."""
        self._under_way[key] = future = asyncio.get_running_loop().create_future()
        found: Found | None = None
        written: asyncio.Future[None] | None
        try:
            if is_free:
                found, written = await self._asked(ask)
            else:
                found, written = await self.slots.call(lambda: self._paid(ask), urgent=urgent)
            if written is not None:
                await asyncio.shield(written)
        finally:
            del self._under_way[key]
            future.set_result(found)
        return found

    async def _paid(
        self, ask: Callable[[], Awaitable[Found]]
    ) -> tuple[Found | None, asyncio.Future[None] | None]:
        if not await self._may_ask():
            return None, None
        self._budget.under_way += 1
        try:
            found, written = await self._asked(ask)
        finally:
            self._budget.under_way -= 1
        self._budget.add(found.cost_usd)
        self._progress.asked += 1
        self._progress.cost_usd = self._budget.spent
        return found, written

    async def _asked(self, ask: Callable[[], Awaitable[Found]]) -> tuple[Found, asyncio.Future[None]]:
        found = await ask()
        _log.debug("%s %s: %s", type(found).__name__.lower(), found.key, _outcome(found))
        return found, self._writer.hand_over(found)

    async def _may_ask(self) -> bool:
        while self._progress.stopping is None:
            if self._budget.allows_another():
                return True
            if self._budget.under_way == 0:
                self._progress.stopping = "budget"
                break
            await asyncio.sleep(0.01)
        return False

    def _count(self, found: Found, tally: Tally, *, reused: bool) -> None:
        tally.done += 1
        tally.reused += reused
        if found.failure is not None:
            tally.failed[found.failure.kind.value] += 1


def _outcome(found: Response | Verdict) -> str:
    return "ok" if found.failure is None else f"{found.failure.kind.value}: {found.failure.message}"
