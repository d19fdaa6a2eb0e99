"""Standard errors of Bradley-Terry log-strengths, relative to the mean of the core of their part of the graph
(of the whole part where it has no core): models that only won or only lost make no others unsure.

They are never relative to an anchor: that would give the anchor an interval of nil and blow up all
others. An anchor moves a rating and its bounds together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking import clusters
from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.blas import few_threads
from palestra.ranking.bradley_terry.laplacian import gauged, laplacian

if TYPE_CHECKING:
    from palestra.ranking.bradley_terry import Fit, Part
    from palestra.ranking.bradley_terry.games import Games
    from palestra.ranking.pairs import Pairs

_DENSE_CELLS = 4_000_000
"""Clusters times models up to which the clusters' scores are written out at once."""
_SPARSE = 12
"""Where fewer than one in so many pairs met, summing over the pairs is faster than multiplying matrices."""
_NIL = 1e-12
"""A variance that is this small beside the largest of its part is rounding."""


def sandwich(pairs: Pairs, fit: Fit) -> Floats:
    """Standard errors of the log-strengths, (M,); NaN where the battles cannot tell.

    H⁺ J H⁺ with H minus the Hessian and J = Σ w²(y − p)²(e_i − e_j)(e_i − e_j)ᵀ (Huber, Proc. 5th
    Berkeley Symp. 1 (1967) 221), which stays right when ties or weights make a battle say more or less
    than one coin toss. Where the pairs' cells have clusters, J is Σ s·sᵀ · G/(G − 1) over the G
    clusters, s the sum of a cluster's scores w(y − p)(e_i − e_j) (Liang & Zeger, Biometrika 73 (1986)
    13), which lets the battles of one prompt agree with each other as they please; `settled` says which
    clusters can be learned from.

    A model outside the core has the width of its posterior, 1/√curvature with weights in units of their
    mean, as the prior is, with the core's own error carried over. NaN: a model without battles, and a
    part, or a model in the middle of one, where every share is exactly as expected (all ties), which
    shows no variation to learn from.
    """
    errors = np.full(pairs.n_models, np.nan)
    for part in fit.parts:
        variance = _variances(pairs, part)
        known = told(variance)
        errors[part.nodes[known]] = np.sqrt(variance[known])
    return errors


def covariance(pairs: Pairs, fit: Fit) -> Floats:
    """The covariance of the log-strengths, (M, M), relative to the mean of each part's core; its diagonal
    holds the squares of `sandwich`. NaN between parts and where the battles cannot tell.
    """
    whole = np.full((pairs.n_models, pairs.n_models), np.nan)
    for part in fit.parts:
        found = _part_covariance(pairs, part)
        unknown = ~told(found.diagonal())
        found[unknown] = np.nan
        found[:, unknown] = np.nan
        whole[np.ix_(part.nodes, part.nodes)] = found
    return whole


def settled(pairs: Pairs, fit: Fit) -> Pairs:
    """The same pairs with the clusters that errors can be learned from.

    Where a model's clusters are few (`clusters.FEW`), and taking its battles as independent makes it less
    sure, they are taken as that: all others are measured from a mean that it is part of.
    """
    if pairs.cell_cluster is None or not clusters.may_be_few(pairs):
        return pairs
    few = clusters.is_few(clusters.effective(pairs))
    if not few.any():
        return pairs
    single = sandwich(clusters.independent(pairs), fit)
    lone = few & (single > np.nan_to_num(sandwich(pairs, fit)))
    touched = (lone[pairs.i] | lone[pairs.j])[pairs.cell_pair]
    return replace(pairs, cell_cluster=np.where(touched, clusters.ALONE, pairs.cell_cluster))


def told(variance: Floats) -> Bools:
    """Which of a part's variances, (K,), are more than rounding."""
    return np.asarray(variance > _NIL * variance.max(initial=0.0))


def _variances(pairs: Pairs, part: Part) -> Floats:
    """The variances of a part's log-strengths, (K,)."""
    return _core_variances(pairs, part) if part.core.all() else _part_covariance(pairs, part).diagonal()


def _part_covariance(pairs: Pairs, part: Part) -> Floats:
    size = part.nodes.size
    inner, outer = np.flatnonzero(part.core), np.flatnonzero(~part.core)
    joint = np.zeros((size, size))
    spread = np.zeros((0, 0))
    if inner.size:
        inverse, scatter = _bread_and_meat(pairs, part)
        with few_threads(inner.size):
            spread = inverse @ scatter @ inverse
        if not spread.any():
            return joint
    joint[np.ix_(inner, inner)] = spread
    if outer.size:
        curvature = part.games.curvature(part.raw)
        posterior = np.linalg.inv(curvature[np.ix_(outer, outer)])
        carried = posterior @ -curvature[np.ix_(outer, inner)]
        beside = carried @ spread
        outside = part.unit * posterior + beside @ carried.T
        joint[np.ix_(outer, outer)] = outside if inner.size else _centred(outside)
        joint[np.ix_(outer, inner)] = beside
        joint[np.ix_(inner, outer)] = beside.T
    return joint


def _core_variances(pairs: Pairs, part: Part) -> Floats:
    """The diagonal of H⁺ J H⁺ where all models are in the core, (C,)."""
    core = _Core.of(pairs, part)
    inverse = core.inverse()
    if pairs.cell_cluster is None and _SPARSE * core.games.i.size < inverse.size:
        return core.spread_by_edges(inverse)
    with few_threads(len(inverse)):
        return np.asarray(((inverse @ core.scatter()) * inverse).sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class _Core:
    """The battles among the C models of a part's core, at their fitted strengths."""

    pairs: Pairs
    games: Games
    theta: Floats
    """(C,)"""
    which: Ints
    """Which pairs of the whole the edges of `games` are, (edges,)."""
    expected: Floats
    """The chance of i in each pair of the whole, NaN for other pairs, (P,)."""

    @classmethod
    def of(cls, pairs: Pairs, part: Part) -> _Core:
        edges = slice(part.pairs.size)
        i, j = part.games.i[edges], part.games.j[edges]
        inside = part.core[i] & part.core[j]
        position = np.cumsum(part.core) - 1
        prior = np.zeros(part.games.i.size - inside.size, dtype=bool)
        games = part.games.select(np.r_[inside, prior], position)
        theta = part.raw[:-1][part.core]
        which = part.pairs[inside]
        expected = np.full(pairs.i.size, np.nan)
        expected[which] = games.chances(theta)[0]
        return cls(pairs, games, theta, which, expected)

    def inverse(self) -> Floats:
        """H⁺ relative to the core's mean, (C, C), but for a constant."""
        with few_threads(self.theta.size):
            return np.asarray(np.linalg.inv(gauged(self.games.curvature(self.theta))))

    def scatter(self) -> Floats:
        """J, (C, C)."""
        if self.pairs.cell_cluster is None:
            return laplacian(self.theta.size, self.games.i, self.games.j, self._squares())
        node = np.zeros((2, self.pairs.i.size), dtype=np.int64)
        node[:, self.which] = self.games.i, self.games.j
        return _clustered(self.pairs, self.expected, node, self.theta.size)

    def spread_by_edges(self, inverse: Floats) -> Floats:
        """The diagonal of H⁺ J H⁺, (C,), as Σ over edges: where few pairs met, J need not be written out."""
        variance = np.empty(self.theta.size)
        squares = self._squares()
        step = max(1, _DENSE_CELLS // max(squares.size, 1))
        for first in range(0, variance.size, step):
            rows = inverse[first : first + step]
            gap = rows[:, self.games.i]
            gap -= rows[:, self.games.j]
            gap *= gap
            variance[first : first + step] = gap @ squares
        return variance

    def _squares(self) -> Floats:
        return self.pairs.squared_residuals(self.expected)[self.which]


def _bread_and_meat(pairs: Pairs, part: Part) -> tuple[Floats, Floats]:
    """H⁺ and J of the core's own battles, relative to the core's mean, (C, C) each."""
    core = _Core.of(pairs, part)
    return core.inverse(), core.scatter()


def _clustered(pairs: Pairs, expected: Floats, node: Ints, size: int) -> Floats:
    """Σ s·sᵀ over clusters, (C, C). `expected` is NaN for pairs of no interest; `node`, (2, P), says
    which rows the pair's ends are.
    """
    assert pairs.cell_cluster is not None
    of_interest = ~np.isnan(expected[pairs.cell_pair])
    alone = of_interest & (pairs.cell_cluster == clusters.ALONE)
    score = pairs.cell_weight * pairs.residuals(expected)
    squares = total(pairs.cell_pair[alone], (pairs.cell_n * score**2)[alone], pairs.i.size)
    scatter = laplacian(size, node[0], node[1], squares)
    cells = np.flatnonzero(of_interest & ~alone)
    pair = pairs.cell_pair[cells]
    score = (pairs.cell_n * score)[cells]
    names, cluster = np.unique(pairs.cell_cluster[cells], return_inverse=True)
    order = np.argsort(cluster, kind="stable")
    step = max(1, _DENSE_CELLS // max(size, 1))
    for first in range(0, names.size, step):
        start, stop = np.searchsorted(cluster, [first, first + step], sorter=order)
        here = order[start:stop]
        row = (cluster[here] - first) * size
        n_rows = min(step, names.size - first)
        scores = total(row + node[0, pair[here]], score[here], n_rows * size)
        scores -= total(row + node[1, pair[here]], score[here], n_rows * size)
        block = scores.reshape(n_rows, size)
        scatter += block.T @ block
    n_clusters = names.size + int(pairs.cell_n[alone].sum())
    return scatter * (n_clusters / max(n_clusters - 1, 1))


def _centred(matrix: Floats) -> Floats:
    rows = matrix - matrix.mean(axis=0, keepdims=True)
    return np.asarray(rows - rows.mean(axis=1, keepdims=True))
