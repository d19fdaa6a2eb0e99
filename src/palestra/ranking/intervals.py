"""Intervals of Bradley-Terry log-strengths, relative to the mean of their part of the graph.

They are never relative to an anchor: that would give the anchor an interval of nil and blow up all
others. An anchor moves a rating and its bounds together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError
from palestra.ranking import graph
from palestra.ranking.arrays import Bools, Floats, Ints, total
from palestra.ranking.bradley_terry import LEAST
from palestra.ranking.laplacian import gauged, laplacian
from palestra.ranking.newton import Games, maximise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.ranking.bradley_terry import Fit, Part
    from palestra.ranking.pairs import Pairs


def sandwich(pairs: Pairs, fit: Fit) -> Floats:
    """Standard errors of the log-strengths, (M,); NaN where the battles cannot tell.

    H⁺ J H⁺ with H minus the Hessian and J = Σ w²(y − p)²(e_i − e_j)(e_i − e_j)ᵀ (Huber, Proc. 5th
    Berkeley Symp. 1 (1967) 221), which stays right when ties or weights make a battle say more or less
    than one coin toss. A model outside the core has the width of its posterior, 1/√curvature, with the
    core's own error carried over. NaN: a model without battles, and a part where every share is exactly
    as expected (all ties), which shows no variation to learn from.
    """
    errors = np.full(pairs.n_models, np.nan)
    for part in fit.parts:
        variance = _variance(pairs, part)
        positive = variance > 0
        errors[part.nodes[positive]] = np.sqrt(variance[positive])
    return errors


def _variance(pairs: Pairs, part: Part) -> Floats:
    size = part.nodes.size
    inner, outer = np.flatnonzero(part.core), np.flatnonzero(~part.core)
    variance = np.zeros(size)
    spread = _core_covariance(pairs, part) if inner.size else np.zeros((0, 0))
    if inner.size and not spread.any():
        return variance
    variance[inner] = spread.diagonal()
    if outer.size:
        curvature = part.games.curvature(part.raw)
        own = np.linalg.inv(curvature[np.ix_(outer, outer)])
        carried = own @ -curvature[np.ix_(outer, inner)]
        joint = own + carried @ spread @ carried.T
        if not inner.size:
            joint = _centred(joint)
        variance[outer] = joint.diagonal()
    return variance


def _core_covariance(pairs: Pairs, part: Part) -> Floats:
    """The sandwich of the core's own battles, relative to the core's mean, (C, C)."""
    edges = slice(part.pairs.size)
    i, j = part.games.i[edges], part.games.j[edges]
    inside = part.core[i] & part.core[j]
    position = np.cumsum(part.core) - 1
    games = part.games.select(np.r_[inside, np.zeros(part.games.i.size - inside.size, dtype=bool)], position)
    theta = part.raw[:-1][part.core]
    expected = np.zeros(pairs.i.size)
    expected[part.pairs[inside]] = games.chances(theta)[0]
    residuals = pairs.squared_residuals(expected)[part.pairs[inside]]
    inverse = np.linalg.inv(gauged(games.curvature(theta)))
    return np.asarray(inverse @ laplacian(theta.size, games.i, games.j, residuals) @ inverse)


def _centred(covariance: Floats) -> Floats:
    rows = covariance - covariance.mean(axis=0, keepdims=True)
    return np.asarray(rows - rows.mean(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Log-strengths of bootstrap resamples."""

    theta: Floats
    """(rounds, M); NaN where the resample does not determine the model's strength."""

    @property
    def unidentified(self) -> Ints:
        """In how many resamples each model's strength is not determined, (M,)."""
        return np.asarray(np.count_nonzero(np.isnan(self.theta), axis=0), dtype=np.int64)

    def bounds(self, level: float) -> tuple[Floats, Floats]:
        """Percentile bounds over the resamples that determine the model, (M,) each; NaN where these
        are less than half, or all alike.
        """
        low, high = np.full(self.theta.shape[1], np.nan), np.full(self.theta.shape[1], np.nan)
        known = 2 * self.unidentified <= len(self.theta)
        tail = (1 - level) / 2
        if known.any():
            low[known], high[known] = np.nanquantile(self.theta[:, known], [tail, 1 - tail], axis=0)
        alike = high - low < 1e-12
        low[alike] = high[alike] = np.nan
        return low, high


def bootstrap(pairs: Pairs, fit: Fit, *, rounds: int, seed: int) -> Draws:
    """Refit `rounds` resamples of the battles.

    Resampling N rows with replacement only changes how often each cell occurs, so a multinomial draw
    over the cells is the same bootstrap (Efron, Ann. Statist. 7 (1979) 1), at a cost that does not
    grow with N. Each round has its own random stream, made from the seed and its number.

    Raises:
        UsageError: fewer than two rounds, or a negative seed.
    """
    if rounds < 2:
        raise UsageError(f"a bootstrap needs at least 2 rounds, not {rounds}")
    if seed < 0:
        raise UsageError(f"a seed is 0 or more, not {seed}")
    theta = np.full((rounds, pairs.n_models), np.nan)
    cores = [_Core.of(pairs, part) for part in fit.parts if part.core.any()]
    if cores:
        for number, n in enumerate(_resamples(pairs.cell_n, rounds, seed)):
            wins_i, wins_j = pairs.wins(n)
            for core in cores:
                theta[number, core.nodes] = core.refit(wins_i, wins_j)
    return Draws(theta)


def _resamples(cells: Ints, rounds: int, seed: int) -> Iterator[Ints]:
    total = int(cells.sum())
    chance = cells / total
    for number in range(rounds):
        yield np.random.default_rng([seed, number]).multinomial(total, chance)


@dataclass(frozen=True, slots=True, eq=False)
class _Core:
    """A core made ready for refits, C models."""

    nodes: Ints
    pairs: Ints
    """Which pairs of the whole are inside it."""
    i: Ints
    j: Ints
    theta: Floats
    """The point estimate, mean 0, (C,)."""
    shift: float
    """What the part's mean adds to it."""
    inverse: Floats
    """Of the curvature at the point estimate, (C, C)."""
    least: float
    """What is too little to be a win."""
    pivot: int
    """The model with the most battles: whatever is strongly connected with it is determined."""

    @classmethod
    def of(cls, pairs: Pairs, part: Part) -> _Core:
        position = np.cumsum(part.core) - 1
        i, j = part.games.i[: part.pairs.size], part.games.j[: part.pairs.size]
        inside = part.core[i] & part.core[j]
        which = part.pairs[inside]
        i, j = position[i[inside]], position[j[inside]]
        theta = part.raw[:-1][part.core]
        games = Games(i, j, pairs.wins_i[which], pairs.wins_j[which])
        weight = pairs.weight[which]
        battles = total(i, weight, theta.size) + total(j, weight, theta.size)
        shift = float(part.theta[part.core].mean() - theta.mean())
        inverse = np.asarray(np.linalg.inv(gauged(games.curvature(theta))), dtype=np.float64)
        pivot, least = int(battles.argmax()), LEAST * part.unit
        return cls(part.nodes[part.core], which, i, j, theta, shift, inverse, least, pivot)

    def refit(self, wins_i: Floats, wins_j: Floats) -> Floats:
        """Log-strengths of one resample, (C,). The determined ones keep their mean of the point fit."""
        games = Games(self.i, self.j, wins_i[self.pairs], wins_j[self.pairs])
        known = graph.strong_part(self.theta.size, *games.arcs(self.least), self.pivot)
        whole = bool(known.all())
        found = _settle(games, self.theta, self.inverse) if whole else self._refit_some(games, known)
        level = self.theta[known].mean() - found[known].mean() + self.shift
        return np.asarray(found + level)

    def _refit_some(self, games: Games, known: Bools) -> Floats:
        found = np.full(self.theta.size, np.nan)
        if known.sum() > 1:
            inside = games.select(known[games.i] & known[games.j], np.cumsum(known) - 1)
            found[known] = maximise(inside, self.theta[known])
        return found


def _settle(games: Games, theta: Floats, inverse: Floats) -> Floats:
    """The maximum near `theta`: cheap steps with the curvature of the point fit while each is under
    half the last, then Newton's.
    """
    last = np.inf
    found = theta
    while True:
        step = inverse @ games.gradient(found)
        size = float(np.abs(step).max())
        if size > last / 2:
            return maximise(games, theta)
        found = found + step
        if size < 1e-9:
            return found
        last = size
