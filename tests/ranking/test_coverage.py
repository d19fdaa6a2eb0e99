"""Do the intervals hold the truth as often as they say?

Boards are drawn from known strengths; the truth of a rating is relative to the mean of the true strengths.
Measured with 2000 boards of 8 models each way (16,000 ratings, give or take 0.2), 95 % intervals hold

                                    sandwich   bootstrap of 1000 rounds
    1200 independent battles          95.1        94.7
    1600 battles of 200 prompts       94.9        94.7
    40 battles a model                94.6        94.2

The sandwich is measured so here, too. A bootstrap takes a thousand fits a board, too much for 2000 boards
in a test: here it has fewer but larger boards, which cost about the same each.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.ranking.boards import simulated

from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.ranking.scale import MEAN, POINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from palestra.ranking.arrays import Floats

TIES = 0.3


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bootstraps by compiled kernels, which numpy agrees with (see test_resampling) but takes ten times as
    long.
    """
    pytest.importorskip("numba", reason="the extra palestra[fast] is not installed")
    monkeypatch.setenv("PALESTRA_COMPILED", "1")


def strengths(size: int) -> Floats:
    return np.linspace(-0.8, 0.8, size)


def judged_in_prompts(seed: int, theta: Floats, *, prompts: int, pairs: int, told_apart: bool) -> Counts:
    """Each prompt shows `pairs` pairs of models, and two judges say who was better, on random sides.

    Every model has a good or bad day with a prompt, v, and A wins where √.35 (v_A − v_B) + √.3 ε is below
    the normal quantile of its chance: so all battles of a prompt go together, while each single one has the
    chance of the Bradley-Terry model (a Gaussian copula). With `told_apart` the prompts are the clusters.
    """
    rng = np.random.default_rng([77, seed])
    size = theta.size
    one = rng.integers(size, size=prompts * pairs)
    other = (one + rng.integers(1, size, size=one.size)) % size
    one, other = np.repeat(one, 2), np.repeat(other, 2)
    prompt = np.repeat(np.arange(prompts), 2 * pairs)
    quantile = np.vectorize(NormalDist().inv_cdf)(1.0 / (1.0 + np.exp(theta[None, :] - theta[:, None])))
    day = rng.standard_normal((prompts, size))
    pull = math.sqrt(0.35) * (day[prompt, one] - day[prompt, other])
    lost = pull + math.sqrt(0.3) * rng.standard_normal(prompt.size) >= quantile[one, other]
    flip = rng.random(prompt.size) < 0.5
    names = [f"m{index:03d}" for index in range(size)]
    a, b = np.where(flip, other, one), np.where(flip, one, other)
    return Counts.from_codes(names, a, b, lost ^ flip, cluster=prompt if told_apart else None)


def covered(board: Callable[[int], Counts], theta: Floats, boards: int, **wishes: Any) -> float:
    """Which percentage of the intervals of these boards hold the truth; every model must have one."""
    truth = MEAN + POINTS * (theta - theta.mean())
    hits = []
    for seed in range(boards):
        for row in rank_counts(board(seed), **wishes).ratings:
            assert row.ci_low is not None
            assert row.ci_high is not None
            hits.append(row.ci_low <= truth[int(row.model[1:])] <= row.ci_high)
    assert len(hits) == boards * theta.size
    return 100.0 * float(np.mean(hits))


def independent(seed: int) -> Counts:
    return simulated(seed, strengths(8).tolist(), 1200, TIES)


def sparse(seed: int) -> Counts:
    """40 battles a model."""
    return simulated(seed, strengths(8).tolist(), 160, TIES)


def in_prompts(seed: int, *, told_apart: bool = True) -> Counts:
    return judged_in_prompts(seed, strengths(8), prompts=200, pairs=4, told_apart=told_apart)


def test_sandwich_intervals_cover_95_percent() -> None:
    """16,000 ratings have a standard error of 0.17 points; so below."""
    assert 94.0 < covered(independent, strengths(8), 2000) < 96.0


def test_clustered_sandwich_intervals_cover_95_percent() -> None:
    assert 94.0 < covered(in_prompts, strengths(8), 2000) < 96.0


def test_sandwich_intervals_that_forget_the_prompts_do_not() -> None:
    forgetful = covered(lambda seed: in_prompts(seed, told_apart=False), strengths(8), 400)
    assert forgetful < 88.0


def test_sandwich_intervals_hold_with_forty_battles_a_model() -> None:
    """Within 93.5 and 96 %: they are those of large samples."""
    assert 93.5 < covered(sparse, strengths(8), 2000) < 96.0


def large(seed: int) -> Counts:
    return simulated(seed, strengths(20).tolist(), 3000, TIES)


def large_and_sparse(seed: int) -> Counts:
    """40 battles a model."""
    return simulated(seed, strengths(20).tolist(), 400, TIES)


def large_in_prompts(seed: int, *, told_apart: bool = True) -> Counts:
    return judged_in_prompts(seed, strengths(20), prompts=500, pairs=4, told_apart=told_apart)


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_bootstrap_intervals_cover_95_percent() -> None:
    """3000 ratings have a standard error of 0.4 points."""
    found = covered(large, strengths(20), 150, ci="bootstrap", rounds=1000)
    assert 94.0 < found < 96.0


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_clustered_bootstrap_intervals_cover_95_percent() -> None:
    found = covered(large_in_prompts, strengths(20), 120, ci="bootstrap", rounds=1000)
    assert 94.0 < found < 96.0


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_bootstrap_intervals_that_forget_the_prompts_do_not() -> None:
    def forgetful(seed: int) -> Counts:
        return large_in_prompts(seed, told_apart=False)

    assert covered(forgetful, strengths(20), 30, ci="bootstrap", rounds=1000) < 91.0


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
def test_bootstrap_intervals_hold_with_forty_battles_a_model() -> None:
    """Within 92.5 and 97 %."""
    found = covered(large_and_sparse, strengths(20), 40, ci="bootstrap", rounds=1000)
    assert 92.5 < found < 97.0
