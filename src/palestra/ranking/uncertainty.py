"""What an estimate with a covariance, or resamples of it, say of all models at once.

M models; θ, (M,), are log-strengths and Σ, (M, M), their covariance, NaN where unknown, as
`intervals.covariance` gives it. Draws, (rounds, M), are NaN where a resample says nothing of a model.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.blas import few_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.ranking.arrays import Floats, Ints

_DRAWS = 20_000
_NIL = 1e-12
"""A difference whose variance is this small beside those of its two strengths has shown none."""
_erf = np.vectorize(math.erf, otypes=[np.float64])


def normal_draws(theta: Floats, covariance: Floats, component: Ints, seed: int) -> Floats:
    """Draws of the normal law N(θ, Σ), (20000, M); parts that never met are drawn apart."""
    draws = np.full((_DRAWS, theta.size), np.nan)
    rng = np.random.default_rng(seed)
    for nodes in _parts(component):
        known = nodes[~np.isnan(covariance[nodes, nodes])]
        if known.size:
            with few_threads(known.size):
                values, vectors = np.linalg.eigh(covariance[np.ix_(known, known)])
                root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
                draws[:, known] = theta[known] + rng.standard_normal((_DRAWS, known.size)) @ root
    return draws


def widened(draws: Floats, theta: Floats, error: Floats, component: Ints, level: float) -> Floats:
    """By how many standard errors, (M,), an interval must reach to both sides so that with a chance of
    `level` all intervals of a part hold their true values at once; NaN where nothing is known.

    The quantile of max|θ* − θ| / error over the draws: the sup-t band of Montiel Olea & Plagborg-Møller
    (J. Appl. Econometrics 34 (2019) 1, algorithm 1).
    """
    factor = np.full(theta.size, np.nan)
    for nodes in _parts(component):
        known = nodes[error[nodes] > 0]
        if known.size:
            far = np.abs(draws[:, known] - theta[known]) / error[known]
            furthest = far[~np.isnan(far).any(axis=1)].max(axis=1)
            if furthest.size:
                factor[known] = np.quantile(furthest, level)
    return factor


def better(theta: Floats, covariance: Floats) -> Floats:
    """The probability that the row's strength is above the column's, (M, M), by the normal law; ½ on the
    diagonal, NaN between models that cannot be compared or that only drew, as far as their strengths go
    together.
    """
    gap = theta[:, None] - theta
    both = covariance.diagonal()[:, None] + covariance.diagonal()
    variance = both - (covariance + covariance.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = 0.5 * (1.0 + _erf(gap / np.sqrt(2.0 * variance)))
    chance = np.where(variance > _NIL * both, chance, np.nan)
    np.fill_diagonal(chance, np.where(np.isnan(covariance.diagonal()), np.nan, 0.5))
    return np.asarray(chance)


def better_in_draws(draws: Floats, component: Ints) -> Floats:
    """As `better`, by the share of the draws; equal strengths count one half."""
    size = draws.shape[1]
    chance = np.full((size, size), np.nan)
    for nodes in _parts(component):
        for model in nodes.tolist():
            gap = draws[:, [model]] - draws[:, nodes]
            known = (~np.isnan(gap)).sum(axis=0)
            above = (gap > 0).sum(axis=0) + 0.5 * (gap == 0).sum(axis=0)
            chance[model, nodes] = np.divide(above, known, out=np.full(nodes.size, np.nan), where=known > 0)
    return chance


def rank_probabilities(draws: Floats, component: Ints) -> Floats:
    """The probability of each rank, (M, M): row a model, column the rank less one, within the model's
    part. Only draws that say something of every model of the part count; NaN where there are none.
    """
    size = draws.shape[1]
    chance = np.full((size, size), np.nan)
    for nodes in _parts(component):
        whole = draws[:, nodes][~np.isnan(draws[:, nodes]).any(axis=1)]
        if not len(whole):
            continue
        place = np.argsort(np.argsort(-whole, axis=1, kind="stable"), axis=1, kind="stable")
        chance[nodes] = 0.0
        for column, model in enumerate(nodes.tolist()):
            chance[model, : nodes.size] = np.bincount(place[:, column], minlength=nodes.size) / len(whole)
    return chance


def _parts(component: Ints) -> Iterator[Ints]:
    for number in range(int(component.max(initial=-1)) + 1):
        yield np.flatnonzero(component == number)
