"""What ratings and filters read of all battles of a database, in memory: 36 bytes a battle.

Ratings by time (Elo, histories) need battles one by one, and any filter must answer at once, so the columns
that matter are read from the database once, and from then on only what came since. Equal values are kept
once: a *cell* is (model_a, model_b, outcome, share, weight), a *kind* is what filters look at, time aside.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from palestra.ranking.counts import SHARES, Outcome, Rows, outcome_of
from palestra.records.battle import Flag
from palestra.server.boards.columns import Column
from palestra.server.boards.prompts import prompt_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.ranking.arrays import Floats, Ints
    from palestra.store.arena_battles import BattleTable, RatedRow


_AT_ONCE = 20_000
"""Rows that are read in one go."""


class Kind(NamedTuple):
    """What filters look at."""

    source: str | None
    dataset: str | None
    category: str | None
    language: str | None
    run: str | None
    named: bool
    """The voter knew which models met."""
    leak: bool
    """An answer told which model wrote it."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All battles at one moment: n battles in the order of their numbers, of M models, in C cells."""

    generation: int
    """Another after a deletion: then nothing that was made of an earlier snapshot holds."""
    models: Sequence[str]
    """In the order of their first battles; it may have grown since, the first M are this snapshot's."""
    kinds: Sequence[Kind]
    """Likewise."""
    n_models: int
    n_kinds: int
    a: Ints
    """Position of model A, (C,)."""
    b: Ints
    outcome: Ints
    share: Floats
    """A's share of the win, (C,)."""
    weight: Floats
    cell: Ints
    """(n,), and so are the following."""
    kind: Ints
    voter: Ints
    """A number for each voter; 0: nobody is named."""
    prompt: Ints
    """A number for each prompt, see `prompts.py`."""
    time: Floats
    """UTC epoch seconds; NaN where unknown."""
    seq: Ints
    """The number in the database."""

    @property
    def size(self) -> int:
        """How many battles there are."""
        return int(self.cell.size)

    def rows(self, which: Ints) -> Rows:
        """These battles, in this order, with the models that occur in them."""
        cell = self.cell[which]
        rows = Rows.from_codes(
            list(self.models[: self.n_models]),
            self.a[cell],
            self.b[cell],
            self.outcome[cell],
            share=self.share[cell],
            weight=self.weight[cell],
        )
        return rows.take(np.ones(cell.size, dtype=bool))


class _Columns:
    """The growing columns behind snapshots of one generation."""

    def __init__(self, generation: int, epoch: str) -> None:
        self.generation = generation
        self.epoch = epoch
        self.last = 0
        self._models: dict[str, int] = {}
        self._names: list[str] = []
        self._kinds: dict[tuple[object, ...], int] = {}
        self._known: list[Kind] = []
        self._cells: dict[tuple[object, ...], int] = {}
        self._voters: dict[str | None, int] = {None: 0}
        integer, short, real = np.int64, np.int32, np.float64
        self._of_cells = [Column(kind) for kind in (integer, integer, integer, real, real)]
        self._of_rows = [Column(kind) for kind in (short, short, short, integer, real, integer)]

    def add(self, rows: Sequence[RatedRow]) -> None:
        cells, kinds, voters = self._cells, self._kinds, self._voters
        cell: list[int] = []
        kind: list[int] = []
        voter: list[int] = []
        for row in rows:
            told = row[:5]
            cell.append(cells[told] if told in cells else self._new_cell(told))
            about = row[5:12]
            kind.append(kinds[about] if about in kinds else self._new_kind(about))
            voter.append(voters.setdefault(row[12], len(voters)))
        prompt = [prompt_number(row[13]) for row in rows]
        time = [np.nan if row[14] is None else row[14] for row in rows]
        seq = [row[15] for row in rows]
        columns: tuple[Sequence[float], ...] = (cell, kind, voter, prompt, time, seq)
        for column, values in zip(self._of_rows, columns, strict=True):
            column.extend(values)
        self.last = seq[-1]

    def _model(self, name: str) -> int:
        if name not in self._models:
            self._models[name] = len(self._names)
            self._names.append(name)
        return self._models[name]

    def _new_cell(self, told: tuple[str, str, str, float | None, float]) -> int:
        model_a, model_b, winner, share, weight = told
        outcome = outcome_of(winner)
        if share is None or share != share:  # not read softly, or no number
            share = float(SHARES[outcome])
        else:
            outcome = Outcome.SOFT
        values: tuple[float, ...] = (self._model(model_a), self._model(model_b), outcome, share, weight)
        for place, number in zip(self._of_cells, values, strict=True):
            place.extend([number])
        self._cells[told] = len(self._cells)
        return self._cells[told]

    def _new_kind(
        self,
        about: tuple[str | None, str | None, str | None, str | None, str | None, str, bool | None],
    ) -> int:
        source, dataset, category, language, run, flags, anonymous = about
        leak = Flag.IDENTITY_LEAK in json.loads(flags or "[]")
        self._known.append(Kind(source, dataset, category, language, run, anonymous is False, leak))
        self._kinds[about] = len(self._kinds)
        return self._kinds[about]

    def snapshot(self) -> Snapshot:
        a, b, outcome, share, weight = (column.view for column in self._of_cells)
        return Snapshot(
            self.generation,
            self._names,
            self._known,
            len(self._names),
            len(self._known),
            a,
            b,
            outcome,
            share,
            weight,
            *(column.view for column in self._of_rows),
        )


class Ledger:
    """The battles of one database, kept current. Safe to use from several threads.

    Any number of processes may write to the database. Each keeps a ledger of its own.
    """

    def __init__(self, table: BattleTable) -> None:
        self.table = table
        self._lock = threading.Lock()
        self._columns = _Columns(0, "")
        self._snapshot = self._columns.snapshot()

    @property
    def snapshot(self) -> Snapshot:
        """What is known, without a look at the database."""
        return self._snapshot

    def refresh(self, *, patient: bool = True) -> Snapshot:
        """Read what came since; all of it if battles were deleted.

        `patient` False: while another thread is reading, give what is known instead of waiting.

        Raises:
            StoreError: the database cannot be read.
        """
        if not self._lock.acquire(blocking=patient):
            return self._snapshot
        try:
            columns = self._columns
            epoch = self.table.epoch()
            if epoch != columns.epoch:
                columns = _Columns(columns.generation + 1, epoch)
            grown = columns is not self._columns
            more = True
            while more and (rows := self.table.newer(columns.last, _AT_ONCE)):
                columns.add(rows)
                grown, more = True, len(rows) == _AT_ONCE
            if grown:
                self._columns, self._snapshot = columns, columns.snapshot()
            return self._snapshot
        finally:
            self._lock.release()
