"""Resamples of battles: how often each cell of the counts occurs in one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from palestra.ranking.clusters import ALONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.pairs import Pairs

_ROWS_PER_CELL = 20
"""Up to so many battles a cell, drawing them one by one is faster than drawing each cell's number."""
_SHORT = 5.0
"""Standard deviations of a sum of N Poisson numbers by which such sums are meant to be below N."""
_GUIDES = 1 << 16
"""Into how many parts the rows are cut to find the cell of one quickly."""


@dataclass(frozen=True, slots=True, eq=False)
class Resampler:
    """Draws resamples of the battles, or of whole clusters of them where the cells have clusters.

    Resampling N rows with replacement only changes how often each cell occurs, so a multinomial draw
    over the cells is the same bootstrap (Efron, Ann. Statist. 7 (1979) 1). Each round has its own random
    stream, made from the seed and its number.
    """

    n: Ints
    """Rows in each cell, (cells,)."""
    seed: int
    units: npt.NDArray[np.integer[Any]] | None
    """What is drawn: the cell of each row, or the positions of the clusters; None: cells by their chance."""
    cluster: tuple[Ints, Ints] | None
    """Position of each cell's cluster, and how many rows of the cell come with each draw of it, (cells,)
    each; rows that stand alone are drawn as if their cell was a cluster, one at a time."""

    @classmethod
    def of(cls, pairs: Pairs, seed: int) -> Resampler:
        """For the cells of these pairs."""
        n, total = pairs.cell_n, int(pairs.cell_n.sum())
        if pairs.cell_cluster is not None:
            return cls(n, seed, *_clusters(pairs.cell_cluster, n))
        if total > _ROWS_PER_CELL * n.size:
            return cls(n, seed, None, None)
        return cls(n, seed, np.repeat(np.arange(n.size, dtype=np.int32), n), None)

    @property
    def size(self) -> int:
        """About how many random numbers a resample takes."""
        return 10 * self.n.size if self.units is None else self.units.size

    def empty(self) -> npt.NDArray[np.integer[Any]]:
        """Room for what `compiled` draws, in 32 bits unless a cell could occur more often."""
        fits = int(self.n.sum()) < 2**31 and self.cluster is None
        return np.empty(self.n.size, dtype=np.int32) if fits else np.empty(self.n.size, dtype=np.int64)

    def compiled(self, fast: Any) -> Callable[[npt.NDArray[np.integer[Any]], int], None]:
        """What draws as `draw` does, into an array, by compiled kernels; whole clusters are left to numpy."""
        if self.cluster is not None or (self.units is not None and self.units.size >= 2**32):

            def by_numpy(n: npt.NDArray[np.integer[Any]], number: int) -> None:
                n[:] = self.draw(number)

            return by_numpy

        def state(number: int) -> npt.NDArray[np.uint64]:
            return np.random.SeedSequence([self.seed, number]).generate_state(4, np.uint64).astype(np.uint64)

        if self.units is not None:
            units = self.units
            return lambda n, number: fast.draw_rows(state(number), units, n)
        before = np.concatenate([[0], np.cumsum(self.n)])
        size = int(before[-1])
        cell_of = np.searchsorted(before, np.arange(_GUIDES) * (size / _GUIDES), side="right") - 1
        means = self.n * max(0.0, 1.0 - _SHORT / math.sqrt(size))
        rows, odds = (before, cell_of), (means, np.exp(-means))
        return lambda n, number: fast.draw_cells(state(number), rows, odds, n)

    def stream(self, number: int) -> np.random.Generator:
        """The random stream of round `number`."""
        return np.random.default_rng([self.seed, number])

    def draw(self, number: int) -> Floats:
        """How often each cell occurs in resample `number`, (cells,)."""
        stream = self.stream(number)
        if self.units is None:
            total = int(self.n.sum())
            return stream.multinomial(total, self.n / total).astype(np.float64)
        size = self.units.size
        picked = self.units[stream.integers(0, size, size, dtype=np.int32 if size < 2**31 else np.int64)]
        if self.cluster is None:
            return np.bincount(picked, minlength=self.n.size).astype(np.float64)
        cluster, at_once = self.cluster
        times = np.bincount(picked, minlength=int(cluster.max(initial=-1)) + 1)
        return np.asarray(at_once * times[cluster], dtype=np.float64)


def _clusters(of_cell: Ints, n: Ints) -> tuple[Ints, tuple[Ints, Ints]]:
    """`units` and `cluster` of a `Resampler`."""
    alone = of_cell == ALONE
    names, position = np.unique(of_cell[~alone], return_inverse=True)
    cluster = np.empty(of_cell.size, dtype=np.int64)
    cluster[~alone] = position
    cluster[alone] = names.size + np.arange(np.count_nonzero(alone))
    units = np.concatenate([np.arange(names.size), np.repeat(cluster[alone], n[alone])])
    return units, (cluster, np.where(alone, 1, n))
