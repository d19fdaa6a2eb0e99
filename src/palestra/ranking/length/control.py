"""Length-controlled win rates: how often a model would win were its answers as long as the baseline's.

Dubois, Galambosi, Liang & Hashimoto, Length-Controlled AlpacaEval, arXiv 2404.04475: fit

    P(model wins) = sigmoid(b₁·tanh(d) + b₂·difficulty + b₃),   d = (len_baseline − len_model) / sd

with the preference as a soft label, then set d to 0. `sd` is the sample standard deviation of the
differences of this model's rows; lengths are in any one unit, AlpacaEval's in characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import DataError
from palestra.ranking.arrays import total
from palestra.ranking.length.logistic import Logistic, fit_logistic, sigmoid

if TYPE_CHECKING:
    import numpy.typing as npt

    from palestra.ranking.arrays import Floats, Ints

GAMED_WEIGHT = 0.1
"""AlpacaEval's: 0.2, shared by the verbose and the concise baseline."""


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """Win rates of one model against a baseline, in percent."""

    win_rate: float
    """At equal length; NaN without battles."""
    standard_error: float
    """Of it, robust; NaN below two battles (or clusters)."""
    raw_win_rate: float
    """As judged; NaN without battles."""
    length: float
    """b₁: below 0 where longer answers win more; 0 if lengths do not vary."""
    difficulty: float
    """b₂; 0 in the plain form."""
    own: float
    """b₃: the log-odds at equal length."""
    n: int
    """Battles read."""
    separated: bool
    """Whether lengths (or a clean sweep) settle every battle, so that a weak prior keeps the fit finite."""


@dataclass(frozen=True, slots=True, eq=False)
class Gamed:
    """The baseline against itself told to be verbose, or concise: rows that pin down b₁ and b₂."""

    length: Floats
    """tanh(d), (g,)."""
    difficulty: Floats
    """(g,)"""
    share: Floats
    """Soft label, in [0, 1], (g,)."""


def share_of_preference(preference: npt.ArrayLike) -> Floats:
    """The model's share of the win from AlpacaEval's preference, (n,): 1 baseline, 2 model, 0 a tie."""
    given = np.asarray(preference, dtype=np.float64)
    return np.where(given == 0, 0.5, given - 1.0)


def length_feature(len_model: npt.ArrayLike, len_baseline: npt.ArrayLike) -> Floats:
    """tanh(d), in (−1, 1), (n,); 0 where every row has the same difference 0, or there is one row."""
    gap = np.asarray(len_baseline, dtype=np.float64) - np.asarray(len_model, dtype=np.float64)
    if gap.size < 2:
        return np.zeros(gap.shape)
    spread = float(gap.std(ddof=1))
    return np.tanh(gap / spread) if spread > 0 else np.sign(gap)


def alpaca_eval(
    share: npt.ArrayLike,
    len_model: npt.ArrayLike,
    len_baseline: npt.ArrayLike,
    prompt: npt.ArrayLike,
    difficulty: npt.ArrayLike,
    gamed: Gamed,
    *,
    row: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
    gamed_weight: float = GAMED_WEIGHT,
) -> LengthControlled:
    """AlpacaEval 2's length-controlled win rate of one model.

    Needed of each of the model's n battles with the baseline: `share` of the win (see
    `share_of_preference`; NaN rows are left out), both lengths in characters, and which `prompt` it was,
    as a position in `difficulty`, (q,); and the `gamed` rows, which enter with `gamed_weight` each.

    Difficulty is aligned by prompt. The published figures took it by the position of the row in the
    model's file, which is another prompt's wherever a row is missing: to repeat them, give these positions
    as `row`, (n,). They were also fitted with an L1 penalty, which is left out (up to 0.11 points).

    `weight` and `clusters`: as in `length_controlled`. The standard error counts the battles as drawn from a
    population of prompts.

    Raises:
        DataError: columns of different lengths, a prompt that `difficulty` lacks.
    """
    columns = [np.asarray(values) for values in (share, len_model, len_baseline, prompt)]
    columns += [] if row is None else [np.asarray(row)]
    mass, group = _mass_and_group(columns[0], weight, clusters)
    _alike([*columns, mass, group])
    known = ~np.isnan(columns[0].astype(np.float64)) & (mass > 0)
    label, *lengths = (column[known].astype(np.float64) for column in columns[:3])
    mass, group = mass[known], group[known]
    hard = _at(np.asarray(difficulty, dtype=np.float64), columns[-1][known])
    feature = length_feature(*lengths)
    x = np.concatenate(
        [
            np.stack([feature, hard, np.ones(hard.size)], axis=1),
            np.stack([gamed.length, gamed.difficulty, np.zeros(gamed.length.size)], axis=1),
        ]
    )
    fitted = fit_logistic(x, np.r_[label, gamed.share], np.r_[mass, np.full(gamed.share.size, gamed_weight)])
    alone = np.full(gamed.share.size, -1)
    return _predicted(fitted, label, mass, hard, np.r_[group, alone])


def length_controlled(
    share: npt.ArrayLike,
    len_model: npt.ArrayLike,
    len_baseline: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    clusters: npt.ArrayLike | None = None,
) -> LengthControlled:
    """The plain form, for any battles of a model with a baseline whose lengths are known: b₂ is 0 and
    nothing else is needed.

    `share` of the win (NaN rows are left out) and both lengths, (n,); `weight`, 1 if not given; `clusters`:
    battles with the same number, of 0 or more, may depend on each other, (n,). One length for all makes
    this the win rate.

    Raises:
        DataError: columns of different lengths.
    """
    columns = [np.asarray(values, dtype=np.float64) for values in (share, len_model, len_baseline)]
    mass, group = _mass_and_group(columns[0], weight, clusters)
    _alike([*columns, mass, group])
    known = ~np.isnan(columns[0]) & (mass > 0)
    label, len_m, len_b, mass = (column[known] for column in (*columns, mass))
    own = np.ones(label.size)
    fitted = fit_logistic(np.stack([own, length_feature(len_m, len_b), 0 * own], axis=1), label, mass)
    turned = Logistic(fitted.coefficients[[1, 2, 0]], fitted.influence[:, [1, 2, 0]], fitted.separated)
    return _predicted(turned, label, mass, np.zeros(label.size), group[known])


def _mass_and_group(
    share: npt.NDArray[np.generic], weight: npt.ArrayLike | None, clusters: npt.ArrayLike | None
) -> tuple[Floats, Ints]:
    """Weights and clusters of the battles, (n,) each, also where none were given."""
    mass = np.ones(share.shape) if weight is None else np.asarray(weight, dtype=np.float64)
    group = np.full(share.shape, -1) if clusters is None else np.asarray(clusters, dtype=np.int64)
    return mass, group


def _alike(columns: list[npt.NDArray[np.generic]]) -> None:
    if any(column.shape != columns[0].shape or column.ndim != 1 for column in columns):
        raise DataError("the columns of the battles differ in length")


def _at(difficulty: Floats, position: npt.NDArray[np.generic]) -> Floats:
    where = position.astype(np.int64)
    if where.size and not 0 <= where.min() <= where.max() < difficulty.size:
        raise DataError(
            f"a prompt has no difficulty: its position is not between 0 and {difficulty.size - 1}",
            key="difficulty",
        )
    return np.asarray(difficulty[where])


def _predicted(
    fitted: Logistic, label: Floats, weight: Floats, hard: Floats, clusters: Ints
) -> LengthControlled:
    """Length 0, averaged over the rows; the error is that of the influence of each row on the average.
    `clusters` has a number for each row of the fit, below 0 where it stands alone.
    """
    length, difficulty, own = fitted.coefficients.tolist()
    if not label.size:
        return LengthControlled(np.nan, np.nan, np.nan, 0.0, 0.0, 0.0, 0, separated=False)
    part = weight / weight.sum()
    chance = sigmoid(difficulty * hard + own)
    mean = float(part @ chance)
    slope = part * chance * (1.0 - chance)
    influence = fitted.influence @ np.array([0.0, slope @ hard, slope.sum()])
    influence[: label.size] += part * (chance - mean)
    return LengthControlled(
        win_rate=100.0 * mean,
        standard_error=100.0 * _spread(influence, clusters, label.size),
        raw_win_rate=100.0 * float(part @ label),
        length=length,
        difficulty=difficulty,
        own=own,
        n=label.size,
        separated=fitted.separated,
    )


def _spread(influence: Floats, clusters: Ints, n: int) -> float:
    """The error from independent rows and clusters; NaN if the first `n` rows are of one alone."""
    own = clusters[:n]
    if (own < 0).sum() + np.unique(own[own >= 0]).size < 2:
        return np.nan
    if np.any(clusters >= 0):
        alone = clusters < 0
        _, number = np.unique(clusters[~alone], return_inverse=True)
        influence = np.r_[influence[alone], total(number, influence[~alone], int(number.max()) + 1)]
    return float(np.sqrt(np.square(influence).sum()))
