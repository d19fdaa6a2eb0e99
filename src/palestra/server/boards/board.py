"""All ratings of one selection of battles, carried on as battles come."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from palestra.ranking.arrays import total
from palestra.ranking.counts import Counts, Outcome
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.pairs import Records
from palestra.ranking.size_elo import gladiator_score, size_of
from palestra.server.boards.counting import Tally
from palestra.server.boards.elo_track import EloTrack, Sizes
from palestra.server.boards.facets import Facets, facets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.config.schema import Config
    from palestra.ranking.arrays import Floats, Ints
    from palestra.records.rating import Leaderboard
    from palestra.server.boards.counting import LeftOut
    from palestra.server.boards.ledger import Ledger, Snapshot
    from palestra.store.arena_battle_filter import Selection

PROMPT = "question_id"
"""What battles share that are not independent: intervals allow for it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How boards are made."""

    level: float = 0.95
    """Of the intervals."""
    anchor: Mapping[str, float] | None = None
    k: float = 4.0
    """Of Elo."""
    start: float = 1000.0
    sizes: Mapping[str, float] | None = None
    """Billions of parameters by label; read from the label where missing."""

    @classmethod
    def of(cls, config: Config) -> Rules:
        """Those of a config."""
        ranking = config.ranking
        sizes = {model.label: model.size_b for model in config.models if model.size_b is not None}
        return cls(ranking.level, ranking.anchor, ranking.k, ranking.start, sizes)

    def size(self, label: str) -> float | None:
        """Billions of parameters of a model, if known."""
        return (self.sizes or {}).get(label) or size_of(label)


class Key(NamedTuple):
    """What ratings were made of: the same key, the same ratings."""

    generation: int
    size: int
    """Battles of the selection that count."""
    left_out: LeftOut


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """All ratings of the battles of one selection."""

    key: Key
    seen: int
    """Battles that there were in all, of which the facets tell."""
    table: Leaderboard
    """By Bradley-Terry; its order is the board's."""
    counts: Counts
    elo: Mapping[str, float]
    size_elo: Mapping[str, float]
    """Of the models whose size is known."""
    gladiator: Mapping[str, float]
    both_bad: Mapping[str, float]
    """Weight of the battles in which neither answer was acceptable; they are among the ties."""
    n_voters: int
    updated: float | None
    facets: Facets


class BoardMaker:
    """Makes the boards of one selection. Safe to use from several threads; they wait for each other."""

    def __init__(self, ledger: Ledger, selection: Selection, rules: Rules) -> None:
        self.ledger, self.selection, self._rules = ledger, selection, rules
        self._lock = threading.Lock()
        self._tally = Tally(selection)
        self._board: Board | None = None
        self._snapshot = ledger.snapshot
        self._begin_elo()

    def _begin_elo(self) -> None:
        self._elo = EloTrack(k=self._rules.k, start=self._rules.start)
        self._size_elo = EloTrack()

    def board(self) -> Board:
        """The board of the battles that are in the database now. Made only if something changed.

        Raises:
            StoreError: the database cannot be read.
        """
        self.ledger.refresh()
        with self._lock:
            snapshot = self._snapshot = self.ledger.snapshot
            if snapshot.generation > self._tally.generation:
                self._begin_elo()
            new = self._tally.advance(snapshot)
            key = Key(self._tally.generation, self._tally.size, self._tally.left_out)
            if new.size or self._board is None or self._board.key != key:
                self._board = self._made(snapshot, new, key)
            elif self._board.seen != snapshot.size:
                facets = facets_of(snapshot, self.selection)
                self._board = replace(self._board, facets=facets, seen=snapshot.size)
            return self._board

    def battles(self) -> tuple[Snapshot, Ints]:
        """The ledger as the last board was made of it, and where in it the battles are that count."""
        with self._lock:
            return self._snapshot, self._tally.which

    def battles_by_prompt(self) -> tuple[Snapshot, Ints, Ints]:
        """The same, and the prompt of each battle if another shares it, else `clusters.ALONE`."""
        with self._lock:
            return self._snapshot, self._tally.which, self._tally.prompts(self._snapshot)

    def _made(self, snapshot: Snapshot, new: Ints, key: Key) -> Board:
        tally = self._tally
        counts = tally.counts(snapshot)
        position = {name: index for index, name in enumerate(snapshot.models[: snapshot.n_models])}
        at = np.array([position[name] for name in counts.models], dtype=np.int64)
        elo = self._elo.advance(snapshot, new, tally.which)[at]
        sizes = self._sizes(snapshot, counts)
        by_size = self._size_elo.advance(snapshot, new, tally.which, sizes)[at]
        records = Records.of(counts)
        return Board(
            key=key,
            seen=snapshot.size,
            table=self._ranked(tally.by_prompt(snapshot)),
            counts=counts,
            elo=_named(counts, elo),
            size_elo=_named(counts, by_size),
            gladiator=_named(counts, gladiator_score(records.wins, records.weight)),
            both_bad=_named(counts, _both_bad(counts)),
            n_voters=tally.n_voters,
            updated=tally.updated,
            facets=facets_of(snapshot, self.selection),
        )

    def _ranked(self, counts: Counts) -> Leaderboard:
        anchor = self._rules.anchor
        known = {name: value for name, value in (anchor or {}).items() if name in counts.models}
        table = rank_counts(counts, anchor=known or None, level=self._rules.level, cluster=PROMPT)
        if not anchor or known or not counts.models:
            return table
        note = f"the anchor {next(iter(anchor))} is in no battle here; the mean is 1000"
        return replace(table, warnings=[*table.warnings, note])

    def _sizes(self, snapshot: Snapshot, counts: Counts) -> Sizes:
        names = snapshot.models[: snapshot.n_models]
        billions = np.array([self._rules.size(name) or np.nan for name in names], dtype=np.float64)
        taking_part = np.isin(names, counts.models) if names else np.zeros(0, dtype=bool)
        return Sizes(billions, float(np.fmax.reduce(billions[taking_part], initial=0.0)))


def _both_bad(counts: Counts) -> Floats:
    bad = counts.outcome == Outcome.BOTH_BAD
    mass = (counts.n * counts.weight)[bad]
    size = len(counts.models)
    return total(counts.a[bad], mass, size) + total(counts.b[bad], mass, size)


def _named(counts: Counts, values: Floats) -> dict[str, float]:
    """By model; without those that are not known."""
    pairs = zip(counts.models, values.tolist(), strict=True)
    return {name: value for name, value in pairs if np.isfinite(value)}
