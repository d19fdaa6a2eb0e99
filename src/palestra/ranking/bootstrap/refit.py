"""A core made ready to be fitted again and again, near where it was fitted first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking import graph
from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.blas import few_threads
from palestra.ranking.bradley_terry import LEAST
from palestra.ranking.bradley_terry.dense import MOST_MODELS, Table
from palestra.ranking.bradley_terry.games import Games
from palestra.ranking.bradley_terry.laplacian import gauged
from palestra.ranking.bradley_terry.newton import maximise

if TYPE_CHECKING:
    from palestra.ranking.bradley_terry import Part
    from palestra.ranking.pairs import Pairs

SETTLED = 1e-8
"""A step in log-strength, some 2e-6 rating points, that ends a refit."""


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """The core of one part of the battle graph, C models."""

    nodes: Ints
    pairs: Ints
    """Which pairs of the whole are inside it."""
    i: Ints
    j: Ints
    theta: Floats
    """The point estimate, mean 0, (C,)."""
    shift: float
    """What the part's mean adds to it."""
    inverse: Floats
    """Of the curvature at the point estimate, (C, C)."""
    least: float
    """What is too little to be a win."""
    pivot: int
    """The model with the most battles: whatever is strongly connected with it is determined."""

    @classmethod
    def of(cls, pairs: Pairs, part: Part) -> Core:
        """Of a part that has one."""
        position = np.cumsum(part.core) - 1
        i, j = part.games.i[: part.pairs.size], part.games.j[: part.pairs.size]
        inside = part.core[i] & part.core[j]
        which = part.pairs[inside]
        i, j = position[i[inside]], position[j[inside]]
        theta = part.raw[:-1][part.core]
        games = Games(i, j, pairs.wins_i[which], pairs.wins_j[which])
        weight = pairs.weight[which]
        battles = total(i, weight, theta.size) + total(j, weight, theta.size)
        shift = float(part.theta[part.core].mean() - theta.mean())
        with few_threads(theta.size):
            inverse = np.asarray(np.linalg.inv(gauged(games.curvature(theta))), dtype=np.float64)
        pivot, least = int(battles.argmax()), LEAST * part.unit
        return cls(part.nodes[part.core], which, i, j, theta, shift, inverse, least, pivot)

    @property
    def is_small(self) -> bool:
        """Whether its battles can be held as a table."""
        return self.theta.size <= MOST_MODELS

    def ends_of_cells(self, pairs: Pairs) -> tuple[Ints, Ints]:
        """Which of its models each cell of the counts is between, (cells,) each; -1 for none."""
        ends = np.full((2, pairs.i.size), -1, dtype=np.int64)
        ends[:, self.pairs] = self.i, self.j
        return ends[0, pairs.cell_pair], ends[1, pairs.cell_pair]

    def refit(self, wins_i: Floats, wins_j: Floats) -> Floats:
        """Log-strengths of one resample, (C,), given the wins of all pairs of the whole; NaN where it does
        not determine them. The determined ones keep their mean of the point fit.
        """
        games = Games(self.i, self.j, wins_i[self.pairs], wins_j[self.pairs])
        table = Table.of(games, self.theta.size) if self.is_small else None
        if table is None:
            known = graph.strong_part(self.theta.size, *games.arcs(self.least), self.pivot)
        else:
            known = table.strong_part(self.least, self.pivot)
        found = self._refit_some(games, known) if not known.all() else self._settle(games, table)
        level = self.theta[known].mean() - found[known].mean() + self.shift
        return np.asarray(found + level)

    def _refit_some(self, games: Games, known: Bools) -> Floats:
        found = np.full(self.theta.size, np.nan)
        if known.sum() > 1:
            inside = games.select(known[games.i] & known[games.j], np.cumsum(known) - 1)
            found[known] = maximise(inside, self.theta[known])
        return found

    def _settle(self, games: Games, table: Table | None) -> Floats:
        """The maximum near the point estimate: cheap steps with its curvature while each is under half
        the last, then Newton's.
        """
        last = np.inf
        found = self.theta
        gradient = games.gradient if table is None else table.gradient
        while True:
            step = self.inverse @ gradient(found)
            size = float(np.abs(step).max())
            if not size <= last / 2:
                return maximise(games, self.theta)
            found = found + step
            if size < SETTLED:
                return found
            last = size
