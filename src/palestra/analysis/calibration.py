"""The temperature of a judge's scores, fitted to what people said of the same pairs of answers.

A judge gives scores a and b; what it says is read as the chance 1 / (1 + e^(−T·(a − b))) that people prefer
A (the softmax of JudgeArena). T is fitted by maximum likelihood on battles that people decided without a tie:
a logistic regression without intercept (Platt, Adv. Large Margin Classifiers (1999) 61, with the score
difference as its only feature).

Shapes: n battles; a battle may have been judged in up to K games (two orders, repeats), whose chances are
averaged; `gaps`, (n, K), hold a − b of each game, NaN where there was none.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats

HOTTEST = 10.0
"""The largest temperature that is looked for: a tenth of a point more or less then decides."""
_COLDEST = 1e-3
_GRID = 81
_STEPS = 60
_HALVINGS = 22
_AT_ONCE = 20_000
_SETTLED = 1e-10
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A fitted temperature, with the likelihood that it was read from."""

    temperature: float
    """In [0, `HOTTEST`], per point of score. 0: the judge's scores say nothing of what people prefer, or the
    opposite."""
    low: float
    """Where the likelihood interval begins: all T with 2·(l(T̂) − l(T)) below the χ² quantile (Wilks, Ann.
    Math. Statist. 9 (1938) 60)."""
    high: float
    level: float
    n: int
    """Battles that it was fitted to."""
    log_likelihood: float
    """At the fitted temperature, natural logarithm; n·log ½ is what a coin has."""
    agreement: float
    """The share of the battles in which the judge's mean chance is on the side of the winner, in [0, 1]; an
    even chance counts one half."""
    curve: tuple[tuple[float, float], ...]
    """(temperature, log-likelihood), from cold to hot."""

    @property
    def at_limit(self) -> bool:
        """Whether the likelihood has no maximum between the ends of what is looked at."""
        return self.temperature <= 0.0 or self.temperature >= HOTTEST


def shares(gaps: Floats, temperature: float) -> Floats:
    """The chance of A in each battle, (n,), the mean over its games; NaN without a game.

    A gap of 2 at T = 0.3 is 0.645656.
    """
    return _mean(0.5 * (1.0 + np.tanh(0.5 * temperature * gaps)), gaps)


def slopes(gaps: Floats, temperature: float) -> Floats:
    """The derivative of `shares` by the temperature, (n,)."""
    half = np.tanh(0.5 * temperature * gaps)
    return _mean(0.25 * gaps * (1.0 - half * half), gaps)


def calibrate(gaps: Floats, won: Floats, *, level: float = 0.95) -> Calibration:
    """Fit the temperature. `won`, (n,), is 1 where people preferred A and 0 where they preferred B.

    Raises:
        UsageError: no battle with a game, none in which the scores differ, a `won` that is neither 0 nor 1,
        or a
            level outside (0, 1).
    """
    if not 0 < level < 1:
        raise UsageError(f"a level of {level!r} makes no interval; give one between 0 and 1, such as 0.95")
    if not np.all((won == 0) | (won == 1)):
        raise UsageError("a temperature is fitted to battles that were won by A (1) or B (0), without ties")
    known = ~np.isnan(gaps).all(axis=1) if gaps.ndim == 2 and len(gaps) else np.zeros(0, dtype=bool)
    gaps, won = gaps[known], won[known]
    if not np.any(np.abs(slopes(gaps, 0.0)) > _TINY):
        raise UsageError(
            f"no temperature can be fitted to {len(gaps)} judged human battles without ties: in none do the "
            "scores differ, all games together",
            hint="calibrate on more battles, with a judge that gives scores",
        )
    grid = np.concatenate([[0.0], np.geomspace(_COLDEST, HOTTEST, _GRID - 1)])
    likelihood = _likelihoods(gaps, won, grid)
    best = fit_temperature(gaps, won, start=float(grid[likelihood.argmax()]))
    top = log_likelihood(gaps, won, best)
    low, high = _interval(gaps, won, (best, top), (grid, likelihood), level)
    chance = shares(gaps, max(best, _COLDEST))
    side = np.where(np.abs(chance - 0.5) < _TINY, 0.5, np.where(won == 1, chance > 0.5, chance < 0.5))
    return Calibration(
        temperature=best,
        low=low,
        high=high,
        level=level,
        n=len(won),
        log_likelihood=top,
        agreement=float(side.mean()),
        curve=tuple(zip(grid.tolist(), likelihood.tolist(), strict=True)),
    )


def fit_temperature(gaps: Floats, won: Floats, *, start: float, n: Floats | None = None) -> float:
    """The temperature of the greatest likelihood near `start`, in [0, `HOTTEST`], by Fisher's scoring.

    `n`, (n,), is how often each battle occurred; 1 unless given. Battles without a game must not be among
    them.
    """
    temperature = start
    for _ in range(_STEPS):
        push, bend = _score(gaps, won, temperature, n)
        if bend <= 0:
            return temperature
        step = float(np.clip(push / bend, -0.5 * (temperature + 0.1), temperature + 0.1))
        after = min(max(temperature + step, 0.0), HOTTEST)
        if abs(after - temperature) < _SETTLED:
            return after
        temperature = after
    return temperature


def influences(gaps: Floats, won: Floats, temperature: float) -> Floats:
    """By how much each battle moves the fitted temperature, (n,): its score over the information of all.

    All 0 where the likelihood is flat. Their squares sum to the temperature's variance, whether or not the
    judge's chances are right (White, Econometrica 50 (1982) 1).
    """
    chance, slope = shares(gaps, temperature), slopes(gaps, temperature)
    spread = np.maximum(chance * (1.0 - chance), _TINY)
    information = float((slope * slope / spread).sum())
    if information <= _TINY:
        return np.zeros(won.size)
    return np.asarray((won - chance) / spread * slope / information)


def log_likelihood(gaps: Floats, won: Floats, temperature: float) -> float:
    """Σ log of the chance of whom people preferred."""
    chance = shares(gaps, temperature)
    return float(np.log(np.maximum(np.where(won == 1, chance, 1.0 - chance), _TINY)).sum())


def _score(gaps: Floats, won: Floats, temperature: float, n: Floats | None) -> tuple[float, float]:
    """The likelihood's derivative by the temperature, and its expected information."""
    chance, slope = shares(gaps, temperature), slopes(gaps, temperature)
    lean = slope / np.maximum(chance * (1.0 - chance), _TINY)
    weight = lean if n is None else n * lean
    return float(weight @ (won - chance)), float(weight @ slope)


def _likelihoods(gaps: Floats, won: Floats, temperatures: Floats) -> Floats:
    """The log-likelihood at each temperature."""
    if gaps.shape[1] > 1 or len(gaps) > _AT_ONCE:
        return np.array([log_likelihood(gaps, won, temperature) for temperature in temperatures.tolist()])
    towards = np.where(won == 1, gaps[:, 0], -gaps[:, 0])
    chance = 0.5 * (1.0 + np.tanh(0.5 * temperatures[:, None] * towards))
    return np.asarray(np.log(np.maximum(chance, _TINY)).sum(axis=1))


def _interval(
    gaps: Floats,
    won: Floats,
    top: tuple[float, float],
    curve: tuple[Floats, Floats],
    level: float,
) -> tuple[float, float]:
    """Where the log-likelihood has fallen by half the χ² quantile, to both sides; the ends where it has
    not. `top` is the best temperature and its likelihood.
    """
    best = top[0]
    floor = top[1] - 0.5 * NormalDist().inv_cdf((1 + level) / 2) ** 2
    below = curve[1] < floor
    colder, hotter = curve[0][below & (curve[0] < best)], curve[0][below & (curve[0] > best)]

    def cross(outside: float) -> float:
        inside = best
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if log_likelihood(gaps, won, middle) >= floor:
                inside = middle
            else:
                outside = middle
        return inside

    return cross(float(colder[-1])) if colder.size else 0.0, cross(
        float(hotter[0])
    ) if hotter.size else HOTTEST


def _mean(values: Floats, gaps: Floats) -> Floats:
    """The mean over the games that there were, (n,)."""
    if gaps.shape[1] == 1:
        return np.asarray(values[:, 0])
    there = ~np.isnan(gaps)
    count = there.sum(axis=1)
    total = np.where(there, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(gaps), np.nan), where=count > 0))
