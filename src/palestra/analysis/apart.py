"""Which models are told apart, and how many more battles would tell the others.

M models with log-strengths `theta`, (M,), and their `covariance`, (M, M), as Bradley-Terry gives them; NaN
where unknown. Everything is about differences of two strengths, whose variance
cov_ii + cov_jj − 2 cov_ij holds what the two showed against each other and what they showed by way of all
others.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.quality import SAME
from palestra.errors import UsageError
from palestra.ranking.win_rate import z_exact

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats
    from palestra.ranking.bradley_terry import Fit
    from palestra.ranking.pairs import Pairs


def gaps(theta: Floats) -> Floats:
    """How far i is above j in log-strength, (M, M)."""
    found = theta[:, None] - theta[None, :]
    return np.where(np.abs(found) <= SAME, 0.0, found)


def gap_variances(covariance: Floats) -> Floats:
    """The variance of each difference of two strengths, (M, M), 0 on the diagonal; NaN where unknown."""
    own = covariance.diagonal()
    found = np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0.0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def told_apart(theta: Floats, covariance: Floats, level: float = 0.95) -> Bools:
    """Whether the interval of the difference of i and j leaves out 0, (M, M).

    Raises:
        UsageError: a level outside (0, 1).
    """
    spread = np.sqrt(gap_variances(covariance))
    gap = np.abs(gaps(theta))
    return np.asarray((gap > z_exact(level) * spread) & (gap > 0))


def scatter(pairs: Pairs, fitted: Fit) -> float:
    """How much results scatter, as a share of what coins of the fitted chances would: Σ w²(y − p)² over
    Σ w² p(1 − p), of the battles between models whose strengths the battles determine.

    Ties, as half a win each, make it less: it is about 1 minus the share of ties among equals. 1 without
    such battles.
    """
    inside = fitted.core[pairs.i] & fitted.core[pairs.j]
    chance = 0.5 * (1.0 + np.tanh((fitted.theta[pairs.i] - fitted.theta[pairs.j]) / 2))
    squared_weight = np.bincount(pairs.cell_pair, pairs.cell_n * pairs.cell_weight**2, pairs.i.size)
    expected = float((squared_weight * chance * (1 - chance))[inside].sum())
    return float(pairs.squared_residuals(chance)[inside].sum()) / expected if expected else 1.0


def battles_to_tell_apart(
    theta: Floats,
    covariance: Floats,
    *,
    scatter: float = 1.0,
    level: float = 0.95,
    chance: float = 0.8,
) -> Floats:
    """How many more battles between i and j would tell them apart, (M, M), in whole numbers.

    Told apart: the interval of the difference, of coverage `level`, leaves out 0, with probability
    `chance` should the present difference be the true one and all battles be drawn anew. The interval must
    then be so narrow that (z_level + z_chance) standard errors fit into the difference (the usual size of a
    sample). One more battle of the two adds p(1 − p)/scatter to the information 1/variance of their
    difference, p being the chance of a win and `scatter` that of `scatter()`, which counts ties; this is
    the update of the whole information matrix by one battle (Sherman & Morrison, Ann. Math. Statist. 21
    (1950) 124), so what other models say of the two is in it. The further battles are taken as independent
    of each other and of those so far, such as each of a prompt of its own.

    0 where they are told apart already, infinity where they are equal (so on the diagonal), else NaN where
    the variance is unknown.

    Raises:
        UsageError: a level or chance outside (0, 1), a chance below ½, or a negative scatter.
    """
    if not 0.5 <= chance < 1:
        raise UsageError(f"a chance of {chance!r} of telling models apart; give one from 0.5 to below 1")
    if not scatter >= 0:
        raise UsageError(f"a scatter of {scatter!r}; give one of 0 or more")
    gap, variance = gaps(theta), gap_variances(covariance)
    goal = z_exact(level) + NormalDist().inv_cdf(chance)
    win = 1.0 / (1.0 + np.exp(-np.abs(gap)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        missing = (goal / gap) ** 2 - 1.0 / variance
        needed = np.ceil(np.maximum(missing, 0.0) * scatter / (win * (1 - win)) - 1e-9)
    needed[told_apart(theta, covariance, level)] = 0.0
    needed[np.isnan(variance)] = np.nan
    needed[gap == 0] = np.inf
    return np.asarray(needed)


def battles_to_separate(
    theta: Floats, covariance: Floats, n_battles: int, share: float, level: float = 0.95
) -> float:
    """How many more battles, spread over the models as those so far, would separate this share of pairs.

    A pair is separated when its intervals do not overlap; with k times the battles every interval is √k
    times narrower, and the present differences are taken as true. Only pairs whose errors are known count.
    0 if they are separated already, infinity if too many ratings are equal, NaN without a known pair.

    Raises:
        UsageError: a share outside [0, 1] or a level outside (0, 1).
    """
    if not 0 <= share <= 1:
        raise UsageError(f"a separability of {share!r}; give a share from 0 to 1")
    times = _times(theta, covariance, level)
    if not times.size:
        return math.nan
    wanted = math.ceil(share * times.size - 1e-9)
    if wanted == 0 or times[wanted - 1] < 1:
        return 0.0
    return float(np.ceil(n_battles * (times[wanted - 1] - 1.0)))


def separated_share(theta: Floats, covariance: Floats, level: float = 0.95) -> float:
    """The share of pairs whose intervals do not overlap, of those whose errors are known; NaN without any.

    Raises:
        UsageError: a level outside (0, 1).
    """
    times = _times(theta, covariance, level)
    return float((times < 1).mean()) if times.size else math.nan


def _times(theta: Floats, covariance: Floats, level: float) -> Floats:
    """With how many times the battles each known pair's intervals would just touch, in order."""
    upper = np.triu_indices(theta.size, 1)
    known = ~np.isnan(gap_variances(covariance)[upper])
    error = np.sqrt(covariance.diagonal())
    reach = (z_exact(level) * (error[:, None] + error[None, :]))[upper][known]
    gap = np.abs(gaps(theta)[upper][known])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sort(np.where(gap == 0, np.inf, (reach / gap) ** 2))
