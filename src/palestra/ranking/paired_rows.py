"""Battles with features, sorted by the pair that met, and the sums over them that a fit needs.

Nothing of the size rows × models is ever made: rows of a pair lie together, so a sum per pair is one
pass over them, and blocks small enough for the processor's cache are worked through one after another.

N nodes, P pairs, n rows, F features. A row says `i` beats `j` with probability sigmoid(θ_i − θ_j + x·β).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.laplacian import laplacian

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

_Number = TypeVar("_Number", np.int64, np.float64)
_BLOCK = 16_384
"""Rows worked on at once: their columns then stay in the cache, which makes a pass about twice as fast."""
_STEEPEST = 700.0
"""Beyond this log-odds exp() would overflow; a probability of 1e-304 is as good as any smaller one."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Σ v·z·zᵀ over rows with z = (e_i − e_j, x), in parts, for some v of each row."""

    mass: Floats
    """Σ v per pair, (P,)."""
    mass_x: Floats
    """Σ v·x per pair, (F, P)."""
    mass_xx: Floats
    """Σ v·x·xᵀ over all rows, (F, F)."""

    @classmethod
    def empty(cls, pairs: int, wide: int) -> Moments:
        """To be filled."""
        return cls(np.empty(pairs), np.empty((wide, pairs)), np.zeros((wide, wide)))

    def add(self, block: slice, starts: Ints, v: Floats, x: Floats, scratch: Floats) -> None:
        """Fill in the pairs of a block from its rows; `scratch` is as large as `x`."""
        self.mass[block] = np.add.reduceat(v, starts)
        if len(x):
            np.multiply(x, v, out=scratch)
            self.mass_x[:, block] = np.add.reduceat(scratch, starts, axis=1)
            self.mass_xx[:] += scratch @ x.T


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What one pass over the rows finds."""

    pull: Floats
    """Σ (wins of i − expected wins of i) per pair, (P,): the gradient by θ_i − θ_j."""
    pull_x: Floats
    """The same times x, over all rows, (F,): the gradient by β."""
    bend: Moments
    """With v = weight·p·(1 − p): minus the Hessian of the log-likelihood."""
    scatter: Moments | None
    """With v = the squared residuals of the row's battles; None if not asked for."""
    log_likelihood: float
    """Σ weight·(share·log p + (1 − share)·log(1 − p)), at most 0; NaN if not asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class PairedRows:
    """Rows sorted by pair."""

    size: int
    """N."""
    i: Ints
    """(P,)"""
    j: Ints
    start: Ints
    """Where each pair's rows begin, and the number of rows, (P + 1,)."""
    won: Floats
    """Weight times i's share of the win, (n,)."""
    lost: Floats
    """Weight times j's share, (n,)."""
    x: Floats
    """Features as seen from i, (F, n)."""
    times: Floats | None
    """How many equal battles each row stands for, (n,); None if each stands for one."""

    @classmethod
    def of(
        cls,
        size: int,
        a: Ints,
        b: Ints,
        share: Floats,
        weight: Floats,
        features: Floats,
        times: Ints | None = None,
    ) -> tuple[PairedRows, Ints]:
        """Sort rows, (n,) each and `features` (n, F); also the order that sorts them, (n,).

        A row is turned so that its model of the smaller number is `i`, which turns the signs of its
        features: which model was called A makes no difference.
        """
        key = np.minimum(a, b) * size + np.maximum(a, b)
        order = _sorted_by_pair(key, size)
        pair = _taken(key, order)
        change = np.flatnonzero(pair[1:] != pair[:-1]) + 1
        start = np.concatenate([[0], change, [pair.size]]) if pair.size else np.zeros(1, dtype=np.int64)
        sign = np.sign(b - a).astype(np.float64)
        mass = weight if times is None else weight * times
        won = mass * (0.5 + (share - 0.5) * sign)
        lost = mass - won
        x = np.empty((features.shape[1], key.size))
        for column, values in zip(x, features.T, strict=True):
            np.take(values, order, out=column, mode="clip")
        x *= _taken(sign, order)
        count = None if times is None else _taken(times, order).astype(np.float64)
        i, j = np.divmod(pair[start[:-1]], max(size, 1))
        return cls(size, i, j, start, _taken(won, order), _taken(lost, order), x, count), order

    @property
    def rows_of_pair(self) -> Ints:
        """How many rows each pair has, (P,)."""
        return np.diff(self.start)

    def per_pair(self, values: Floats) -> Floats:
        """The sum of (n,) values over each pair's rows, (P,)."""
        return np.asarray(np.add.reduceat(values, self.start[:-1])) if self.i.size else np.zeros(0)

    def select(self, keep: Bools, position: Ints, size: int) -> PairedRows:
        """The rows of some pairs, (P,); `position[node]` is a node's new number among `size`."""
        rows = np.repeat(keep, self.rows_of_pair)
        return PairedRows(
            size,
            position[self.i[keep]],
            position[self.j[keep]],
            np.concatenate([[0], np.cumsum(self.rows_of_pair[keep])]),
            self.won[rows],
            self.lost[rows],
            self.x[:, rows],
            None if self.times is None else self.times[rows],
        )

    def join(self, i: Ints, j: Ints, won: Floats, lost: Floats, x: Floats) -> PairedRows:
        """With more rows, (k,) each and `x` (F, k), each a pair of its own."""
        ends = self.start[-1] + 1 + np.arange(i.size)
        return PairedRows(
            self.size,
            np.r_[self.i, i],
            np.r_[self.j, j],
            np.r_[self.start, ends],
            np.r_[self.won, won],
            np.r_[self.lost, lost],
            np.concatenate([self.x, x], axis=1),
            None if self.times is None else np.r_[self.times, np.ones(i.size)],
        )

    def only(self, features: Ints) -> PairedRows:
        """With some of the features."""
        if features.size == len(self.x):
            return self
        return PairedRows(
            self.size, self.i, self.j, self.start, self.won, self.lost, self.x[features], self.times
        )

    def sums(self, theta: Floats, beta: Floats, *, whole: bool = False) -> Sums:
        """One pass over the rows; `whole` adds the scatter and the log-likelihood."""
        pairs, wide = self.i.size, len(self.x)
        pull, pull_x, told = np.empty(pairs), np.zeros(wide), 0.0
        bend = Moments.empty(pairs, wide)
        scatter = Moments.empty(pairs, wide) if whole else None
        blocks = list(self._blocks())
        scratch = np.empty((wide, max((rows.stop - rows.start for _, rows in blocks), default=0)))
        for block, rows in blocks:
            starts, x = self.start[block] - rows.start, self.x[:, rows]
            room = scratch[:, : x.shape[1]]
            odds = self._odds(theta, beta, block, rows)
            won, lost = self.won[rows], self.lost[rows]
            p, q = _chances(odds)
            residual = won * q
            residual -= np.multiply(lost, p)
            pull[block] = np.add.reduceat(residual, starts)
            pull_x += x @ residual
            mass = won + lost
            if scatter is not None:
                told += float(mass @ np.log(p) - lost @ odds)
                square = np.square(residual, out=residual)
                if self.times is not None:
                    square /= self.times[rows]
                scatter.add(block, starts, square, x, room)
            p *= q
            p *= mass
            bend.add(block, starts, p, x, room)
        return Sums(pull, pull_x, bend, scatter, told if whole else np.nan)

    def residuals(self, theta: Floats, beta: Floats) -> Floats:
        """Wins of i less the expected ones, times the weight, (n,)."""
        found = np.empty(self.won.size)
        for block, rows in self._blocks():
            p, q = _chances(self._odds(theta, beta, block, rows))
            found[rows] = self.won[rows] * q - self.lost[rows] * p
        return found

    def log_likelihood(self, theta: Floats, beta: Floats) -> float:
        """As in `Sums`."""
        found = 0.0
        for block, rows in self._blocks():
            odds = self._odds(theta, beta, block, rows)
            won, lost = self.won[rows], self.lost[rows]
            found += float((won + lost) @ np.log(_chances(odds)[0]) - lost @ odds)
        return found

    def _blocks(self) -> Iterator[tuple[slice, slice]]:
        """Pairs and their rows, some `_BLOCK` rows at a time; a pair is never torn apart."""
        pairs, rows = self.i.size, int(self.start[-1])
        cuts = np.searchsorted(self.start, np.arange(_BLOCK, rows, _BLOCK))
        edges = np.unique(np.concatenate([[0], cuts, [pairs]])).tolist()
        for first, last in pairwise(edges):
            yield slice(first, last), slice(int(self.start[first]), int(self.start[last]))

    def _odds(self, theta: Floats, beta: Floats, block: slice, rows: slice) -> Floats:
        """The log-odds that i wins, of the rows of a block."""
        gap = theta[self.i[block]] - theta[self.j[block]]
        odds = np.repeat(gap, np.diff(self.start[block.start : block.stop + 1]))
        if len(self.x):
            odds += beta @ self.x[:, rows]
        np.maximum(odds, -_STEEPEST, out=odds)
        return np.minimum(odds, _STEEPEST, out=odds)

    def by_node(self, values: Floats) -> Floats:
        """Σ value·(e_i − e_j) over pairs, for each line of `values`, (k, P): (k, N)."""
        found = np.empty((len(values), self.size))
        for line, of_pairs in zip(found, values, strict=True):
            line[:] = total(self.i, of_pairs, self.size) - total(self.j, of_pairs, self.size)
        return found

    def matrix(self, moments: Moments) -> Floats:
        """The moments written out, (N + F, N + F)."""
        cross = self.by_node(moments.mass_x)
        return np.block([[self.laplacian(moments), cross.T], [cross, moments.mass_xx]])

    def laplacian(self, moments: Moments) -> Floats:
        """The moments of the nodes alone, (N, N)."""
        return laplacian(self.size, self.i, self.j, self.between(moments))

    def between(self, moments: Moments) -> Floats:
        """Σ v per pair, 0 for a node paired with itself, as only a prior on the features has, (P,)."""
        return np.where(self.i == self.j, 0.0, moments.mass)


def _chances(odds: Floats) -> tuple[Floats, Floats]:
    """The probabilities that i and that j wins; neither is 1 minus the other in arithmetic, so that a tiny
    one keeps its digits.
    """
    q = np.negative(odds)
    np.exp(q, out=q)
    p = q + 1.0
    np.reciprocal(p, out=p)
    q *= p
    return p, q


def _sorted_by_pair(key: Ints, size: int) -> Ints:
    """The stable order by key = i·size + j, (n,). Numbers of 16 bits are sorted without comparisons."""
    if size * size <= 1 << 16:
        return np.argsort(key.astype(np.uint16), kind="stable")
    if size <= 1 << 16:
        i, j = key // size, key % size
        by_j = np.argsort(j.astype(np.uint16), kind="stable")
        return by_j[np.argsort(i.astype(np.uint16)[by_j], kind="stable")]
    return np.argsort(key, kind="stable")


def _taken(values: npt.NDArray[_Number], order: Ints) -> npt.NDArray[_Number]:
    """values[order], without the look at each position that indexing takes."""
    return np.take(values, order, mode="clip")
