"""Which battles are not independent: a number for each cluster, such as the battles of one prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.arrays import total
from palestra.ranking.win_rate import student, z_exact

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats, Ints
    from palestra.ranking.counts import Counts

ALONE = int(np.iinfo(np.int64).min)
"""In place of a cluster's number: each row of the cell is a cluster of its own."""


def sizes(cluster: Ints, n: Ints) -> Floats:
    """Rows of each cluster, (G,), where cells, (cells,) each, belong to `cluster` and have `n` rows."""
    alone = cluster == ALONE
    names, position = np.unique(cluster[~alone], return_inverse=True)
    shared = total(position.astype(np.int64), n[~alone].astype(np.float64), names.size)
    return np.concatenate([shared, np.ones(int(n[alone].sum()))])


def quantile(counts: Counts, level: float) -> float:
    """How many standard errors an interval reaches to each side: the normal law's, or Student's with G − 1
    degrees of freedom where the errors are those of G clusters.
    """
    if counts.cluster is None:
        return z_exact(level)
    return student(level, max(sizes(counts.cluster, counts.n).size - 1, 1))
