"""How good a board is: what it separates, and how far it agrees with a board that is taken as the truth.

The measures and their names are those of Arena-Hard (Li et al., arXiv 2406.11939, section 3). Each looks
at pairs of models, row by row, so memory grows with the number of models and not with its square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError
from palestra.ranking.win_rate import z_exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.ranking.arrays import Bools, Floats, Ints

_ERFC = np.frompyfunc(math.erfc, 1, 1)
SAME = 1e-9
"""Ratings this close are equal, as on a leaderboard."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What a board says of M models, (M,) each."""

    score: Floats
    """On any scale on which more is better; finite."""
    low: Floats
    """The bounds of the intervals; NaN where unknown."""
    high: Floats
    variance: Floats
    """The squared standard error of the score, on its scale; NaN where unknown."""
    mean: Floats
    """The middle of what the score could have been: the score, or the mean of its bootstrap."""

    def __post_init__(self) -> None:
        arrays = (self.score, self.low, self.high, self.variance, self.mean)
        if len({array.shape for array in arrays}) != 1 or self.score.ndim != 1:
            raise UsageError("scores, bounds, variances and means must be arrays of one length")
        if not (np.isfinite(self.score).all() and np.isfinite(self.mean).all()):
            raise UsageError("a score is not a finite number")
        if np.any(self.low > self.high) or np.any(self.variance < 0):
            raise UsageError("a lower bound is above its upper bound, or a variance is negative")

    @classmethod
    def of_bounds(cls, score: Floats, low: Floats, high: Floats, level: float = 0.95) -> Estimates:
        """From scores and the bounds of their intervals, as wide as a normal error would make them.

        Raises:
            UsageError: arrays of different length, a score that is no number, bounds the wrong way round.
        """
        return cls(score, low, high, ((high - low) / (2 * z_exact(level))) ** 2, score)

    @classmethod
    def of_rounds(cls, score: Floats, rounds: Floats, level: float = 0.95) -> Estimates:
        """From scores, (M,), and those of bootstrap rounds, (rounds, M): percentile bounds, mean and
        population variance.

        Raises:
            UsageError: no rounds, a score that is no number, another number of models.
        """
        if rounds.ndim != 2 or not len(rounds):
            raise UsageError("bootstrap scores are an array of rounds and models, with at least one round")
        tail = (1 - level) / 2
        low, high = np.quantile(rounds, [tail, 1 - tail], axis=0)
        return cls(score, low, high, rounds.var(axis=0), rounds.mean(axis=0))

    def take(self, which: Ints | Bools) -> Estimates:
        """Some of the models: their positions, or which."""
        arrays = (self.score, self.low, self.high, self.variance, self.mean)
        return Estimates(*(array[which] for array in arrays))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a board agrees with a reference, shares in [0, 1]; NaN where there is no pair to judge by."""

    confident: float
    """Over the pairs that the reference separates: 1 where the board separates them in the same
    direction, ½ where it does not separate them, else 0; the mean."""
    strict: float
    """Over all pairs: 1 where both boards order them alike (or both call them equal), ½ where only one
    calls them equal, else 0; the mean."""
    n_separated: int
    """Pairs that the reference separates."""


def _later(size: int) -> Iterator[tuple[int, slice]]:
    """Each model with all after it, so that each pair comes once."""
    return ((first, slice(first + 1, None)) for first in range(size - 1))


def _mean(total: float, count: int) -> float:
    return total / count if count else math.nan


def _apart(board: Estimates, first: int, others: slice, *, shared_length: bool = False) -> Floats:
    """1 where the first's interval is above the other's, −1 where it is below, else 0."""
    low, high = board.low[first], board.high[first]
    above, below = low > board.high[others], high < board.low[others]
    sign = above.astype(np.float64) - below
    if shared_length:
        shared = np.minimum(high, board.high[others]) - np.maximum(low, board.low[others])
        sign = np.where(shared <= 0, _order(board, first, others), sign)
    return np.asarray(sign, dtype=np.float64)


def _order(board: Estimates, first: int, others: slice) -> Floats:
    """1 where the first's score is greater, −1 where it is less, 0 where they are equal."""
    gap = board.score[first] - board.score[others]
    return np.asarray(np.where(np.abs(gap) <= SAME, 0.0, np.sign(gap)))


def separability(board: Estimates) -> float:
    """The share of pairs of models whose intervals do not overlap, in [0, 1]; NaN below two models.

    A model without an interval is separated from none.
    """
    size = board.score.size
    found = sum(float(np.abs(_apart(board, first, others)).sum()) for first, others in _later(size))
    return _mean(found, size * (size - 1) // 2)


def agreement(board: Estimates, reference: Estimates, *, shared_length: bool = False) -> Agreement:
    """How far the board agrees with the reference; both of the same models in the same order.

    Two models are separated if their intervals do not overlap. With `shared_length` the *reference* also
    separates those whose intervals have no length in common, though they touch or one is a single point
    inside the other. Arena-Hard's published figures are counted so; it only matters for a reference whose
    anchor was given an interval of no width, whose error that interval does not tell.

    Raises:
        UsageError: boards of different length.
    """
    _check_pair(board.score, reference.score)
    size = board.score.size
    confident = strict = 0.0
    separated = 0
    for first, others in _later(size):
        truth = _apart(reference, first, others, shared_length=shared_length)
        sure = truth != 0
        separated += int(sure.sum())
        confident += float((0.5 + 0.5 * _apart(board, first, others) * truth)[sure].sum())
        gap = np.abs(_order(board, first, others) - _order(reference, first, others))
        strict += float((1.0 - gap / 2).sum())
    return Agreement(
        confident=_mean(confident, separated),
        strict=_mean(strict, size * (size - 1) // 2),
        n_separated=separated,
    )


def brier(board: Estimates, reference: Estimates) -> float:
    """The Brier score of the board's claims on who is better, in [0, 1]: 0 is perfect, ¼ is a coin.

    The mean over pairs of (P(a < b) − [a < b in the reference])² with P = Φ((mean_b − mean_a)/√(var_a +
    var_b)), as if scores erred independently (Arena-Hard, section 3; Brier, Monthly Weather Review 78
    (1950) 1). Models equal in the reference count as half a truth. Pairs without a variance are left out;
    NaN if there are no others.

    Raises:
        UsageError: boards of different length.
    """
    _check_pair(board.score, reference.score)
    loss, pairs = 0.0, 0
    for first, others in _later(board.score.size):
        spread = np.sqrt(board.variance[first] + board.variance[others])
        known = ~np.isnan(spread)
        claim = _normal_cdf(_ratio(board.mean[others] - board.mean[first], spread))
        truth = 0.5 - 0.5 * _order(reference, first, others)
        loss += float(((claim - truth)[known] ** 2).sum())
        pairs += int(known.sum())
    return _mean(loss, pairs)


def _normal_cdf(z: Floats) -> Floats:
    """Φ, the standard normal distribution function, of any shape; NaN of NaN."""
    return np.asarray(0.5 * np.asarray(_ERFC(-z / math.sqrt(2)), dtype=np.float64))


def _ratio(gap: Floats, spread: Floats) -> Floats:
    """The gap over the spread; where there is no spread, ±∞, and 0 for no gap."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((spread == 0) & (gap == 0), 0.0, gap / spread)


def ranks(score: Floats) -> Floats:
    """Ranks from 1 for the greatest score, (M,); equal scores share the mean of their ranks."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    fresh = np.r_[True, np.abs(np.diff(ordered)) > SAME][: score.size]
    group = np.cumsum(fresh) - 1
    size = np.bincount(group) if score.size else np.zeros(0, dtype=np.int64)
    last = np.cumsum(size)
    found = np.empty(score.size)
    found[order] = (last - (size - 1) / 2)[group]
    return found


def spearman(a: Floats, b: Floats) -> float:
    """Spearman's rank correlation, in [−1, 1]; NaN if a board has fewer than two different scores.

    Pearson's correlation of the ranks, equal scores sharing theirs (Spearman, Amer. J. Psychol. 15 (1904)
    72).

    Raises:
        UsageError: boards of different length.
    """
    _check_pair(a, b)
    if not a.size:
        return math.nan
    x, y = (found - found.mean() for found in (ranks(a), ranks(b)))
    norm = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / norm if norm else math.nan


def kendall(a: Floats, b: Floats) -> float:
    """Kendall's τ-b, in [−1, 1]: pairs in order less pairs out of order, over the geometric mean of the
    pairs that are not tied in either board; NaN if one ties all (Kendall, Biometrika 33 (1945) 239).

    Raises:
        UsageError: boards of different length.
    """
    _check_pair(a, b)
    x, y = ranks(a), ranks(b)
    balance = untied_x = untied_y = 0.0
    for first, others in _later(a.size):
        up, across = np.sign(x[first] - x[others]), np.sign(y[first] - y[others])
        balance += float((up * across).sum())
        untied_x += float(np.abs(up).sum())
        untied_y += float(np.abs(across).sum())
    norm = math.sqrt(untied_x * untied_y)
    return balance / norm if norm else math.nan


def mean_difference(a: Floats, b: Floats) -> float:
    """The mean absolute difference of two boards' scores, on their common scale; NaN without models.

    Ratings have no zero of their own, so the mean of each board is taken away first.

    Raises:
        UsageError: boards of different length.
    """
    _check_pair(a, b)
    return float(np.abs((a - a.mean()) - (b - b.mean())).mean()) if a.size else math.nan


def mean_rank_change(a: Floats, b: Floats) -> float:
    """The mean absolute change of rank between two boards of the same models; NaN without models.

    Raises:
        UsageError: boards of different length.
    """
    _check_pair(a, b)
    return float(np.abs(ranks(a) - ranks(b)).mean()) if a.size else math.nan


def pointlike(board: Estimates) -> Bools:
    """Which models have an interval of no width, (M,): anchors, most likely, and not certain at all."""
    return np.asarray(board.high - board.low <= 0)


def _check_pair(a: Floats, b: Floats) -> None:
    if a.shape != b.shape or a.ndim != 1:
        raise UsageError(f"boards of {a.size} and {b.size} models cannot be compared one to one")
