"""How sure a fit with features is: robust covariances of strengths and coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.arrays import Floats, Ints, total
from palestra.ranking.contextual_newton import gauged_by_group

if TYPE_CHECKING:
    from palestra.ranking.contextual_newton import Joint
    from palestra.ranking.paired_rows import PairedRows

_NOTHING = 1e-18
"""A variance this much below that of tossed coins is rounding: the battles ended exactly as expected."""


def joint_covariance(joint: Joint, cluster: Ints | None) -> Floats:
    """Of the strengths, relative to their group's mean, and the coefficients, (K + F, K + F).

    A⁻¹·J·A⁻¹ with A minus the Hessian and J = Σ s·sᵀ over the scores s of battles (Huber, Proc. 5th
    Berkeley Symp. 1 (1967) 221) or, where `cluster`, (n,), is given, over the sums of s in each cluster
    (Liang & Zeger, Biometrika 73 (1986) 13), times G/(G − 1) for G clusters; rows of a cluster below 0 stand
    alone. NaN for what does not
    vary: battles that all ended as expected, such as in ties, say nothing of how sure they are.
    """
    rows = joint.rows
    nodes = rows.size
    bread = rows.matrix(joint.bend)
    bread[:nodes, :nodes] = gauged_by_group(bread[:nodes, :nodes], joint.group)
    if cluster is None:
        filling = rows.matrix(joint.scatter)
    else:
        filling = _clustered(rows, rows.residuals(joint.theta, joint.beta), cluster)
    inverse = _inverse(bread)
    found = inverse @ filling @ inverse
    still = found.diagonal() <= _NOTHING * inverse.diagonal()
    found[still] = found[:, still] = np.nan
    return np.asarray(found)


def _inverse(matrix: Floats) -> Floats:
    """Whatever the units are."""
    scale = 1.0 / np.sqrt(matrix.diagonal())
    inverse = np.linalg.inv(matrix * scale * scale[:, np.newaxis])
    return np.asarray(inverse * scale * scale[:, np.newaxis])


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
    """What a cluster's battles add up to at one node, entries sorted by cluster, (entries,) each."""

    cluster: Ints
    node: Ints
    value: Floats


def _clustered(rows: PairedRows, residuals: Floats, cluster: Ints) -> Floats:
    """Σ s·sᵀ over clusters, (N + F, N + F), at a cost that does not grow with clusters × models."""
    cluster = _numbered(cluster, residuals.size)
    pair = np.repeat(np.arange(rows.i.size), rows.rows_of_pair)
    size, count = rows.size, int(cluster.max(initial=-1)) + 1
    entries = _entries(cluster, rows.i[pair], rows.j[pair], residuals, size)
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


def _numbered(cluster: Ints, rows: int) -> Ints:
    """Clusters numbered from 0, (rows,); rows that stand alone, and a prior's at the end, each its own."""
    known = np.full(rows, -1, dtype=np.int64)
    known[: cluster.size] = cluster
    alone = known < 0
    _, number = np.unique(known, return_inverse=True)
    number = number.astype(np.int64)
    number[alone] = rows + np.arange(int(alone.sum()))
    _, number = np.unique(number, return_inverse=True)
    return np.asarray(number, dtype=np.int64)


def _entries(cluster: Ints, i: Ints, j: Ints, residuals: Floats, size: int) -> _Entries:
    key = np.r_[cluster * size + i, cluster * size + j]
    unique, position = np.unique(key, return_inverse=True)
    value = total(position, np.r_[residuals, -residuals], unique.size)
    return _Entries(unique // max(size, 1), unique % max(size, 1), value)
