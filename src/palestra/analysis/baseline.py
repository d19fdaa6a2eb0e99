"""Candidates against one baseline: win rates with intervals from resampled prompts.

Where each model meets only the baseline, the Bradley-Terry maximum of a candidate depends on its own battles
alone: with W the weight of what it won (a tie is half) and L of what it lost,

    rate = 1 / (1 + 10^((R_baseline − R_candidate) / 400)) = W / (W + L)

(Bradley & Terry, Biometrika 39 (1952) 324). That is 0 or 1 after a sweep, which no rating gives. So W and L
count as half a battle at least, which is what a single tie is worth: the rating stays finite, and more wins
never lower it.

P prompts, C candidates; all battles of a prompt stay together when prompts are drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from palestra.errors import DataError, UsageError
from palestra.ranking.bradley_terry import PRIOR
from palestra.ranking.scale import MEAN, SCALE
from palestra.ranking.win_rate import z_exact

if TYPE_CHECKING:
    from palestra.ranking.arrays import Bools, Floats

LEAST = PRIOR
"""What W and L are at least, in battles of weight 1."""
_CELLS = 4_000_000
"""Numbers drawn at once."""


@dataclass(frozen=True, slots=True, eq=False)
class WinRates:
    """C candidates against the baseline, in the order they were given."""

    rate: Floats
    """In (0, 1), (C,); NaN without a battle."""
    low: Floats
    """Bounds of the interval, (C,); NaN without a battle."""
    high: Floats
    swept: Bools
    """Whether the candidate won or lost everything, (C,). Prompts drawn again then always say the same, so
    its bounds are those that so many prompts in a row leave open (Clopper & Pearson, Biometrika 26 (1934)
    404)."""
    n_prompts: Floats
    """With a battle, (C,)."""

    @property
    def elo(self) -> Floats:
        """Ratings, (C,), the baseline at 1000."""
        return elo(self.rate)


def win_rate(won: npt.ArrayLike, lost: npt.ArrayLike) -> Floats:
    """The rate in (0, 1) for weights won and lost, any one shape; NaN where both are 0.

    30 wins, 10 losses and 5 ties: 0.7222.
    """
    ours, theirs = (np.asarray(weight, dtype=np.float64) for weight in (won, lost))
    up, down = np.maximum(ours, LEAST), np.maximum(theirs, LEAST)
    return np.where(ours + theirs > 0, up / (up + down), np.nan)


def elo(rate: npt.ArrayLike) -> Floats:
    """The rating that wins this often, in (0, 1), against a baseline at 1000; ±∞ at 1 and 0."""
    share = np.asarray(rate, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(MEAN + SCALE * (np.log10(share) - np.log10(1.0 - share)))


def win_rates(
    won: npt.ArrayLike, lost: npt.ArrayLike, *, rounds: int = 1000, seed: int = 0, level: float = 0.95
) -> WinRates:
    """Win rates from the weight that each candidate won and lost on each prompt, (P, C) each.

    The interval is the percentile bootstrap over prompts (Efron, Ann. Statist. 7 (1979) 1): as many prompts
    as the candidate has battles on are drawn with replacement. Candidates that have the same prompts get the
    same draws; a candidate's numbers depend on nobody else's, nor on its place.

    Raises:
        DataError: shapes that differ, or a weight below 0 or not finite.
        UsageError: fewer than two rounds, a negative seed, or a level outside (0, 1).
    """
    z_exact(level)
    if rounds < 2:
        raise UsageError(f"a bootstrap needs at least 2 rounds, not {rounds}")
    if seed < 0:
        raise UsageError(f"a seed is 0 or more, not {seed}")
    ours, theirs = (np.asarray(weight, dtype=np.float64) for weight in (won, lost))
    if ours.shape != theirs.shape or ours.ndim != 2:
        raise DataError("weights won and lost are two tables of one shape, prompts by candidates")
    if not (
        np.all(np.isfinite(ours))
        and np.all(np.isfinite(theirs))
        and np.all(ours >= 0)
        and np.all(theirs >= 0)
    ):
        raise DataError("a weight is not a number of 0 or more", key="weight")
    met = ours + theirs > 0
    low, high = np.full(ours.shape[1], np.nan), np.full(ours.shape[1], np.nan)
    for prompts, candidates in _alike(met):
        low[candidates], high[candidates] = _bounds(
            ours[np.ix_(prompts, candidates)], theirs[np.ix_(prompts, candidates)], rounds, seed, level
        )
    total_won, total_lost, n = ours.sum(axis=0), theirs.sum(axis=0), met.sum(axis=0).astype(np.float64)
    swept = (n > 0) & ((total_won == 0) | (total_lost == 0))
    with np.errstate(divide="ignore"):
        reach = 1.0 - ((1.0 - level) / 2.0) ** (1.0 / n)
    low = np.where(swept, np.where(total_won == 0, 0.0, 1.0 - reach), low)
    high = np.where(swept, np.where(total_won == 0, reach, 1.0), high)
    rate = win_rate(total_won, total_lost)
    return WinRates(rate, np.minimum(low, rate), np.maximum(high, rate), swept, n)


def _alike(met: Bools) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """The prompts and the candidates that have battles on just these, for each set of prompts."""
    groups: dict[bytes, list[int]] = {}
    for candidate in range(met.shape[1]):
        groups.setdefault(met[:, candidate].tobytes(), []).append(candidate)
    found = [(np.flatnonzero(met[:, group[0]]), np.array(group, dtype=np.intp)) for group in groups.values()]
    return [(prompts, candidates) for prompts, candidates in found if prompts.size]


def _bounds(won: Floats, lost: Floats, rounds: int, seed: int, level: float) -> tuple[Floats, Floats]:
    """Percentiles over draws of the rows, (C,) each."""
    rng = np.random.default_rng([seed, won.shape[0]])
    size = won.shape[0]
    rates = np.empty((rounds, won.shape[1]))
    step = max(1, _CELLS // size)
    for first in range(0, rounds, step):
        count = min(step, rounds - first)
        drawn = rng.integers(0, size, (count, size))
        drawn += np.arange(count)[:, np.newaxis] * size
        times = np.bincount(drawn.ravel(), minlength=count * size).reshape(count, size).astype(np.float64)
        rates[first : first + count] = win_rate(times @ won, times @ lost)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(rates, [tail, 1.0 - tail], axis=0)
    return low, high
