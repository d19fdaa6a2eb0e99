from __future__ import annotations

import numpy as np
import pytest

from palestra.errors import DataError
from palestra.ranking.shrink import Shrunk, shrink

M = 12
CENTRE = np.eye(M) - 1 / M


def pair(seed: int, tau: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    whole, _, seen = drawn(seed, tau, noise)
    return whole, seen


def drawn(seed: int, tau: float, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The whole, the category's truth, and what was seen of it; `noise` is the error of a model."""
    rng = np.random.default_rng(seed)
    whole = CENTRE @ rng.normal(0, 1, M)
    truth = whole + CENTRE @ rng.normal(0, tau, M)
    return whole, truth, truth + CENTRE @ rng.normal(0, noise, M)


def shrunk(whole: np.ndarray, seen: np.ndarray, noise: float) -> Shrunk:
    return shrink(whole, np.zeros((M, M)), seen, noise**2 * CENTRE)


def test_few_battles_are_pulled_strongly_and_many_hardly() -> None:
    rough, fine = drawn(1, 0.3, 2.0), drawn(1, 0.3, 0.02)
    assert np.mean([shrunk(*pair(seed, 0.3, 2.0), 2.0).pull for seed in range(50)]) > 0.75
    assert np.all(shrunk(rough[0], rough[2], 2.0).pull > 0.5)
    assert np.all(shrunk(fine[0], fine[2], 0.02).pull < 0.1)


def test_in_one_category_the_less_sure_model_is_pulled_more() -> None:
    whole, _, seen = drawn(2, 0.3, 0.1)
    spread = np.full(M, 0.1)
    spread[0] = 1.0
    covariance = CENTRE @ np.diag(spread**2) @ CENTRE
    found = shrink(whole, np.zeros((M, M)), seen, covariance)
    assert found.pull[0] > 0.7
    assert np.all(found.pull[1:] < 0.4)


def test_a_known_scatter_leaves_what_the_formula_says() -> None:
    """Many models of equal error tell τ: the share left is τ²⁄(τ² + σ²)."""
    rng = np.random.default_rng(0)
    many = 800
    centre = np.eye(many) - 1 / many
    gap = rng.normal(0, 0.5, many) + rng.normal(0, 0.4, many)
    gap -= gap.mean()
    found = shrink(np.zeros(many), np.zeros((many, many)), gap, 0.16 * centre)
    assert found.tau == pytest.approx(0.5, abs=0.04)
    assert found.theta / gap == pytest.approx(np.full(many, 0.25 / 0.41), abs=0.04)
    assert found.standard_error == pytest.approx(np.full(many, (0.25 * 0.16 / 0.41) ** 0.5), rel=0.05)


@pytest.mark.parametrize("tau", [0.05, 0.3, 1.0])
def test_the_scatter_is_found(tau: float) -> None:
    taus = [shrunk(*pair(seed, tau, 0.2), 0.2).tau for seed in range(200)]
    assert np.median(taus) == pytest.approx(tau, rel=0.2, abs=0.06)


def test_no_deviation_gives_the_whole() -> None:
    whole, _, _ = drawn(3, 0.0, 0.0)
    found = shrunk(whole, whole, 0.5)
    assert found.theta == pytest.approx(whole)
    assert found.tau < 0.2


@pytest.mark.parametrize("tau", [0.1, 0.4, 1.0])
def test_shrunk_strengths_are_nearer_the_truth_and_their_errors_are_honest(tau: float) -> None:
    """Also where errors are as large as the scatter, and an estimate of it alone would often be 0."""
    raw, better, hits = [], [], []
    for seed in range(300):
        whole, truth, seen = drawn(seed, tau, 0.5)
        found = shrunk(whole, seen, 0.5)
        raw.append(((seen - truth) ** 2).mean())
        better.append(((found.theta - truth) ** 2).mean())
        hits.append((np.abs(found.theta - truth) < 1.96 * found.standard_error).mean())
    assert np.mean(better) < {0.1: 0.15, 0.4: 0.5, 1.0: 0.9}[tau] * np.mean(raw)
    assert 0.9 < np.mean(hits) <= 1.0


def test_the_error_of_the_whole_is_carried_over_as_far_as_it_counts() -> None:
    whole, _, seen = drawn(4, 0.3, 0.3)
    known = shrink(whole, np.zeros((M, M)), seen, 0.09 * CENTRE)
    unsure = shrink(whole, 0.04 * CENTRE, seen, 0.09 * CENTRE)
    assert unsure.theta == pytest.approx(known.theta)
    more = unsure.standard_error**2 - known.standard_error**2
    assert more == pytest.approx(known.pull**2 * 0.04 * (1 - 1 / M), rel=1e-9)


def test_a_model_of_which_the_category_says_nothing_keeps_the_whole_and_is_less_sure() -> None:
    whole, _, seen = drawn(5, 0.6, 0.1)
    covariance = 0.01 * CENTRE
    seen[3] = np.nan
    covariance[3] = covariance[:, 3] = np.nan
    found = shrink(whole, 0.001 * CENTRE, seen, covariance)
    assert found.theta[3] == whole[3]
    assert found.pull[3] == 1.0
    assert found.standard_error[3] == pytest.approx((found.tau**2 + 0.001) ** 0.5, rel=0.01)
    assert np.isfinite(found.theta).all()
    assert np.all(found.standard_error[3] > np.delete(found.standard_error, 3))


def test_the_level_of_a_category_is_not_compared() -> None:
    whole, _, seen = drawn(6, 0.4, 0.3)
    one, other = shrunk(whole, seen, 0.3), shrunk(whole, seen + 7.0, 0.3)
    assert other.theta == pytest.approx(one.theta)


def test_parts_of_a_category_are_compared_within_themselves() -> None:
    whole, _, seen = drawn(7, 0.4, 0.3)
    component = np.repeat([0, 1], M // 2)
    apart = seen + np.where(component == 1, 5.0, 0.0)
    one = shrink(whole, np.zeros((M, M)), seen, 0.09 * CENTRE, component=component)
    other = shrink(whole, np.zeros((M, M)), apart, 0.09 * CENTRE, component=component)
    assert other.theta == pytest.approx(one.theta)


@pytest.mark.parametrize("known", [0, 1])
def test_fewer_than_two_models_say_nothing(known: int) -> None:
    whole, _, seen = drawn(8, 0.4, 0.3)
    seen[known:] = np.nan
    found = shrink(whole, 0.01 * CENTRE, seen, 0.09 * CENTRE)
    assert found.theta == pytest.approx(whole)
    assert np.isnan(found.tau)
    assert np.isnan(found.standard_error).all()


def test_no_models_are_no_error() -> None:
    assert shrink([], np.zeros((0, 0)), [], np.zeros((0, 0))).theta.size == 0


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="same models"):
        shrink(np.zeros(3), np.zeros((3, 3)), np.zeros(4), np.zeros((4, 4)))
