"""Are a judge's labels as steep as people's votes? What a temperature cannot mend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.apart import gap_variances
from palestra.analysis.calibration import influences, shares, slopes
from palestra.ranking.arrays import total
from palestra.ranking.win_rate import z_exact

if TYPE_CHECKING:
    from palestra.analysis.placing_evidence import Checked
    from palestra.ranking.arrays import Floats

_STEPS = 50
_LEAST = 0.5
"""The share of the spread of the arena's strengths that must be more than error, or nothing is said."""


@dataclass(frozen=True, slots=True)
class Steepness:
    """How much further apart, in log-strength, the judge's labels put the arena's models than people do."""

    value: float
    """1: as far; 0: not at all. NaN where the pairs cannot tell."""
    low: float
    high: float

    @property
    def is_off(self) -> bool:
        """Whether the interval leaves out 1."""
        return self.low > 1 or self.high < 1


def steepness(checked: Checked, theta: Floats, spread: Floats, temperature: float, level: float) -> Steepness:
    """κ in P(label for A) = 1 / (1 + e^(−κ·(θ_A − θ_B))), fitted to the judge's labels on pairs of the arena.

    `theta`, (M,), are the arena's log-strengths by people alone, `spread` their covariance, (M, M). A
    temperature fitted to single battles makes labels right on average over such battles; if the judge errs by
    itself, by a coin of its own, they are right in the middle and too flat for the best and the worst, and κ
    is below 1.

    By maximum quasi-likelihood; errors are clustered by prompt, and hold that of the fitted temperature. As
    the strengths are themselves estimates, κ comes out too small by the share of their spread that is error,
    and is divided by the rest (Fuller, Measurement Error Models (1987) 1.1); NaN where that is below one
    half.
    """
    gap = theta[checked.a] - theta[checked.b]
    noise = float(np.nanmean(gap_variances(spread)[checked.a, checked.b]))
    told = 1.0 - noise / float((gap * gap).mean()) if np.any(gap) else 0.0
    if not told >= _LEAST:
        return Steepness(math.nan, math.nan, math.nan)
    label = shares(checked.gaps, temperature)
    value = _fit(gap, label)
    chance = 0.5 * (1.0 + np.tanh(0.5 * value * gap))
    names, cluster = np.unique(checked.cluster, return_inverse=True)
    scores = total(cluster.astype(np.int64), gap * (label - chance), names.size)
    heat = total(cluster.astype(np.int64), influences(checked.gaps, checked.won, temperature), names.size)
    scores += float(gap @ slopes(checked.gaps, temperature)) * heat
    error = math.sqrt(float((scores**2).sum())) / float((gap * gap * chance * (1.0 - chance)).sum())
    half = z_exact(level) * error
    return Steepness(value / told, (value - half) / told, (value + half) / told)


def _fit(gap: Floats, label: Floats) -> float:
    value = 1.0
    for _ in range(_STEPS):
        chance = 0.5 * (1.0 + np.tanh(0.5 * value * gap))
        step = float(gap @ (label - chance)) / float((gap * gap * chance * (1.0 - chance)).sum())
        value += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-10 or abs(value) > _STEPS:
            break
    return value
