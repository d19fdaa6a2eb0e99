"""The numbers of Potato's Model Arena: a score from 0 to 100, Elo by preference, Wilson bounds.

A preference is a set of pairs (who won, who lost) that were decided at once. The score is 100·p/(1 + p), with
p the fixed point of

    p_i = (w_i + ½) / (Σ_j n_ij/(p_i + p_j) + 1/(p_i + p̄))

where w_i are the wins of i, n_ij the pairs of i and j, p̄ the arithmetic mean of p, and p has the geometric
mean 1 after each step: Bradley-Terry in which everybody also drew once with an average model, so that it is
finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.win_rate import wilson

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats, Ints

START = 1000.0
K = 32.0
SCALE = 400.0

_STEPS = 12
"""Plain steps before Newton's are tried: on few battles they suffice."""
_NEWTON = 100
_EXACT = 1e-12
"""Of the logarithm of p."""
_STRIDE = 2.0
"""The longest step of Newton's in a logarithm of p."""


@dataclass(frozen=True, slots=True, eq=False)
class PotatoScores:
    """One row a model, (M,) each."""

    wins: Ints
    comparisons: Ints
    win_rate: Floats
    """In [0, 1]; NaN without a comparison, and so are its bounds."""
    low: Floats
    """Wilson's bounds at z = 1.96."""
    high: Floats
    elo: Floats
    """START without a comparison."""
    score: Floats
    """In (0, 100); NaN without a comparison."""
    strength: Floats
    """log p; 0, which is average, without a comparison."""


def potato_scores(winner: Ints, loser: Ints, preference: Ints, n_models: int) -> PotatoScores:
    """All numbers of `n_models` models.

    `winner` and `loser` are positions of models, `preference` numbers the preference that a pair belongs to,
    (pairs,) each; the pairs of one preference stand together, and preferences in the order of time.
    """
    wins = np.bincount(winner, minlength=n_models)
    comparisons = wins + np.bincount(loser, minlength=n_models)
    met = comparisons > 0
    rate = np.divide(wins, comparisons, out=np.full(n_models, np.nan), where=met)
    low, high = wilson(rate, comparisons.astype(np.float64))
    strength = np.zeros(n_models)
    strength[met] = _strengths(winner, loser, met)
    score = np.where(met, 100.0 / (1.0 + np.exp(-strength)), np.nan)
    elo = elo_by_preference(winner, loser, preference, n_models)
    return PotatoScores(wins, comparisons, rate, low, high, elo, score, strength)


def elo_by_preference(winner: Ints, loser: Ints, preference: Ints, n_models: int) -> Floats:
    """Elo, (n_models,): all pairs of one preference move the ratings from those before it, so that equal
    losers stay equal. The arguments are those of `potato_scores`.
    """
    ratings = np.full(n_models, START)
    bounds = np.flatnonzero(np.diff(preference)) + 1
    for won, lost in zip(np.split(winner, bounds), np.split(loser, bounds), strict=True):
        move = K / (1.0 + 10.0 ** ((ratings[won] - ratings[lost]) / SCALE))
        after = ratings.copy()
        np.add.at(after, won, move)
        np.subtract.at(after, lost, move)
        ratings = after
    return ratings


def uncertainty(a: Floats, b: Floats) -> Floats:
    """How open it is who wins, from 0 to 1: 1 − 2·|p − ½| with p = σ(a − b), a and b log-strengths."""
    chance = 1.0 / (1.0 + np.exp(-np.abs(a - b)))
    return np.asarray(1.0 - 2.0 * (chance - 0.5))


def moderate_margin(a: Floats, b: Floats) -> Floats:
    """How near two log-strengths are, from 0 to 1: 1/(1 + |a − b|)."""
    return np.asarray(1.0 / (1.0 + np.abs(a - b)))


def _strengths(winner: Ints, loser: Ints, met: Bools) -> Floats:
    """Log p of the models that met somebody, at the fixed point, or as near to it as the last step came."""
    place = np.cumsum(met) - 1
    size = int(met.sum())
    if not size:
        return np.zeros(0)
    games = np.zeros((size, size))
    np.add.at(games, (place[winner], place[loser]), 1.0)
    wanted = np.log(games.sum(axis=1) + 0.5)
    games += games.T
    theta = np.zeros(size)
    for _ in range(_STEPS):
        after = _centred(wanted - np.log(_denominator(theta, games)))
        if np.abs(after - theta).max() < _EXACT:
            return after
        theta = after
    return _newton(theta, wanted, games)


def _newton(theta: Floats, wanted: Floats, games: Floats) -> Floats:
    """Solve wanted − log D(θ) − θ = γ, Σθ = 0 for θ and the number γ by which rescaling moves p.

    Preferences are stored before they are scored, so what does not converge gives the last step's numbers.
    """
    size = theta.size
    for _ in range(_NEWTON):
        miss = wanted - np.log(_denominator(theta, games)) - theta
        if np.abs(miss - miss.mean()).max() < _EXACT * 10:
            return theta
        system = np.ones((size + 1, size + 1))
        system[size, size] = 0.0
        system[:size, :size] = -_slope(theta, games)
        try:
            step = np.linalg.solve(system, np.append(miss, 0.0))[:size]
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all():
            break
        step *= min(1.0, _STRIDE / max(float(np.abs(step).max()), 1e-300))
        theta = _centred(theta + step)
    return theta


def _denominator(theta: Floats, games: Floats) -> Floats:
    p = np.exp(theta)
    return np.asarray((games / (p[:, None] + p[None, :])).sum(axis=1) + 1.0 / (p + p.mean()))


def _slope(theta: Floats, games: Floats) -> Floats:
    """The derivatives of −log D(θ) − θ by θ, (M, M)."""
    p = np.exp(theta)
    average = p.mean()
    shared = games / (p[:, None] + p[None, :]) ** 2
    alone = 1.0 / (p + average) ** 2
    fall = shared * p[None, :] + np.outer(alone, p / p.size)
    fall[np.diag_indices(p.size)] += p * (shared.sum(axis=1) + alone)
    slope = fall / _denominator(theta, games)[:, None]
    slope[np.diag_indices(p.size)] -= 1.0
    return np.asarray(slope)


def _centred(theta: Floats) -> Floats:
    return np.asarray(theta - theta.mean())
