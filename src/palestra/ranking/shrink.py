"""Ratings per category, shrunk towards the whole: a few battles say little, many speak for themselves.

In a category the true strengths scatter around those of all battles, and are seen with an error:

    θ_c ~ N(θ_all, τ²),    θ̂_c ~ N(θ_c, Σ_c)

so that of a deviation τ²⁄(τ² + variance) is left (Efron & Morris, J. Amer. Stat. Assoc. 70 (1975) 311).
How large τ is, the deviations of all models say together, by their marginal likelihood. It is not taken
for known: everything is averaged over what τ may be, with a half-Cauchy prior (Gelman, Bayesian Analysis
1 (2006) 515), for an estimate of τ alone is often 0 and then makes intervals of no width.

Log-strengths are relative to the mean of the models that met, and so are deviations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from palestra.ranking.arrays import Floats, Ints

SCALE_OF_TAU = 1.0
"""The prior's median of τ, in log-strength: 174 rating points, more than categories commonly differ, so
that the prior says little. With a dozen models and errors as large as the scatter, 95 % intervals then
hold 92 to 99 % of the true strengths."""
_QUANTILES = 400


@dataclass(frozen=True, slots=True, eq=False)
class Shrunk:
    """Strengths of M models in one category."""

    theta: Floats
    """Log-strengths on the scale of the whole, (M,); the whole's own where the category says nothing."""
    standard_error: Floats
    """Of them, (M,): what the category leaves open, and the whole's error as far as the model was pulled
    there. NaN where the whole's is unknown, and where the category compares no models at all."""
    tau: float
    """How much models differ from the whole in this category, as a standard deviation in log-strength
    (the median of what it may be); NaN where the category compares no models."""
    pull: Floats
    """How far each model's deviation was pulled to the whole, (M,): 1 all the way, 0 not at all."""


def shrink(
    theta_all: npt.ArrayLike,
    covariance_all: npt.ArrayLike,
    theta: npt.ArrayLike,
    covariance: npt.ArrayLike,
    *,
    component: npt.ArrayLike | None = None,
) -> Shrunk:
    """Shrink one category's log-strengths, (M,), towards those of all battles, (M,).

    Covariances, (M, M), are relative to the mean of what was fitted together. In the category a NaN marks a
    model that it says nothing of, and between models that it does not compare. `component`: which part of
    the category's battle graph a model is in, (M,): deviations are compared within parts only; by default
    all are one part. That the whole contains the category is not taken into account.

    Raises:
        DataError: shapes that do not fit.
    """
    whole, of_whole = np.asarray(theta_all, dtype=np.float64), np.asarray(covariance_all, dtype=np.float64)
    own, of_own = np.asarray(theta, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    size = whole.size
    part = np.zeros(size, dtype=np.int64) if component is None else np.asarray(component, dtype=np.int64)
    if not (own.shape == part.shape == (size,) and of_own.shape == of_whole.shape == (size, size)):
        raise DataError("strengths and covariances are not of the same models")
    known = _known(own, of_own, part)
    if not known.size:
        return Shrunk(whole.copy(), np.full(size, np.nan), np.nan, np.ones(size))
    basis, noise = _independent(of_own[np.ix_(known, known)], part[known])
    found = _Scatter.of(basis.T @ (own - whole)[known], noise)
    moved = whole.copy()
    moved[known] += basis @ (found.kept * found.gap)
    kept = np.zeros((size, size))
    kept[np.ix_(known, known)] = (basis * found.kept) @ basis.T
    variance = np.full(size, found.tau**2)
    variance[known] = found.variance(basis)
    pull = np.ones(size)
    pull[known] -= kept[known, known] / np.square(basis).sum(axis=1)
    return Shrunk(moved, _errors(variance, kept, of_whole), found.tau, pull)


def _known(theta: Floats, covariance: Floats, part: Ints) -> Ints:
    """The models that the category compares with others, positions."""
    told = np.isfinite(theta) & np.isfinite(covariance.diagonal())
    _, number = np.unique(part, return_inverse=True)
    return np.flatnonzero(told & (np.bincount(number, told, part.size)[number] > 1))


def _independent(covariance: Floats, part: Ints) -> tuple[Floats, Floats]:
    """Directions in which the K models' deviations are independent, each part's sum 0, (K, D), and the
    variance of each, (D,).
    """
    same = part[:, np.newaxis] == part[np.newaxis, :]
    centre = np.eye(part.size) - same / same.sum(axis=1)[:, np.newaxis]
    values, vectors = np.linalg.eigh(centre)
    free = vectors[:, values > 0.5]
    noise, turned = np.linalg.eigh(free.T @ np.where(same, covariance, 0.0) @ free)
    return free @ turned, np.maximum(noise, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Scatter:
    """What τ may be, as G values with their chances, and what follows in D independent directions."""

    gap: Floats
    """Deviations, (D,)."""
    chance: Floats
    """(G,)"""
    share: Floats
    """τ²⁄(τ² + variance), (G, D)."""
    left: Floats
    """The variance of what is estimated, were τ known, (G, D)."""
    tau: float
    """The median."""

    @classmethod
    def of(cls, gap: Floats, noise: Floats) -> _Scatter:
        """From deviations and the variances of their errors; the values are quantiles of the prior."""
        quantile = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
        tau = SCALE_OF_TAU * np.tan(np.pi / 2.0 * quantile)
        total = tau[:, np.newaxis] ** 2 + noise
        told = -0.5 * (np.log(total) + gap**2 / total).sum(axis=1)
        chance = np.exp(told - told.max())
        chance /= chance.sum()
        share = tau[:, np.newaxis] ** 2 / total
        middle = int(np.searchsorted(np.cumsum(chance), 0.5))
        return cls(gap, chance, share, share * noise, float(tau[min(middle, _QUANTILES - 1)]))

    @property
    def kept(self) -> Floats:
        """How much of each deviation is left, (D,)."""
        return np.asarray(self.chance @ self.share)

    def variance(self, basis: Floats) -> Floats:
        """Of each model, (K,): what is left for a known τ, and what not knowing τ adds."""
        moves = (self.share * self.gap) @ basis.T
        spread = self.chance @ np.square(moves - self.chance @ moves)
        return np.asarray(np.square(basis) @ (self.chance @ self.left) + spread)


def _errors(variance: Floats, kept: Floats, of_whole: Floats) -> Floats:
    rest = np.eye(len(kept)) - kept
    carried = rest @ np.nan_to_num(of_whole, nan=0.0) @ rest.T
    error = np.sqrt(np.maximum(variance + carried.diagonal(), 0.0))
    error[~np.isfinite(of_whole.diagonal())] = np.nan
    return np.asarray(error)
