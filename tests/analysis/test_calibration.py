"""The temperature that people's votes fit, its likelihood, and how sure it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from palestra.analysis.calibration import (
    HOTTEST,
    calibrate,
    fit_temperature,
    influences,
    log_likelihood,
    shares,
    slopes,
)
from palestra.errors import UsageError

if TYPE_CHECKING:
    from palestra.ranking.arrays import Floats


def votes(seed: int, temperature: float, n: int = 4000, games: int = 1) -> tuple[Floats, Floats]:
    """Score differences, and people who vote by them."""
    rng = np.random.default_rng([9, seed])
    gaps = rng.normal(0.0, 3.0, (n, games))
    won = rng.random(n) < (1.0 / (1.0 + np.exp(-temperature * gaps))).mean(axis=1)
    return gaps, won.astype(float)


def test_eight_against_six_at_the_usual_temperature() -> None:
    assert shares(np.array([[2.0]]), 0.3)[0] == pytest.approx(0.645656, abs=5e-7)
    assert shares(np.array([[-2.0]]), 0.3)[0] == pytest.approx(1 - 0.645656, abs=5e-7)


def test_games_are_averaged_and_missing_ones_are_no_games() -> None:
    gaps = np.array([[2.0, -2.0], [2.0, np.nan], [np.nan, np.nan]])
    found = shares(gaps, 0.3)
    assert found[:2].tolist() == pytest.approx([0.5, 0.645656], abs=5e-7)
    assert math.isnan(found[2])


def test_slopes_are_the_derivative() -> None:
    gaps = np.array([[2.0, -1.0], [7.0, np.nan]])
    step = 1e-6
    difference = (shares(gaps, 0.3 + step) - shares(gaps, 0.3 - step)) / (2 * step)
    assert slopes(gaps, 0.3) == pytest.approx(difference, abs=1e-8)


def test_two_values_have_the_closed_form() -> None:
    """Gaps of 2 that 30 of 40 people share: the odds are e^(2T) = 3."""
    gaps, won = np.full((40, 1), 2.0), np.array([1.0] * 30 + [0.0] * 10)
    found = calibrate(gaps, won)
    assert found.temperature == pytest.approx(math.log(3) / 2, abs=1e-9)
    assert found.log_likelihood == pytest.approx(30 * math.log(0.75) + 10 * math.log(0.25), abs=1e-9)
    assert found.agreement == 0.75
    assert found.n == 40


@pytest.mark.parametrize("games", [1, 2])
def test_the_temperature_is_recovered(games: int) -> None:
    for temperature in (0.15, 0.6):
        found = calibrate(*votes(2, temperature, games=games))
        assert found.low < temperature < found.high
        assert found.temperature == pytest.approx(temperature, abs=0.06)


def test_the_interval_is_where_the_likelihood_falls_and_holds_the_truth_as_often_as_it_says() -> None:
    gaps, won = votes(0, 0.5, 300)
    found = calibrate(gaps, won)
    for end in (found.low, found.high):
        fall = found.log_likelihood - log_likelihood(gaps, won, end)
        assert fall == pytest.approx(1.959964**2 / 2, abs=1e-4)
    hits = [(c := calibrate(*votes(seed, 0.5, 200))).low <= 0.5 <= c.high for seed in range(300)]
    assert 0.92 <= np.mean(hits) <= 0.98


def test_the_curve_has_its_top_at_the_temperature() -> None:
    found = calibrate(*votes(2, 0.4, 500))
    temperatures, values = zip(*found.curve, strict=True)
    assert temperatures[0] == 0.0
    assert values[0] == pytest.approx(500 * math.log(0.5), abs=1e-9)
    assert max(values) <= found.log_likelihood + 1e-9
    top = temperatures[int(np.argmax(values))]
    assert top == pytest.approx(found.temperature, rel=0.1)


def test_scores_twice_as_far_apart_halve_the_temperature_and_swapping_sides_changes_nothing() -> None:
    gaps, won = votes(3, 0.5, 400)
    found = calibrate(gaps, won).temperature
    assert calibrate(2 * gaps, won).temperature == pytest.approx(found / 2, abs=1e-7)
    assert calibrate(-gaps, 1 - won).temperature == pytest.approx(found, abs=1e-7)


def test_influences_move_the_temperature_as_leaving_a_battle_out_does() -> None:
    gaps, won = votes(4, 0.5, 400)
    whole = calibrate(gaps, won).temperature
    moved = influences(gaps, won, whole)
    assert moved.sum() == pytest.approx(0.0, abs=1e-9)
    for index in (0, 17, 99):
        n = np.ones(400)
        n[index] = 0.0
        without = fit_temperature(gaps, won, start=whole, n=n)
        assert whole - without == pytest.approx(moved[index], rel=0.05, abs=1e-5)


def test_a_judge_against_people_and_one_that_is_never_wrong_are_at_the_limits() -> None:
    gaps, _ = votes(5, 0.5, 50)
    right = (gaps[:, 0] > 0).astype(float)
    against, never_wrong = calibrate(gaps, 1 - right), calibrate(gaps, right)
    assert (against.temperature, against.at_limit, against.agreement) == (0.0, True, 0.0)
    assert (never_wrong.temperature, never_wrong.at_limit) == (HOTTEST, True)


@pytest.mark.parametrize(
    ("gaps", "won", "said"),
    [
        (np.zeros((0, 1)), np.zeros(0), "0 judged"),
        (np.zeros((3, 1)), np.ones(3), "in none do the scores differ"),
        (np.full((3, 2), np.nan), np.ones(3), "0 judged"),
        (np.ones((2, 1)), np.array([1.0, 0.5]), "without ties"),
    ],
)
def test_what_cannot_be_fitted_is_said(gaps: Floats, won: Floats, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        calibrate(gaps, won)
