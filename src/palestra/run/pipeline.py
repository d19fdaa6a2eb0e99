"""A run: play every prompt with as many calls at once as the config allows."""

from __future__ import annotations

import asyncio
import gc
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.errors import PalestraError
from palestra.run.budget import Budget
from palestra.run.estimate import dearest_calls
from palestra.run.ledger import AskingLedger, StoredLedger
from palestra.run.live import Live
from palestra.run.play import Decided, Played, Player
from palestra.run.progress import Progress
from palestra.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.run.plan import Plan
    from palestra.store.database import Database

_AHEAD = 8
"""Prompts in play per call at once, so that a call is always ready when a slot falls free."""
_YOUNG = 10_000
"""Objects made since the last look for garbage that lead to the next."""


def new_run_id() -> str:
    """A name for a run: the time in UTC, and six random hex digits."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(3)}"


@dataclass(slots=True)
class Run:
    """One pass over a plan. `progress` may be read, and `stop` called, while `ask` is under way."""

    plan: Plan
    database: Database
    max_cost: float | None = None
    """USD that this pass may spend."""
    retry_failed: bool = True
    """Ask again for what failed in an earlier pass."""
    progress: Progress = field(default_factory=Progress)
    run_id: str = field(default_factory=new_run_id)

    def __post_init__(self) -> None:
        calls = self.plan.calls()
        self.progress.answers.total = calls.answers
        self.progress.verdicts.total = calls.verdicts
        if self.progress.live is None:
            labels = [model.label for model in self.plan.models]
            ids = [prompt.question_id for prompt in self.plan.prompts]
            self.progress.live = Live(self.plan.config.ranking, labels, ids)

    def stop(self, why: str = "interrupted") -> None:
        """Start no more calls. Those under way are waited for and stored."""
        if self.progress.stopping is None:
            self.progress.stopping = why

    async def ask(self) -> None:
        """Get every answer and verdict that is missing into the store.

        Raises:
            StoreError: the database cannot be written.
        """
        with _uncollected():
            await self._ask()

    async def _ask(self) -> None:
        config = self.plan.config
        writer = Writer(self.database)
        ledger = AskingLedger(
            self.database,
            writer,
            self.progress,
            budget=Budget(
                self.max_cost, dearest=dearest_calls(self.plan) if self.max_cost is not None else {}
            ),
            retry_failed=self.retry_failed,
        )
        player = Player(self.plan, ledger, self.run_id, self._on_decided)
        indices = iter(range(len(self.plan.prompts)))
        slots = [asyncio.create_task(ledger.slots.work()) for _ in range(config.concurrency)]
        try:
            async with asyncio.TaskGroup() as playing:
                for _ in range(min(_AHEAD * config.concurrency, len(self.plan.prompts))):
                    playing.create_task(self._play_on(player, indices))
        except asyncio.CancelledError:
            for slot in slots:
                slot.cancel()
            raise
        except BaseExceptionGroup as group_error:
            self.stop("error")
            raise _cause(group_error) from group_error
        finally:
            ledger.slots.close(len(slots))
            await asyncio.gather(*slots, return_exceptions=True)
            writer.flush(last=True)

    async def _play_on(self, player: Player, indices: Iterator[int]) -> None:
        """Play one prompt after another until none is left."""
        for index in indices:
            if self.progress.stopping is not None:
                return
            played = await player.play(index)
            if played.complete and self.progress.live is not None:
                self.progress.live.finish(index, played.battles)

    def _on_decided(self, decided: Decided) -> None:
        self.progress.skipped += decided.unjudged
        for battle in decided.battles:
            self.progress.add_battle(battle)

    async def played(self, index: int) -> Played:
        """What is stored for prompt `index`."""
        return await Player(self.plan, StoredLedger(self.database), self.run_id).play(index)

    async def aclose(self) -> None:
        """Close the connections of models and judges."""
        closing = (part.aclose() for part in self.plan.parts)
        await asyncio.gather(*closing, return_exceptions=True)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for garbage seldom, and never in what is there: imports, prompts, answers read from files."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The user's error among those of a task group if there is one, else the first."""
    leaves = list(_leaves(group))
    return next((leaf for leaf in leaves if isinstance(leaf, PalestraError)), leaves[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
