from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.boards import simulated, tallied

from palestra.analysis import apart, quality
from palestra.errors import UsageError
from palestra.ranking.bradley_terry import fit
from palestra.ranking.counts import Counts
from palestra.ranking.intervals import covariance
from palestra.ranking.pairs import Pairs
from palestra.ranking.uncertainty import better

GOAL = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
THETA = np.array([0.5, 0.1, 0.0, -0.6])


def random_covariance(seed: int, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Of log-strengths relative to their mean: singular along the constant vector."""
    root = np.random.default_rng(seed).normal(0, 0.3, (size, size))
    centred = np.eye(size) - 1 / size
    return np.asarray(centred @ root @ root.T @ centred)


@given(st.integers(0, 500))
def test_the_update_of_one_pair_is_that_of_the_whole_information_matrix(seed: int) -> None:
    """With the stated battles added to the pseudo-inverse of the covariance, the difference is as many
    standard errors wide as was asked for.
    """
    spread = random_covariance(seed, 4)
    needed = apart.battles_to_tell_apart(THETA, spread, scatter=0.7)
    information = np.linalg.pinv(spread, rcond=1e-9)
    for i, j in ((0, 1), (1, 2), (0, 3)):
        contrast = np.zeros(4)
        contrast[i], contrast[j] = 1, -1
        gap = THETA[i] - THETA[j]
        if needed[i, j] == 0:
            assert gap**2 > (1.9599 / 1) ** 2 * (contrast @ spread @ contrast)
            continue
        win = 1 / (1 + math.exp(-gap))
        one = win * (1 - win) / 0.7 * np.outer(contrast, contrast)
        after = contrast @ np.linalg.pinv(information + needed[i, j] * one, rcond=1e-9) @ contrast
        before = contrast @ np.linalg.pinv(information + (needed[i, j] - 1) * one, rcond=1e-9) @ contrast
        assert gap / math.sqrt(after) >= GOAL - 1e-6
        assert gap / math.sqrt(before) < GOAL or needed[i, j] == 1


def test_two_models_alone_are_the_usual_size_of_a_sample() -> None:
    """58 to 42 of 100, no ties: 310 for a z of 2.80 by the log odds, less the 100 there are."""
    counts = tallied(("A", "B", "model_a", 58), ("A", "B", "model_b", 42))
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    spread = covariance(pairs, fitted)
    assert apart.scatter(pairs, fitted) == pytest.approx(1)
    needed = apart.battles_to_tell_apart(fitted.theta, spread)
    total = (GOAL / math.log(58 / 42)) ** 2 / (0.58 * 0.42)
    assert needed[0, 1] == needed[1, 0] == math.ceil(total - 100) == 210


def test_the_stated_battles_tell_apart_with_the_stated_chance() -> None:
    """Boards with 30 % ties, drawn again with the stated battles of one pair added: 80 % tell it apart."""
    strengths, told, rounds = [0.3, 0.0, -0.1, -0.4], 0, 300
    share = 0.3
    model = simulated(1, strengths, 200_000, share)
    pairs = Pairs.of(model)
    fitted = fit(pairs)
    theta = np.array(strengths) - np.mean(strengths)
    spread = covariance(pairs, fitted) * 200_000 / 300
    scatter = apart.scatter(pairs, fitted)
    extra = int(apart.battles_to_tell_apart(theta, spread, scatter=scatter)[0, 1])
    assert extra > 50
    win = 1 / (1 + math.exp(-0.3))
    tie = 2 * share * (1 - win)
    rng = np.random.default_rng(7)
    for seed in range(rounds):
        a, b, even = rng.multinomial(extra, [win - tie / 2, 1 - win - tie / 2, tie])
        more = Counts.from_codes(model.models, [0, 0, 0], [1, 1, 1], [0, 1, 2], n=[a, b, even])
        both = Pairs.of(Counts.merge([simulated(seed, strengths, 300, share), more]))
        refit = fit(both)
        told += int(apart.told_apart(refit.theta, covariance(both, refit))[0, 1])
    assert told / rounds == pytest.approx(0.8, abs=0.07)


def test_ties_make_results_scatter_less() -> None:
    equal = tallied(("A", "B", "model_a", 35), ("A", "B", "model_b", 35), ("A", "B", "tie", 30))
    pairs = Pairs.of(equal)
    assert apart.scatter(pairs, fit(pairs)) == pytest.approx(0.7)
    none = Pairs.of(Counts.empty(["A", "B"]))
    assert apart.scatter(none, fit(none)) == 1


def test_equal_ratings_are_never_told_apart() -> None:
    counts = tallied(
        *[("A", "B", "model_a", 50), ("A", "B", "model_b", 50)],
        *[("A", "C", "model_a", 90), ("A", "C", "model_b", 10)],
        *[("B", "C", "model_a", 90), ("B", "C", "model_b", 10)],
    )
    pairs = Pairs.of(counts)
    fitted = fit(pairs)
    needed = apart.battles_to_tell_apart(fitted.theta, covariance(pairs, fitted))
    assert needed[0, 1] == math.inf
    assert needed[0, 2] == needed[1, 2] == 0
    assert np.isinf(needed.diagonal()).all()


def test_what_the_battles_cannot_tell_is_nan() -> None:
    """Between parts that never met; all ties are equal ratings, not unknown ones."""
    pairs = Pairs.of(tallied(("A", "B", "model_a", 9), ("B", "A", "model_a", 3), ("C", "D", "tie", 5)))
    fitted = fit(pairs)
    spread = covariance(pairs, fitted)
    needed, chance = (
        apart.battles_to_tell_apart(fitted.theta, spread),
        better(fitted.theta, spread),
    )
    assert math.isfinite(needed[0, 1])
    assert np.isnan(needed[0, 3])
    assert np.isnan(chance[0, 2])
    assert np.isinf(needed[2, 3])


def test_chances_of_the_two_sides_sum_to_one_and_meet_the_interval() -> None:
    spread = random_covariance(3, 4)
    chance = better(THETA, spread)
    assert np.allclose(chance + chance.T, 1)
    assert np.array_equal(apart.told_apart(THETA, spread), np.abs(chance - 0.5) > 0.475)


@given(st.integers(0, 200), st.floats(0, 1))
def test_so_many_battles_as_stated_bring_the_separability_asked_for(seed: int, target: float) -> None:
    spread, battles = random_covariance(seed, 4), 1000
    more = apart.battles_to_separate(THETA, spread, battles, target)
    half = NormalDist().inv_cdf(0.975) * np.sqrt(spread.diagonal() * battles / (battles + more))
    reached = quality.separability(quality.Estimates.of_bounds(THETA, THETA - half, THETA + half))
    assert reached >= target - 1e-9 or more == 0
    assert apart.separated_share(THETA, spread) >= target - 1e-9 or more > 0


def test_a_separability_that_equal_ratings_forbid() -> None:
    spread = random_covariance(1, 3)
    assert apart.battles_to_separate(np.array([0.0, 0.0, 3.0]), spread, 10, 1.0) == math.inf
    assert math.isnan(apart.battles_to_separate(np.zeros(1), np.zeros((1, 1)), 10, 0.5))
    assert math.isnan(apart.separated_share(np.zeros(0), np.zeros((0, 0))))


@pytest.mark.parametrize(
    ("name", "value"), [("chance", 0.4), ("chance", 1.0), ("level", 0.0), ("level", 95.0), ("scatter", -1.0)]
)
def test_settings_out_of_range(name: str, value: float) -> None:
    given: dict[str, float] = {name: value}
    with pytest.raises(UsageError):
        apart.battles_to_tell_apart(THETA, random_covariance(1, 4), **given)
    with pytest.raises(UsageError):
        apart.battles_to_separate(THETA, random_covariance(1, 4), 10, 1.5)
