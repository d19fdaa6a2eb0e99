"""Fits one connected part of the battle graph by a tie model; see `ties` for what is done and why.

The variables of a part of N models are the entries of x, (N + 3,), as `tie_newton` has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.bradley_terry import LEAST, PRIOR, best_and_worst
from palestra.ranking.intervals import told
from palestra.ranking.ties.core import core_of
from palestra.ranking.ties.models import BAD, LOSS, TIE, WIN
from palestra.ranking.ties.newton import Objective, Prior, Results, maximise, regular

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints
    from palestra.ranking.ties.models import TieModel

_NIL = 1e-12
"""A robust variance this many times smaller than that of the curvature is none."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedPart:
    """A part of N models, fitted."""

    x: Floats
    """(N + 3,), the mean of the log-strengths 0."""
    core: Bools
    """(N,)"""
    covariance: Floats
    """Of the log-strengths, (N, N); NaN where the battles show no variation."""
    errors: tuple[float, float]
    """Standard errors of k and u; NaN where they are not fitted."""
    settled: tuple[bool, bool]
    """Whether the core's battles alone determine k and u."""
    log_likelihood: float


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """Some entries of x, and what they are fitted to."""

    objective: Objective
    free: Ints
    along: Floats
    """The direction among them in which the likelihood does not change; 0 if there is none."""

    def fit(self, x: Floats) -> Floats:
        """All of x, the free entries fitted."""
        return maximise(self.objective, x, self.free, self.along)

    def inverse(self, x: Floats) -> Floats:
        """Of the curvature, (free, free)."""
        curvature = self.objective.curvature(x)[np.ix_(self.free, self.free)]
        return np.asarray(np.linalg.inv(regular(curvature, self.along)), dtype=np.float64)


def fit_part(model: TieModel, results: Results, unit: float) -> FittedPart:
    """Fit a connected part of two or more models; `unit` is the mean weight of its rows.

    Raises:
        PalestraError: the fit does not settle.
    """
    size = results.size
    core = core_of(results, LEAST * unit)
    inside = results.within(core)
    inside = inside.only(inside.n.sum(axis=0) > LEAST * unit)
    free = np.r_[np.flatnonzero(core), _extra(inside)]
    first = _Stage(Objective(model, inside, Prior.none()), free, np.where(free <= size, 1.0, 0.0))
    alone = first.fit(_start(model, inside, unit))

    fitted = np.r_[np.arange(size), _extra(results)]
    free = np.setdiff1d(fitted, first.free)
    x = alone.copy()
    x[free] = _start(model, results, unit)[free]
    prior = _prior(x, core, free, PRIOR * unit)
    second = _Stage(Objective(model, results, prior), free, np.zeros(free.size))
    x = second.fit(x)

    covariance, errors = _covariance(first, second, alone, x, unit)
    likelihood = second.objective.log_likelihood(x)
    x[: size + 1] -= x[:size].mean()
    settled = (size in first.free, size + 1 in first.free)
    return FittedPart(x, core, covariance, errors, settled, likelihood)


def _extra(results: Results) -> Ints:
    """Where in x k and u are, as far as such outcomes occurred."""
    seen = results.n.sum(axis=0) > 0
    return results.size + np.flatnonzero(seen[[BAD, TIE]])


def _start(model: TieModel, results: Results, unit: float) -> Floats:
    """All equally strong, k and u such that between equals, outcomes would be about as frequent."""
    x = np.zeros(results.size + 3)
    x[-3:-1] = -np.inf, model.no_ties
    n = results.n.sum(axis=0)
    least = PRIOR * unit
    if n[BAD] > 0:
        x[-3] = np.log(n[BAD] / max(n[WIN] + n[LOSS] + n[TIE], least))
    if n[TIE] > 0:
        even = 2 * np.sqrt(results.n[:, WIN] * results.n[:, LOSS]).sum()
        x[-2] = model.start(float(max(even, least)), float(n[TIE]))
    return x


def _prior(x: Floats, core: Bools, free: Ints, mass: float) -> Prior:
    """For each strength among `free` half a battle lost to the strongest and half a one won against the
    weakest of the core, or both against the phantom; for u half a tie and half a win.
    """
    one = free[free <= core.size]
    tie = mass if core.size + 1 in free else 0.0
    if not core.any():
        full = np.full(one.size, mass)
        return Prior(one, np.full(one.size, x.size - 1), full, full, tie)
    strong, weak = best_and_worst(x[:-3], core)
    lost, won = (np.full(one.size * ends.size, mass / ends.size) for ends in (strong, weak))
    return Prior(
        np.r_[np.repeat(one, strong.size), np.repeat(one, weak.size)],
        np.r_[np.tile(strong, one.size), np.tile(weak, one.size)],
        np.r_[np.zeros(lost.size), won],
        np.r_[lost, np.zeros(won.size)],
        tie,
    )


def _covariance(
    first: _Stage, second: _Stage, alone: Floats, x: Floats, unit: float
) -> tuple[Floats, tuple[float, float]]:
    """Of the log-strengths relative to their mean, (N, N), and the standard errors of k and u. A posterior
    is that of weights in units of `unit`, as the prior is.
    """
    size, inner, outer = x.size - 3, first.free, second.free
    joint = np.zeros((size + 2, size + 2))
    varied = True
    if inner.size:
        inverse = first.inverse(alone)
        scatter = first.objective.results.spread(first.objective.model, alone)[np.ix_(inner, inner)]
        robust = _centred(inverse @ scatter @ inverse, inner, size)
        usual = _centred(inverse, inner, size)
        models = inner < size
        varied = bool(np.any(robust.diagonal()[models] > _NIL * usual.diagonal()[models]))
        joint[np.ix_(inner, inner)] = robust
    if outer.size:
        inverse = second.inverse(x)
        own = unit * inverse
        carried = -inverse @ second.objective.curvature(x)[np.ix_(outer, inner)]
        across = carried @ joint[np.ix_(inner, inner)]
        joint[np.ix_(outer, inner)], joint[np.ix_(inner, outer)] = across, across.T
        joint[np.ix_(outer, outer)] = own + across @ carried.T
    joint = _centred(joint, np.arange(size + 2), size)
    fitted = np.isin([size, size + 1], np.r_[inner, outer])
    k, u = np.sqrt(np.where(fitted, joint.diagonal()[size:], np.nan)).tolist()
    strengths = joint[:size, :size]
    unknown = ~told(strengths.diagonal()) if varied else np.ones(size, dtype=bool)
    strengths[unknown] = np.nan
    strengths[:, unknown] = np.nan
    return strengths, (k, u)


def _centred(covariance: Floats, places: Ints, size: int) -> Floats:
    """With log-strengths and k relative to the mean of the log-strengths; `places` are those in x."""
    map_to = np.eye(places.size)
    map_to -= np.outer(places <= size, places < size) / np.count_nonzero(places < size)
    return np.asarray(map_to @ covariance @ map_to.T)
