"""Where models stand on a board: among those that are shown, and before and after a vote."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.counts import Outcome
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.table import rank_within
from palestra.records.battle import Flag, Source
from palestra.server.boards.board import PROMPT
from palestra.server.boards.counting import Tally
from palestra.server.standing import Standing
from palestra.store.arena_battle_filter import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from palestra.ranking.counts import Counts
    from palestra.records.battle import Battle
    from palestra.records.rating import Leaderboard, Rating
    from palestra.server.boards.board import Rules
    from palestra.server.boards.ledger import Ledger

MAIN = Selection("people")
"""What the main board is made of."""
SAMPLE_MAIN = Selection("all")
"""The same of the sample arena, on which nobody voted before the first visit."""
_KEPT = 16
"""Boards that are remembered: a vote's `after` is mostly the next one's `before`."""
Moved = dict[str, tuple[Standing | None, Standing | None]]
"""By label: before and after; None where a model had no battle."""


def shown(table: Leaderboard, hidden: Collection[str]) -> list[Rating]:
    """The rows without those of hidden models, ranked among themselves; their ratings stay."""
    rows = [row for row in table.ratings if row.model not in hidden]
    if len(rows) == len(table.ratings):
        return rows
    bounds = [(row.rating, row.ci_low, row.ci_high) for row in rows]
    rating, low, high = np.array(bounds, dtype=np.float64).reshape(-1, 3).T
    component = np.array([row.component for row in rows], dtype=np.int64)
    ranks = rank_within(component, rating, low, high, bounded=table.interval.kind != "none")
    return [
        replace(
            rows[place],
            rank=int(ranks.rank[place]),
            rank_low=int(ranks.best[place]),
            rank_high=int(ranks.worst[place]),
        )
        for place in ranks.order.tolist()
    ]


def standings_of(table: Leaderboard, hidden: Collection[str], min_votes: int) -> dict[str, Standing]:
    """Where each model stands, by label."""
    return {
        row.model: Standing(
            row.rating, row.ci_low, row.ci_high, row.rank, row.n_battles, row.n_battles >= min_votes
        )
        for row in shown(table, hidden)
    }


class Revealer:
    """Says how votes move the models. Safe to use from several threads; they wait for each other."""

    def __init__(
        self,
        ledger: Ledger,
        rules: Rules,
        min_votes: int,
        hidden: Callable[[], Collection[str]],
        main: Selection = MAIN,
    ) -> None:
        self._ledger, self._rules, self._min_votes, self._hidden = ledger, rules, min_votes, hidden
        self._lock = threading.Lock()
        self._tally = Tally(main)
        self._tables: OrderedDict[bytes, Leaderboard] = OrderedDict()

    def reveal(self, votes: Sequence[Sequence[Battle]]) -> list[Moved]:
        """Where the models of each vote's battles stand without them and with them.

        The battles are about to be stored. Those that do not count on the main board move nobody. Where votes
        come at once, each is told what they do together.

        Raises:
            StoreError: the database cannot be read.
        """
        self._ledger.refresh(patient=False)
        with self._lock:
            snapshot = self._ledger.snapshot
            self._tally.advance(snapshot)
            now = self._tally.by_prompt(snapshot)
            before = self._standings(now)
            counting = [battle for vote in votes for battle in vote if _counts_on_main(battle)]
            after = self._standings(self._tally.by_prompt(snapshot, counting)) if counting else before
        return [_moved(vote, before, after) for vote in votes]

    def _standings(self, counts: Counts) -> dict[str, Standing]:
        """Where all stand; equal battles are fitted once."""
        key = _digest(counts)
        table = self._tables.get(key)
        if table is None:
            anchor = {n: v for n, v in (self._rules.anchor or {}).items() if n in counts.models}
            table = rank_counts(counts, anchor=anchor or None, level=self._rules.level, cluster=PROMPT)
            self._tables[key] = table
            if len(self._tables) > _KEPT:
                self._tables.popitem(last=False)
        self._tables.move_to_end(key)
        return standings_of(table, self._hidden(), self._min_votes)


def _moved(vote: Sequence[Battle], before: dict[str, Standing], after: dict[str, Standing]) -> Moved:
    concerned = dict.fromkeys(name for battle in vote for name in (battle.model_a, battle.model_b))
    return {name: (before.get(name), after.get(name)) for name in concerned}


def _digest(counts: Counts) -> bytes:
    """What is the same for equal battles only."""
    found = hashlib.blake2b("\0".join(counts.models).encode(), digest_size=16)
    cell = (counts.a * len(counts.models) + counts.b) * len(Outcome) + counts.outcome
    assert counts.cluster is not None
    for column in (cell, counts.n, counts.share, counts.weight, counts.cluster):
        found.update(np.ascontiguousarray(column).tobytes())
    return found.digest()


def _counts_on_main(battle: Battle) -> bool:
    return (
        battle.source is Source.HUMAN
        and battle.anonymous is not False
        and Flag.IDENTITY_LEAK not in battle.flags
    )
