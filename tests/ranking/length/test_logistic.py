from __future__ import annotations

import numpy as np
import pytest

from palestra.ranking.length.logistic import fit_logistic, sigmoid


def test_one_constant_column_gives_the_log_odds_and_their_error() -> None:
    """30 of 40: ln 3, with variance 1/(n·p·(1 − p)) = 1/7.5."""
    fitted = fit_logistic(np.ones((40, 1)), np.r_[np.ones(30), np.zeros(10)], np.ones(40))
    assert fitted.coefficients == pytest.approx([np.log(3)], abs=1e-12)
    assert (fitted.influence**2).sum() == pytest.approx(1 / 7.5)
    assert not fitted.separated


def test_the_likelihood_equations_hold() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3)) * [1, 1e5, 1e-5]
    share, weight = rng.random(300), rng.random(300)
    fitted = fit_logistic(x, share, weight)
    rest = weight * (share - sigmoid(x @ fitted.coefficients))
    assert x.T @ rest / [1, 1e5, 1e-5] == pytest.approx(np.zeros(3), abs=1e-9)


def test_columns_that_others_determine_get_0() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(100, 1))
    share = (rng.random(100) < sigmoid(x[:, 0])).astype(float)
    fitted = fit_logistic(np.c_[x, 0 * x, -3 * x, np.ones(100)], share, np.ones(100))
    alone = fit_logistic(np.c_[x, np.ones(100)], share, np.ones(100))
    assert fitted.coefficients[[1, 2]].tolist() == [0.0, 0.0]
    assert fitted.coefficients[[0, 3]] == pytest.approx(alone.coefficients, abs=1e-9)


def test_a_clean_sweep_stays_finite_and_grows_with_its_length() -> None:
    few, many = (fit_logistic(np.ones((n, 1)), np.ones(n), np.ones(n)) for n in (5, 50))
    assert few.separated
    assert few.coefficients == pytest.approx([np.log(5.5 / 0.5)])
    assert many.coefficients == pytest.approx([np.log(50.5 / 0.5)])


def test_no_rows_give_0() -> None:
    fitted = fit_logistic(np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    assert fitted.coefficients.tolist() == [0.0, 0.0]


def test_the_sigmoid_does_not_overflow() -> None:
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
