"""The boards and histories of one database, by selection."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from palestra.analysis.history import history
from palestra.interchange.battle_columns import NO_GROUP
from palestra.server.boards.board import PROMPT, BoardMaker, Rules
from palestra.server.boards.ledger import Ledger

if TYPE_CHECKING:
    from palestra.analysis.history import History
    from palestra.ranking.counts import Counts
    from palestra.server.boards.board import Board, Key
    from palestra.store.arena_battle_filter import Selection
    from palestra.store.arena_battles import BattleTable

Kept = TypeVar("Kept")
_KEPT = 48
"""Selections whose counting is carried on."""
_DATES = (-62_135_596_800.0, 253_402_300_799.0)


class Book:
    """All boards of one database. Safe to use from several threads."""

    def __init__(self, table: BattleTable, rules: Rules) -> None:
        self.table, self.rules = table, rules
        self.ledger = Ledger(table)
        self._lock = threading.Lock()
        self._makers: OrderedDict[Selection, BoardMaker] = OrderedDict()
        self._histories: OrderedDict[Selection, tuple[Key, History | None]] = OrderedDict()

    def board(self, selection: Selection) -> Board:
        """All ratings of a selection, by the battles that are in the database now.

        Raises:
            StoreError: the database cannot be read.
        """
        return self._maker(selection).board()

    def history(self, selection: Selection) -> History | None:
        """Ratings over time; None where no battle has a time."""
        maker = self._maker(selection)
        key = maker.board().key
        with self._lock:
            kept = self._histories.get(selection)
        if kept is None or kept[0] != key:
            kept = (key, self._history_of(maker))
            self._keep(self._histories, selection, kept)
        return kept[1]

    def by_category(self, selection: Selection, label: str) -> dict[str, Counts]:
        """The battles of one model that count, by category, those of most battles first."""
        maker = self._maker(selection)
        maker.board()
        snapshot, which = maker.battles()
        if label not in snapshot.models[: snapshot.n_models]:
            return {}
        model = snapshot.models.index(label)
        cell = snapshot.cell[which]
        which = which[(snapshot.a[cell] == model) | (snapshot.b[cell] == model)]
        names = np.array([kind.category or NO_GROUP for kind in snapshot.kinds[: snapshot.n_kinds]])
        category = names[snapshot.kind[which]]
        found, n = np.unique(category, return_counts=True)
        by_size = found[np.argsort(-n, kind="stable")].tolist()
        return {name: snapshot.rows(which[category == name]).counts() for name in by_size}

    def _history_of(self, maker: BoardMaker) -> History | None:
        snapshot, which, cluster = maker.battles_by_prompt()
        time = snapshot.time[which]
        first, last = _DATES
        dated = np.flatnonzero((time >= first) & (time <= last))
        if not dated.size:
            return None
        rows = replace(snapshot.rows(which[dated]), cluster=cluster[dated])
        anchor = {n: v for n, v in (self.rules.anchor or {}).items() if n in rows.models}
        return history(rows, time[dated], anchor=anchor or None, level=self.rules.level, cluster=PROMPT)

    def _maker(self, selection: Selection) -> BoardMaker:
        with self._lock:
            maker = self._makers.get(selection)
        if maker is None:
            maker = BoardMaker(self.ledger, selection, self.rules)
        return self._keep(self._makers, selection, maker)

    def _keep(self, kept: OrderedDict[Selection, Kept], selection: Selection, value: Kept) -> Kept:
        with self._lock:
            kept[selection] = value
            kept.move_to_end(selection)
            if len(kept) > _KEPT:
                kept.popitem(last=False)
            return value
