"""Which battles are not independent: a number for each cluster, such as the battles of one prompt.

Errors that allow for clusters learn from how these differ, so they need some. At a maximum a model's scores
sum to 0, so if its battles are all of one cluster, that cluster seems to say exactly what is so: the model,
and with it the mean that all others are measured from, would seem to be known without error.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.arrays import total
from palestra.ranking.win_rate import student, z_exact

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.pairs import Pairs

ALONE = int(np.iinfo(np.int64).min)
"""In place of a cluster's number: each row of the cell is a cluster of its own."""
FEW = 10
"""Models of fewer clusters, counted as `effective` does, can do without: see `intervals.settled`."""
_ROUNDING = 1e-9
_DENSE = 8_000_000
"""Clusters times nodes up to which each cluster's weight at each node is written out."""


def sizes(cluster: Ints, n: Ints) -> Floats:
    """Rows of each cluster, (G,), where cells, (cells,) each, belong to `cluster` and have `n` rows."""
    alone = cluster == ALONE
    names, position = np.unique(cluster[~alone], return_inverse=True)
    shared = total(position.astype(np.int64), n[~alone].astype(np.float64), names.size)
    return np.concatenate([shared, np.ones(int(n[alone].sum()))])


def is_few(n: Floats) -> Bools:
    """Which of these numbers of clusters, any shape, are few; 0 stands for no battle."""
    return np.asarray((n > 0) & (n < FEW - _ROUNDING))


def may_be_few(pairs: Pairs) -> bool:
    """Whether a model's clusters can be few and of more than one battle, by a quick look: as if all of its
    battles that are in clusters were in one.
    """
    if pairs.cell_cluster is None:
        return False
    alone = pairs.cell_cluster == ALONE
    if alone.all():
        return False
    node = np.stack([pairs.i, pairs.j])[:, pairs.cell_pair]
    mass = pairs.cell_n * pairs.cell_weight
    together = at_either(node[:, ~alone], mass[~alone], pairs.n_models)
    squares = at_either(node[:, alone], (mass * pairs.cell_weight)[alone], pairs.n_models) + together**2
    weight = at_either(node, mass, pairs.n_models)
    return bool((is_few(ratio(weight**2, squares)) & (together > 0)).any())


def independent(pairs: Pairs) -> Pairs:
    """The same battles, each by itself."""
    return replace(pairs, cell_cluster=None)


def effective(pairs: Pairs) -> Floats:
    """How many clusters of equal weight would be as many as those of each model, (M,): (Σ w)² / Σ w² over the
    weights w of its battles in each cluster (Kish, Survey Sampling, 1965, section 11.7); 0 without battles.
    """
    assert pairs.cell_cluster is not None
    node = np.stack([pairs.i, pairs.j])[:, pairs.cell_pair]
    alone = pairs.cell_cluster == ALONE
    mass = pairs.cell_n * pairs.cell_weight
    squares = at_either(node[:, alone], (mass * pairs.cell_weight)[alone], pairs.n_models)
    names, number = np.unique(pairs.cell_cluster[~alone], return_inverse=True)
    squares += squared_weights(number, node[:, ~alone], mass[~alone], names.size, pairs.n_models)
    return ratio(at_either(node, mass, pairs.n_models) ** 2, squares)


def squared_weights(number: Ints, ends: Ints, mass: Floats, n_clusters: int, size: int) -> Floats:
    """Σ w² over clusters, (N,), w the weight that rows of a cluster have at a node: rows are of cluster
    `number`, from 0, and lie between two nodes, `ends`, (2, rows).
    """
    key = number * size + ends
    if n_clusters * size > _DENSE:
        found, places = np.unique(key, return_inverse=True)
        return total(found % size, at_either(places.reshape(key.shape), mass, found.size) ** 2, size)
    weights = at_either(key, mass, n_clusters * size).reshape(n_clusters, size)
    return np.asarray(np.einsum("gn,gn->n", weights, weights))


def at_either(ends: Ints, mass: Floats, size: int) -> Floats:
    """Σ mass at either end of rows between two nodes, (2, rows), of `size`."""
    return total(ends[0], mass, size) + total(ends[1], mass, size)


def ratio(weights: Floats, squares: Floats) -> Floats:
    """The one by the other; 0 where there is nothing."""
    return np.divide(weights, squares, out=np.zeros(weights.size), where=squares > 0)


def quantile(pairs: Pairs, level: float) -> float:
    """How many standard errors an interval reaches to each side: the normal law's, or Student's with G − 1
    degrees of freedom where the errors are those of G clusters.
    """
    if pairs.cell_cluster is None:
        return z_exact(level)
    return student(level, max(sizes(pairs.cell_cluster, pairs.cell_n).size - 1, 1))
