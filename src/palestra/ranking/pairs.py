"""The counts of each pair of models, without regard to who was shown first; and each model's record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from palestra.ranking.arrays import Floats, Ints, total
from palestra.ranking.counts import Counts, Outcome, groups

_NONE = 1e-9
"""A residual this small is rounding."""
_TABLE = 4_000_000
"""Pairs of models up to which a table of all of them is made."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """P pairs of models that met, `i < j`; sums of weights as ratings read them."""

    n_models: int
    i: Ints
    """(P,)"""
    j: Ints
    wins_i: Floats
    """Σ weight · share of i, (P,)."""
    wins_j: Floats
    cell_pair: Ints
    """Which pair each cell of the counts belongs to, (cells,)."""
    cell_share: Floats
    """The share of `i` in each cell, (cells,)."""
    cell_weight: Floats
    """Weight of each row of the cell, (cells,)."""
    cell_n: Ints
    """Rows in each cell, (cells,)."""
    cell_cluster: Ints | None = None
    """Which cluster of rows that are not independent each cell belongs to, (cells,), or
    `clusters.ALONE`; None: all are independent."""

    @property
    def weight(self) -> Floats:
        """Σ weight, (P,)."""
        return self.wins_i + self.wins_j

    @classmethod
    def of(cls, counts: Counts) -> Pairs:
        """The pairs of these counts; cells that say the same of a pair, told from `i`, are one."""
        size = len(counts.models)
        if counts.is_plain and size * size <= max(_TABLE, 4 * counts.a.size):
            return cls._of_table(counts)
        flipped = counts.a > counts.b
        low = np.where(flipped, counts.b, counts.a)
        high = np.where(flipped, counts.a, counts.b)
        keys, pair = np.unique(low * max(size, 1) + high, return_inverse=True)
        share = np.where(flipped, 1.0 - counts.share, counts.share)
        columns = [counts.weight, share, pair]
        if counts.cluster is not None:
            columns.append(counts.cluster)
        order, start = groups(columns)
        cell = order[start]
        n = np.add.reduceat(counts.n[order], start) if start.size else counts.n[order]
        cluster = None if counts.cluster is None else counts.cluster[cell]
        ends = keys // max(size, 1), keys % max(size, 1)
        pair = pair.astype(np.int64)[cell]
        return cls._of_cells(size, ends, pair, share[cell], counts.weight[cell], n, cluster)

    @classmethod
    def _of_table(cls, counts: Counts) -> Pairs:
        """Three cells a pair: won by i, tied, lost."""
        size = len(counts.models)
        table = counts.table
        if table is None:
            table = np.zeros((int(Outcome.SOFT), size, size), dtype=np.int64)
            table[counts.outcome, counts.a, counts.b] = counts.n
        won = table[Outcome.A] + table[Outcome.B].T
        tied = table[Outcome.TIE] + table[Outcome.BOTH_BAD]
        tied = tied + tied.T
        i, j = np.nonzero(np.triu(won + won.T + tied, 1))
        n = np.empty(3 * i.size, dtype=np.int64)
        for column, (found, one, other) in enumerate([(won, j, i), (tied, i, j), (won, i, j)]):
            n[column::3] = found.take(one * size + other)
        there = np.flatnonzero(n)
        pair = there // 3
        return cls(
            n_models=size,
            i=i,
            j=j,
            wins_i=n[2::3] + n[1::3] / 2,
            wins_j=n[::3] + n[1::3] / 2,
            cell_pair=pair,
            cell_share=(there - 3 * pair) / 2,
            cell_weight=np.ones(there.size),
            cell_n=n[there],
        )

    @classmethod
    def _of_cells(
        cls,
        size: int,
        ends: tuple[Ints, Ints],
        pair: Ints,
        share: Floats,
        weight: Floats,
        n: Ints,
        cluster: Ints | None,
    ) -> Pairs:
        mass = n * weight
        n_pairs = ends[0].size
        return cls(
            n_models=size,
            i=ends[0],
            j=ends[1],
            wins_i=total(pair, mass * share, n_pairs),
            wins_j=total(pair, mass * (1.0 - share), n_pairs),
            cell_pair=pair,
            cell_share=share,
            cell_weight=weight,
            cell_n=n,
            cell_cluster=cluster,
        )

    def wins(self, n: Ints | Floats) -> tuple[Floats, Floats]:
        """`wins_i` and `wins_j` if each cell had `n` rows, (cells,)."""
        mass = n * self.cell_weight
        size = self.i.size
        return (
            total(self.cell_pair, mass * self.cell_share, size),
            total(self.cell_pair, mass * (1.0 - self.cell_share), size),
        )

    def residuals(self, expected: Floats) -> Floats:
        """Share of i less its expected share, (P,), for each cell, (cells,); what the fit's last digits leave
        is none.
        """
        gap = self.cell_share - expected[self.cell_pair]
        return np.where(np.abs(gap) < _NONE, 0.0, gap)

    def squared_residuals(self, expected: Floats) -> Floats:
        """Σ weight² · (share of i − expected share of i)² per pair, (P,)."""
        gap = self.residuals(expected)
        return total(self.cell_pair, self.cell_n * (self.cell_weight * gap) ** 2, self.i.size)


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """What each model achieved, (M,) each."""

    n_battles: Ints
    wins: Floats
    """Sum of weights of the battles won; a soft battle adds its share."""
    losses: Floats
    ties: Floats
    """Sum of weights of the battles tied, of either kind."""
    weight: Floats
    """Σ weight."""
    weight_squared: Floats
    """Σ weight²."""

    @property
    def win_rate(self) -> Floats:
        """(wins + ties/2) / Σ weight, in [0, 1]; NaN without a battle."""
        rate = np.full(self.weight.shape, np.nan)
        np.divide(self.wins + self.ties / 2, self.weight, out=rate, where=self.weight > 0)
        return rate

    @property
    def effective_n(self) -> Floats:
        """(Σ weight)² / Σ weight² (Kish 1965): how many equal battles would say as much."""
        size = np.zeros(self.weight.shape)
        np.divide(self.weight**2, self.weight_squared, out=size, where=self.weight > 0)
        return size

    @classmethod
    def of(cls, counts: Counts) -> Records:
        """Each model's record in these counts."""
        size = len(counts.models)
        if counts.table is not None:
            return cls._of_table(counts.table)
        rows = mass = squared = _by_outcome(counts, counts.n)
        if np.any(counts.weight != 1.0):
            mass = _by_outcome(counts, counts.n * counts.weight)
            squared = _by_outcome(counts, counts.n * counts.weight**2)
        soft = counts.outcome == Outcome.SOFT
        a, b, share = counts.a[soft], counts.b[soft], counts.share[soft]
        shared = (counts.n * counts.weight)[soft]
        won = total(a, shared * share, size) + total(b, shared * (1.0 - share), size)
        weight = mass.sum(axis=1)
        wins = mass[:, _WON] + won
        ties = mass[:, _TIED]
        return cls(
            n_battles=rows.sum(axis=1).astype(np.int64),
            wins=wins,
            losses=mass[:, _LOST] + (mass[:, _SOFT] - won),
            ties=ties,
            weight=weight,
            weight_squared=squared.sum(axis=1),
        )

    @classmethod
    def _of_table(cls, table: Ints) -> Records:
        as_a, as_b = table.sum(axis=2), table.sum(axis=1)
        wins = as_a[Outcome.A] + as_b[Outcome.B]
        losses = as_a[Outcome.B] + as_b[Outcome.A]
        both = as_a + as_b
        ties = both[Outcome.TIE] + both[Outcome.BOTH_BAD]
        n = wins + losses + ties
        won, lost, tied, weight = (column.astype(np.float64) for column in (wins, losses, ties, n))
        return cls(n, won, lost, tied, weight, weight)


_WON, _LOST, _TIED, _SOFT = range(4)
_FOR_A = np.array([_WON, _LOST, _TIED, _TIED, _SOFT])
"""By `Outcome`, what the battle was to A; to B the first two are the other way round."""
_FOR_B = np.array([_LOST, _WON, _TIED, _TIED, _SOFT])


def _by_outcome(counts: Counts, values: npt.NDArray[Any]) -> Floats:
    """The sums of `values`, (cells,), by model and by what the battle was to it, (M, 4)."""
    size = len(counts.models)
    mass = values.astype(np.float64)
    for_a = total(counts.a * 4 + _FOR_A[counts.outcome], mass, size * 4)
    for_b = total(counts.b * 4 + _FOR_B[counts.outcome], mass, size * 4)
    return (for_a + for_b).reshape(size, 4)
