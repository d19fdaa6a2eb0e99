"""Are a judge's labels as steep as people's votes? What a temperature cannot mend, and a reader should
know.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from palestra.analysis.calibration import shares
from palestra.ranking.arrays import total
from palestra.ranking.win_rate import z_exact

if TYPE_CHECKING:
    from palestra.analysis.placing_evidence import Checked
    from palestra.ranking.arrays import Floats

_STEPS = 50


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


def steepness(checked: Checked, theta: Floats, temperature: float, level: float) -> Steepness:
    """κ in P(label for A) = 1 / (1 + e^(−κ·(θ_A − θ_B))), fitted to the judge's labels on pairs of the arena.

    `theta` are the arena's log-strengths by people alone. A temperature fitted to single battles makes labels
    right on average over such battles; if the judge errs by itself, by a coin of its own, they are right in
    the middle and too flat for the best and the worst, and κ is below 1. By maximum quasi-likelihood, errors
    clustered by prompt; the error of `theta` itself is not in the interval.
    """
    gap = theta[checked.a] - theta[checked.b]
    label = shares(checked.gaps, temperature)
    if not np.any(gap):
        return Steepness(math.nan, math.nan, math.nan)
    value = 1.0
    for _ in range(_STEPS):
        chance = 0.5 * (1.0 + np.tanh(0.5 * value * gap))
        bend = float((gap * gap * chance * (1.0 - chance)).sum())
        step = float(gap @ (label - chance)) / bend
        value += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-10 or abs(value) > 50:
            break
    chance = 0.5 * (1.0 + np.tanh(0.5 * value * gap))
    names, cluster = np.unique(checked.cluster, return_inverse=True)
    scores = total(cluster.astype(np.int64), gap * (label - chance), names.size)
    error = math.sqrt(float((scores**2).sum())) / float((gap * gap * chance * (1.0 - chance)).sum())
    half = z_exact(level) * error
    return Steepness(value, value - half, value + half)
