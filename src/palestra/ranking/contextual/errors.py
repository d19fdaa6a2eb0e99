"""How sure a fit with features is: robust covariances of strengths and coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.clusters import at_either, is_few, ratio, squared_weights
from palestra.ranking.contextual.newton import gauged_by_group

if TYPE_CHECKING:
    from palestra.ranking.contextual.newton import Joint
    from palestra.ranking.contextual.paired import PairedRows

_NOTHING = 1e-18
"""A variance this much below that of tossed coins is rounding: the battles ended exactly as expected."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Rows that may depend on each other."""

    number: Ints
    """Each row's cluster, from 0, (n,)."""
    sizes: Ints
    """How many rows each has, (G,)."""
    alone: Bools
    """Which rows are a cluster of their own, or as many as they stand for, (n,)."""

    @classmethod
    def of(cls, given: Ints) -> Clusters:
        """Rows of the same number, (n,), are a cluster; with a number below 0 a row is one of its own."""
        alone = given < 0
        names, number = np.unique(given[~alone], return_inverse=True)
        numbers = np.empty(given.size, dtype=np.int64)
        numbers[~alone] = number
        numbers[alone] = names.size + np.arange(int(alone.sum()))
        return cls(numbers, np.bincount(numbers), alone)

    def take(self, keep: Bools) -> Clusters:
        """Of some rows, (n,)."""
        return Clusters.of(np.where(self.alone, -1, self.number)[keep])

    def without(self, lone: Bools) -> Clusters:
        """Where `lone`, (n,), each row is a cluster of its own."""
        return Clusters.of(np.where(self.alone | lone, -1, self.number))

    def up_to(self, rows: int) -> Clusters:
        """With more rows at the end, each a cluster of its own."""
        more = rows - self.number.size
        numbers = np.r_[self.number, self.sizes.size + np.arange(more)]
        sizes = np.r_[self.sizes, np.ones(more, dtype=np.int64)]
        return Clusters(numbers, sizes, np.r_[self.alone, np.ones(more, dtype=bool)])


def joint_covariance(joint: Joint, clusters: Clusters | None) -> Floats:
    """Of the strengths, relative to their group's mean, and the coefficients, (K + F, K + F).

    A⁻¹·J·A⁻¹ with A minus the Hessian and J = Σ s·sᵀ over the scores s of battles (Huber, Proc. 5th
    Berkeley Symp. 1 (1967) 221) or, where clusters are given, over the sums of s in each cluster (Liang &
    Zeger, Biometrika 73 (1986) 13), times G/(G − 1) for G clusters; `settled` says which of them can be
    learned from. NaN for what does not vary: battles that all ended as expected, such as in ties, say nothing
    of how sure they are.
    """
    rows = joint.rows
    nodes = rows.size
    bread = rows.matrix(joint.bend)
    bread[:nodes, :nodes] = gauged_by_group(bread[:nodes, :nodes], joint.group)
    inverse = _inverse(bread)
    if clusters is None:
        filling = rows.matrix(joint.scatter)
    else:
        residuals = rows.residuals(joint.theta, joint.beta)
        whole = clusters.up_to(residuals.size)
        if rows.times is not None:
            residuals[whole.alone] /= np.sqrt(rows.times[whole.alone])
        filling = _clustered(rows, residuals, whole)
    found = inverse @ filling @ inverse
    still = found.diagonal() <= _NOTHING * inverse.diagonal()
    found[still] = found[:, still] = np.nan
    return np.asarray(found)


def _inverse(matrix: Floats) -> Floats:
    """Whatever the units are."""
    scale = 1.0 / np.sqrt(matrix.diagonal())
    inverse = np.linalg.inv(matrix * scale * scale[:, np.newaxis])
    return np.asarray(inverse * scale * scale[:, np.newaxis])


def settled(joint: Joint, clusters: Clusters | None) -> Clusters | None:
    """The clusters that errors can be learned from, as `intervals.settled` has them: rows of models and of
    features that rest on few stand alone if they are less sure so.
    """
    if clusters is None or clusters.alone.all():
        return clusters
    rows = joint.rows
    few = is_few(_effective(rows, clusters.up_to(rows.pair.size)))
    if not few.any():
        return clusters
    found = joint_covariance(joint, clusters).diagonal()
    lone = few & (joint_covariance(joint, None).diagonal() > np.nan_to_num(found))
    of_nodes, of_features = lone[: rows.size], lone[rows.size :]
    touched = (of_nodes[rows.i] | of_nodes[rows.j])[rows.pair] | (rows.x[of_features] != 0).any(axis=0)
    return clusters.without(touched[: clusters.number.size])


def _effective(rows: PairedRows, clusters: Clusters) -> Floats:
    """How many clusters each strength and each coefficient rests on, (N + F,), as `clusters.effective`
    counts; a row tells of a coefficient as much as the square of its feature.
    """
    ends = np.stack([rows.i, rows.j])[:, rows.pair]
    mass, count = rows.won + rows.lost, clusters.sizes.size
    weights = [at_either(ends, mass, rows.size)]
    squares = [squared_weights(clusters.number, ends, mass, count, rows.size)]
    for x in rows.x:
        of_clusters = total(clusters.number, mass * x**2, count)
        weights.append(of_clusters.sum(keepdims=True))
        squares.append((of_clusters**2).sum(keepdims=True))
    return ratio(np.concatenate(weights) ** 2, np.concatenate(squares))


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """What a cluster's battles add up to at one node, entries sorted by cluster, (entries,) each."""

    cluster: Ints
    node: Ints
    value: Floats


def _clustered(rows: PairedRows, residuals: Floats, clusters: Clusters) -> Floats:
    """Σ s·sᵀ over clusters, (N + F, N + F), at a cost that does not grow with clusters × models."""
    cluster, size, count = clusters.number, rows.size, clusters.sizes.size
    of_i = residuals * rows.sign
    entries = _entries(cluster, rows.i[rows.pair], rows.j[rows.pair], of_i, size)
    sums = np.empty((len(rows.x), count))
    cross = np.empty((len(rows.x), size))
    for of_clusters, of_nodes, x in zip(sums, cross, rows.x, strict=True):
        of_clusters[:] = total(cluster, residuals * x, count)
        of_nodes[:] = total(entries.node, entries.value * of_clusters[entries.cluster], size)
    found = np.block([[_together(entries, size), cross.T], [cross, sums @ sums.T]])
    return np.asarray(found * (count / max(count - 1, 1)))


def _together(entries: _Entries, size: int) -> Floats:
    """Σ over clusters of value·value for each two nodes, (N, N): neighbours in the list of a cluster's
    entries first, then those two apart, and so on.
    """
    found = np.zeros(size * size)
    apart = 0
    while True:
        one, other = slice(entries.node.size - apart), slice(apart, None)
        same = entries.cluster[one] == entries.cluster[other]
        if not same.any():
            break
        first, second = entries.node[one][same], entries.node[other][same]
        product = (entries.value[one] * entries.value[other])[same]
        found += total(first * size + second, product, size * size)
        apart += 1
    upper = found.reshape(size, size)
    return np.asarray(upper + upper.T - np.diag(upper.diagonal()))


def _entries(cluster: Ints, i: Ints, j: Ints, residuals: Floats, size: int) -> _Entries:
    key = np.r_[cluster * size + i, cluster * size + j]
    unique, position = np.unique(key, return_inverse=True)
    value = total(position, np.r_[residuals, -residuals], unique.size)
    return _Entries(unique // max(size, 1), unique % max(size, 1), value)
