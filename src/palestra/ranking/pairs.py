"""The counts of each pair of models, without regard to who was shown first; and each model's record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from palestra.ranking.arrays import Floats, Ints, total
from palestra.ranking.counts import Counts, Outcome


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

    @property
    def weight(self) -> Floats:
        """Σ weight, (P,)."""
        return self.wins_i + self.wins_j

    @classmethod
    def of(cls, counts: Counts) -> Pairs:
        """The pairs of these counts."""
        size = len(counts.models)
        flipped = counts.a > counts.b
        low = np.where(flipped, counts.b, counts.a)
        high = np.where(flipped, counts.a, counts.b)
        keys, cell_pair = np.unique(low * max(size, 1) + high, return_inverse=True)
        share = np.where(flipped, 1.0 - counts.share, counts.share)
        mass = counts.n * counts.weight
        return cls(
            n_models=size,
            i=keys // max(size, 1),
            j=keys % max(size, 1),
            wins_i=total(cell_pair, mass * share, keys.size),
            wins_j=total(cell_pair, mass * (1.0 - share), keys.size),
            cell_pair=cell_pair.astype(np.int64),
            cell_share=share,
            cell_weight=counts.weight,
            cell_n=counts.n,
        )

    def wins(self, n: Ints) -> tuple[Floats, Floats]:
        """`wins_i` and `wins_j` if each cell had `n` rows, (cells,)."""
        mass = n * self.cell_weight
        size = self.i.size
        return (
            total(self.cell_pair, mass * self.cell_share, size),
            total(self.cell_pair, mass * (1.0 - self.cell_share), size),
        )

    def squared_residuals(self, expected: Floats) -> Floats:
        """Σ weight² · (share of i − expected share of i)² per pair, (P,)."""
        gap = self.cell_share - expected[self.cell_pair]
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
        mass = counts.n * counts.weight
        tied = (counts.outcome == Outcome.TIE) | (counts.outcome == Outcome.BOTH_BAD)
        won = np.where(tied, 0.0, mass * counts.share)
        lost = np.where(tied, 0.0, mass * (1.0 - counts.share))
        ties = np.where(tied, mass, 0.0)

        def per_model(for_a: Floats, for_b: Floats) -> Floats:
            size = len(counts.models)
            return total(counts.a, for_a, size) + total(counts.b, for_b, size)

        rows = counts.n.astype(np.float64)
        squared = mass * counts.weight
        return cls(
            n_battles=per_model(rows, rows).astype(np.int64),
            wins=per_model(won, lost),
            losses=per_model(lost, won),
            ties=per_model(ties, ties),
            weight=per_model(mass, mass),
            weight_squared=per_model(squared, squared),
        )
