"""Which pair to battle next: the active sampling of Chatbot Arena, with its propensities.

A chance of each pair is kept as an (M, M) matrix, symmetric, with 0 on the diagonal; the chances of all
unordered pairs, that is those above the diagonal, sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.errors import UsageError

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats, Ints

_UNMET = 0.5
"""Battles that a pair without any counts as having had: the rule is infinite there."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Pairs that were drawn, in order; (size,) each."""

    a: Ints
    """Who is shown first; either of the two with even chances."""
    b: Ints
    propensity: Floats
    """The chance that the unordered pair had, in (0, 1]. Weighting its battle by 1/propensity undoes the
    sampling."""


def result_variances(theta: Floats, component: Ints, scatter: float = 1.0) -> Floats:
    """The variance of one battle's result for each pair, (M, M): p(1 − p) · scatter, p the fitted chance.

    `theta`: log-strengths, (M,). `scatter` counts ties, see `apart.scatter`. Between parts that never met,
    (M,) numbers in `component`, nothing is known of p, so it is ½.
    """
    met = component[:, None] == component[None, :]
    gap = np.where(met, np.abs(theta[:, None] - theta[None, :]), 0.0)
    win = 1.0 / (1.0 + np.exp(-gap))
    return np.asarray(win * (1 - win) * scatter)


def pair_chances(variance: Floats, n: Floats, *, weights: Floats | None = None, floor: float = 0.1) -> Floats:
    """The chance of each pair to be battled next, (M, M).

    In proportion to how much one more battle narrows the interval of the pair's win rate,

        √(Σ_aa / n_a) − √(Σ_aa / (n_a + 1)),

    with Σ_aa the `variance` of one result of pair a and n_a its battles `n`, both (M, M) and symmetric
    (Chiang et al., Chatbot Arena, arXiv 2403.04132, section 5, equation 9). A pair that never met counts as
    having met half a time. `weights`, (M,), 1 by default, favour models: a pair has the product of its
    two; 0 takes a model out. Of all battles the share `floor` is spread over the pairs by weight alone,
    so that none has the chance 0.

    Raises:
        UsageError: fewer than two models of positive weight, a negative weight or variance, or a floor
            outside [0, 1].
    """
    size = len(variance)
    weight = np.ones(size) if weights is None else np.asarray(weights, dtype=np.float64)
    if not np.all(np.isfinite(weight) & (weight >= 0)) or np.count_nonzero(weight) < 2:
        raise UsageError("sampling needs two models or more of positive weight, and no negative weight")
    if not 0 <= floor <= 1:
        raise UsageError(f"a floor of {floor!r}; give the share of battles, from 0 to 1")
    if not np.all(variance >= 0):
        raise UsageError("a variance is negative or no number")
    met = np.where(n > 0, n, _UNMET)
    spread = np.sqrt(variance)
    gain = spread / np.sqrt(met) - spread / np.sqrt(met + 1)
    allowed = np.outer(weight / weight.max(), weight / weight.max())
    np.fill_diagonal(allowed, 0.0)
    even = allowed / (allowed.sum() / 2)
    active = allowed * gain
    total = active.sum() / 2
    return np.asarray(even if total == 0 else floor * even + (1 - floor) * active / total)


def sample_pairs(chances: Floats, size: int, *, seed: int) -> Sample:
    """Draw `size` pairs independently, each with its chance; the same seed draws the same.

    Raises:
        UsageError: a negative size or seed.
    """
    if size < 0 or seed < 0:
        raise UsageError("the number of pairs and the seed are 0 or more")
    first, second = np.triu_indices(len(chances), 1)
    chance = chances[first, second]
    rng = np.random.default_rng(seed)
    drawn = rng.choice(chance.size, size=size, p=chance / chance.sum())
    swap = rng.random(size) < 0.5
    return Sample(
        a=np.where(swap, second[drawn], first[drawn]),
        b=np.where(swap, first[drawn], second[drawn]),
        propensity=chance[drawn],
    )
