"""`leaderboard.json` in GPU-Poor's shape, kept current while the server runs."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from palestra.errors import ConfigError, DataError, PalestraError
from palestra.interchange.gpu_poor import leaderboard_data, read_totals, totals, write_leaderboard
from palestra.server.boards.counting import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.interchange.gpu_poor import Totals
    from palestra.server.boards.ledger import Ledger
    from palestra.server.signal import Signal
    from palestra.store.arena_battle_filter import Selection

_LOG = logging.getLogger("palestra.server")
_LOOK_SECONDS = 5.0
"""How often votes of other processes on the same database are looked for."""
_REST = 4.0
"""After each writing it rests this many times as long as that took: votes in between are one writing."""


class LeaderboardFile:
    """Written after each vote, off the event loop, so that no vote waits for it.

    It holds the battles that count on the first board. Writings that overlap with votes are made up for.
    """

    def __init__(self, path: Path, ledger: Ledger, selection: Selection, voted: Signal) -> None:
        self._path, self._ledger, self._voted = path, ledger, voted
        self._tally = Tally(selection)
        self._told: tuple[int, int] | None = None
        self._failing = False
        self._lock = threading.Lock()
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Write it, and from now on after each vote.

        A file with battles that the database does not hold is kept beside it, as `NAME.previous`.

        Raises:
            ConfigError: the file there is no such leaderboard, or it cannot be written.
        """
        try:
            await asyncio.to_thread(self._begin)
        except DataError as error:
            raise ConfigError(
                error.message, path=error.path, key=error.key, hint="name another in serve.leaderboard_json"
            ) from None
        self._keeping = asyncio.create_task(self._keep())

    async def aclose(self) -> None:
        """Write what is left, and stop."""
        if self._keeping is None:
            return
        self._keeping.cancel()
        await asyncio.wait([self._keeping])
        await asyncio.to_thread(self._try)

    def _begin(self) -> None:
        self._count()
        if self._path.exists() and _has_more(read_totals(self._path), totals(self._data())):
            kept = _free_name(self._path)
            try:
                self._path.rename(kept)
            except OSError as error:
                raise DataError(f"cannot be moved: {error.strerror}", path=self._path) from None
            _LOG.warning("%s holds battles that this arena does not; it is kept as %s", self._path, kept)
        self._write()

    async def _keep(self) -> None:
        seen = -1
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    seen = await self._voted.wait(seen)
            except TimeoutError:
                pass
            began = time.monotonic()
            await asyncio.to_thread(self._try)
            await asyncio.sleep(_REST * (time.monotonic() - began))

    def _try(self) -> None:
        """Write if something changed. What goes wrong is logged once, and tried again."""
        try:
            with self._lock:
                self._count()
                if self._told != self._state():
                    self._write()
            self._failing = False
        except PalestraError as error:
            if not self._failing:
                _LOG.warning("the leaderboard file is not current: %s", error)
            self._failing = True

    def _state(self) -> tuple[int, int]:
        return self._tally.generation, self._tally.size

    def _count(self) -> None:
        self._snapshot = self._ledger.refresh()
        self._tally.advance(self._snapshot)

    def _data(self) -> dict[str, Any]:
        return leaderboard_data(self._tally.counts(self._snapshot))

    def _write(self) -> None:
        write_leaderboard(self._path, self._data())
        self._told = self._state()


def _has_more(found: Totals, ours: Totals) -> bool:
    """Whether some model has won, lost or tied more often there than here."""
    return any(
        there > here
        for model, numbers in found.items()
        for there, here in zip(numbers, ours.get(model, (0, 0, 0)), strict=True)
    )


def _free_name(path: Path) -> Path:
    kept = path.with_name(f"{path.name}.previous")
    number = 2
    while kept.exists():
        kept = path.with_name(f"{path.name}.previous-{number}")
        number += 1
    return kept
