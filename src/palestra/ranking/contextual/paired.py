"""Battles with features, each with the pair that met, and the sums over them that a fit needs.

Nothing of the size rows × models is ever made, and rows stay in the order in which they came. A pass over
them is by numpy or, where it pays, by a compiled kernel; they agree to rounding. The parts that threads work
on depend on the number of rows alone, so the number of threads changes no bit.

N nodes, P pairs, n rows, F features. A row says A beats B with probability sigmoid(θ_A − θ_B + x·β).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.blas import processors
from palestra.ranking.bradley_terry.laplacian import laplacian
from palestra.ranking.compiled import kernels
from palestra.ranking.contextual.moments import Moments, Sums

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 16_384
"""Rows that numpy works on at once: their columns then stay in the processor's cache."""
_TABLE = 4_000_000
"""Pairs of nodes up to which a table of all of them is made."""
_SECONDS_A_ROW = 5e-8
"""What numpy takes longer than a compiled kernel, for all passes of a fit."""
_PARTS, _ROWS_A_PART = 4, 50_000
"""Into how many parts a compiled pass is cut at most, and the least rows of one."""
_STEEPEST = 700.0
"""Beyond this log-odds exp() would overflow; a probability of 1e-304 is as good as any smaller one."""
_NONE = 1e-9
"""A residual this small, for each unit of weight, is rounding; as in `pairs`."""


@dataclass(frozen=True, slots=True, eq=False)
class PairedRows:
    """Rows, and the pairs they belong to."""

    size: int
    """N."""
    i: Ints
    """Each pair's node of the smaller number, (P,)."""
    j: Ints
    pair: Ints
    """Which pair each row is of, (n,)."""
    sign: Floats
    """1 where A is the pair's i, -1 where A is its j, (n,)."""
    won: Floats
    """Weight times A's share of the win, (n,)."""
    lost: Floats
    """Weight times B's share, (n,)."""
    x: Floats
    """Features as seen from A, (F, n)."""
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
    ) -> PairedRows:
        """Rows, (n,) each, and `features` (F, n); no model meets itself."""
        key = np.minimum(a, b)
        key *= size
        key += np.maximum(a, b)
        pairs, pair = _numbered(key, size)
        mass = weight if times is None else weight * times
        won = mass * share
        return cls(
            size,
            pairs // max(size, 1),
            pairs % max(size, 1),
            pair,
            np.asarray(2.0 * (a < b) - 1.0, dtype=np.float64),
            won,
            mass - won,
            np.ascontiguousarray(features),
            None if times is None else times.astype(np.float64),
        )

    @property
    def wins(self) -> tuple[Floats, Floats]:
        """What i and what j won of each pair's battles, (P,) each."""
        code, codes = 2 * self.pair + (self.sign > 0), 2 * self.i.size
        won, lost = total(code, self.won, codes), total(code, self.lost, codes)
        return won[1::2] + lost[::2], won[::2] + lost[1::2]

    @property
    def battles(self) -> Floats:
        """How many each pair fought, (P,)."""
        if self.times is not None:
            return total(self.pair, self.times, self.i.size)
        return np.bincount(self.pair, minlength=self.i.size).astype(np.float64)

    def select(self, keep: Bools, position: Ints, size: int) -> PairedRows:
        """The rows of some pairs, (P,); `position[node]` is a node's new number among `size`."""
        rows = keep[self.pair]
        return PairedRows(
            size,
            position[self.i[keep]],
            position[self.j[keep]],
            (np.cumsum(keep) - 1)[self.pair[rows]],
            self.sign[rows],
            self.won[rows],
            self.lost[rows],
            self.x[:, rows],
            None if self.times is None else self.times[rows],
        )

    def join(self, i: Ints, j: Ints, won: Floats, lost: Floats, x: Floats) -> PairedRows:
        """With more rows, (k,) each and `x` (F, k), each a pair of its own."""
        return PairedRows(
            self.size,
            np.r_[self.i, i],
            np.r_[self.j, j],
            np.r_[self.pair, self.i.size + np.arange(i.size)],
            np.r_[self.sign, np.ones(i.size)],
            np.r_[self.won, won],
            np.r_[self.lost, lost],
            np.concatenate([self.x, x], axis=1),
            None if self.times is None else np.r_[self.times, np.ones(i.size)],
        )

    def only(self, features: Ints) -> PairedRows:
        """With some of the features."""
        return self if features.size == len(self.x) else replace(self, x=self.x[features])

    def sums(self, theta: Floats, beta: Floats, *, whole: bool = False) -> Sums:
        """One pass over the rows at strengths (N,) and coefficients (F,); `whole` adds the scatter and the
        log-likelihood.
        """
        gap = theta[self.i] - theta[self.j]
        fast = kernels(self.won.size * _SECONDS_A_ROW)
        return self._pass(gap, beta, whole) if fast is None else self._compiled(gap, beta, whole, fast)

    def _pass(self, gap: Floats, beta: Floats, whole: bool) -> Sums:
        """By numpy; `gap`, (P,), is θ_i − θ_j."""
        found, told = Sums.empty(self.i.size, len(self.x), whole=whole), 0.0
        for rows in self._blocks(self.i.size):
            pair, sign, x, won, lost = self._at(rows)
            odds = self._odds(gap, beta, rows)
            p, q = _chances(odds)
            rest = won * q
            rest -= lost * p
            found.pull[:] += total(pair, rest * sign, gap.size)
            found.pull_x[:] += x @ rest
            mass = won + lost
            if found.scatter is not None:
                told += float(mass @ np.log(p) - lost @ odds)
                rest[np.abs(rest) < _NONE * mass] = 0.0
                np.square(rest, out=rest)
                if self.times is not None:
                    rest /= self.times[rows]
                found.scatter.add(pair, sign, rest, x)
            p *= q
            p *= mass
            found.bend.add(pair, sign, p, x)
        return replace(found, log_likelihood=told)

    def _compiled(self, gap: Floats, beta: Floats, whole: bool, fast: Any) -> Sums:
        """As `_pass`, by a compiled kernel and several threads."""
        columns = self.pair, self.sign, self.won, self.lost, self.x
        times = np.zeros(0) if self.times is None else self.times

        def part(rows: tuple[int, int]) -> Sums:
            found = Sums.empty(self.i.size, len(self.x), whole=whole)
            told = fast.sum_rows(columns, times, rows, gap, beta, found.arrays, whole)
            return replace(found, log_likelihood=told)

        parts = min(_PARTS, max(1, self.won.size // _ROWS_A_PART))
        edges = [number * self.won.size // parts for number in range(parts + 1)]
        if parts == 1:
            return part((0, self.won.size))
        with ThreadPoolExecutor(min(parts, processors())) as pool:
            return Sums.together(list(pool.map(part, pairwise(edges))))

    def residuals(self, theta: Floats, beta: Floats) -> Floats:
        """Wins of A less the expected ones, times the weight, (n,); what the fit's last digits leave is 0."""
        gap = theta[self.i] - theta[self.j]
        found = np.empty(self.won.size)
        for rows in self._blocks():
            p, q = _chances(self._odds(gap, beta, rows))
            found[rows] = self.won[rows] * q - self.lost[rows] * p
        found[np.abs(found) < _NONE * (self.won + self.lost)] = 0.0
        return found

    def log_likelihood(self, theta: Floats, beta: Floats) -> float:
        """As in `Sums`."""
        gap = theta[self.i] - theta[self.j]
        found = 0.0
        for rows in self._blocks():
            odds = self._odds(gap, beta, rows)
            won, lost = self.won[rows], self.lost[rows]
            found += float((won + lost) @ np.log(_chances(odds)[0]) - lost @ odds)
        return found

    def _blocks(self, least: int = 0) -> Iterator[slice]:
        """All rows, `_BLOCK` or `least` at a time."""
        step = max(_BLOCK, least)
        for first in range(0, self.won.size, step):
            yield slice(first, min(first + step, self.won.size))

    def _at(self, rows: slice) -> tuple[Ints, Floats, Floats, Floats, Floats]:
        return self.pair[rows], self.sign[rows], self.x[:, rows], self.won[rows], self.lost[rows]

    def _odds(self, gap: Floats, beta: Floats, rows: slice) -> Floats:
        """The log-odds that A wins; `gap`, (P,), is θ_i − θ_j."""
        odds = gap[self.pair[rows]]
        odds *= self.sign[rows]
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
    """The probabilities that A and that B wins; neither is 1 minus the other in arithmetic, so that a tiny
    one keeps its digits.
    """
    q = np.negative(odds)
    np.exp(q, out=q)
    p = q + 1.0
    np.reciprocal(p, out=p)
    q *= p
    return p, q


def _numbered(key: Ints, size: int) -> tuple[Ints, Ints]:
    """The different keys below size², sorted, and which of them each row's is."""
    if size * size > max(_TABLE, 4 * key.size):
        keys, number = np.unique(key, return_inverse=True)
        return keys, number.astype(np.int64)
    there = np.zeros(size * size, dtype=bool)
    there[key] = True
    return np.flatnonzero(there), np.take(np.cumsum(there) - 1, key)
