"""Battles between C models as tables of all pairs, (C, C): the fastest form where most pairs met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats
    from palestra.ranking.bradley_terry.games import Games

MOST_MODELS = 1500
"""Models up to which battles are held as tables."""
_SPARSE = 12
"""Where fewer than one in so many pairs met, lists of pairs are faster."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Battles between C models."""

    wins: Floats
    """Of the row over the column, (C, C)."""
    battles: Floats
    """Of the row with the column, (C, C)."""
    record: Floats
    """Of the row over all, (C,)."""

    @classmethod
    def of(cls, games: Games, size: int) -> Table:
        """The same games; no two are of the same pair."""
        wins = np.zeros((size, size))
        wins[games.i, games.j] = games.wins_i
        wins[games.j, games.i] = games.wins_j
        return cls(wins, wins + wins.T, wins.sum(axis=1))

    @classmethod
    def where_dense(cls, games: Games, size: int) -> Table | None:
        """The same games, if a table is the faster form of them."""
        if size > MOST_MODELS or _SPARSE * games.i.size < size * size:
            return None
        return cls.of(games, size)

    def gradient(self, theta: Floats) -> Floats:
        """The log-likelihood's derivative by each log-strength, (C,)."""
        odds = np.exp(theta)
        shares = np.divide(self.battles, odds[:, None] + odds)
        return np.asarray(self.record - odds * shares.sum(axis=1))

    def slopes(self, theta: Floats) -> tuple[Floats, Floats]:
        """The log-likelihood's derivative by each log-strength, (C,), and minus its Hessian, (C, C).

        No two log-strengths are further apart than some 600: `theta` is shifted so that odds do not overflow.
        """
        odds = np.exp(theta - (theta.max() + theta.min()) / 2)
        p = odds[:, None] / (odds[:, None] + odds)
        forth = self.wins * p.T
        push = forth.sum(axis=1) - forth.sum(axis=0)
        bend = self.battles * p
        bend *= -p.T
        np.fill_diagonal(bend, -bend.sum(axis=1))
        return push, bend

    def strong_part(self, least: float, start: int) -> Bools:
        """The nodes that both reach `start` and are reached from it along wins above `least`, (C,)."""
        beats = self.wins > least
        return _reached(beats, start) & _reached(beats.T, start)


def _reached(arc: Bools, start: int) -> Bools:
    seen: Bools = arc[start].copy()
    seen[start] = True
    while True:
        more = seen | arc[seen].any(axis=0)
        if (more == seen).all():
            return seen
        seen = more
