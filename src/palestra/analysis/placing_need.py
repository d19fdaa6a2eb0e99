"""How many more prompts would tell a placed model from its neighbours on the board."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from palestra.ranking.arrays import total
from palestra.ranking.blas import few_threads
from palestra.ranking.bradley_terry.laplacian import gauged
from palestra.ranking.win_rate import z_exact

if TYPE_CHECKING:
    from palestra.analysis.placing_errors import Influence
    from palestra.ranking.arrays import Floats

MOST = 10_000.0
"""Times the prompts so far, beyond which more of them are said not to help."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A model beside the placed one on the board."""

    model: str
    gap: float
    """Rating points by which the placed model is above it; negative if it is below."""
    chance_better: float
    """The probability that the placed model is the better one; NaN where the battles cannot tell."""
    told_apart: bool
    """Whether the interval of the difference leaves out 0."""
    more_prompts: float
    """About how many more prompts, judged as those so far, would tell the two apart with a chance of 80 % if
    the present difference is the true one. 0 if they are told apart; infinity if the doubt is in the human
    battles or in the temperature; NaN where the battles cannot tell."""


def more_prompts(
    influence: Influence,
    placed: int,
    other: int,
    gap: float,
    n_prompts: int,
    level: float,
    chance: float = 0.8,
) -> float:
    """How many more prompts the difference of two models, by their positions, needs; `gap` in log-strength.

    With λ times the judged battles, H = H_human + λ·H_judged, and the variance of the difference is Σ_k (a_k
    + c_k)² + λ Σ_k (b_k² + 2·b_k·(a_k + c_k)), with a, b and c a cluster's influence by its human battles,
    its judged ones, and the temperature. That is below (gap / (z_level + z_chance))² from some λ on, found by
    halving; the human part and the temperature stay as sure as they are.
    """
    inside = np.flatnonzero(influence.nodes == placed), np.flatnonzero(influence.nodes == other)
    if not (inside[0].size and inside[1].size) or n_prompts < 2:
        return math.nan
    if gap == 0:
        return math.inf
    way = np.zeros(influence.nodes.size)
    way[inside[0]], way[inside[1]] = 1.0, -1.0
    goal = (gap / (z_exact(level) + NormalDist().inv_cdf(chance))) ** 2
    human, judged = influence.curvature(~influence.is_judged), influence.curvature(influence.is_judged)
    least, most = 1.0, MOST
    if _variance(influence, way, human, judged, most) > goal:
        return math.inf
    while most / least > 1.01:
        middle = math.sqrt(least * most)
        if _variance(influence, way, human, judged, middle) > goal:
            least = middle
        else:
            most = middle
    return float(math.ceil((most - 1.0) * n_prompts))


def _variance(influence: Influence, way: Floats, human: Floats, judged: Floats, times: float) -> float:
    """Of a difference of log-strengths, with so many times the judged battles."""
    with few_threads(way.size):
        lever = np.linalg.solve(gauged(human + times * judged), way)
    moved = influence.score * (lever[influence.i] - lever[influence.j])
    by_human = total(influence.cluster, np.where(influence.is_judged, 0.0, moved), influence.n_clusters)
    by_judge = total(influence.cluster, np.where(influence.is_judged, moved, 0.0), influence.n_clusters)
    fixed = by_human + times * float(influence.pull @ lever) * influence.heat
    return float((fixed**2).sum() + times * (by_judge * (by_judge + 2 * fixed)).sum())
