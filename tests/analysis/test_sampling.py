from __future__ import annotations

import math

import numpy as np
import pytest

from palestra.analysis.sampling import pair_chances, result_variances, sample_pairs
from palestra.errors import UsageError

VARIANCE = np.array([[0.0, 0.25, 0.16], [0.25, 0.0, 0.25], [0.16, 0.25, 0.0]])
MET = np.array([[0.0, 10.0, 40.0], [10.0, 0.0, 90.0], [40.0, 90.0, 0.0]])


def gain(variance: float, n: float) -> float:
    return math.sqrt(variance / n) - math.sqrt(variance / (n + 1))


def test_chances_are_in_proportion_to_how_much_the_interval_narrows() -> None:
    """Equation 9 of arXiv 2403.04132, by hand."""
    gains = [gain(0.25, 10), gain(0.16, 40), gain(0.25, 90)]
    found = pair_chances(VARIANCE, MET, floor=0)
    assert [found[0, 1], found[0, 2], found[1, 2]] == pytest.approx([g / sum(gains) for g in gains])
    assert np.array_equal(found, found.T)


def test_the_floor_is_spread_evenly() -> None:
    plain = pair_chances(VARIANCE, MET, floor=0)
    mixed = pair_chances(VARIANCE, MET, floor=0.3)
    upper = np.triu_indices(3, 1)
    assert mixed[upper] == pytest.approx(0.7 * plain[upper] + 0.1)
    assert pair_chances(VARIANCE, MET, floor=1)[upper] == pytest.approx(np.full(3, 1 / 3))
    assert mixed[upper].sum() == pytest.approx(1)


def test_a_pair_that_never_met_comes_first_and_stays_finite() -> None:
    met = MET.copy()
    met[0, 2] = met[2, 0] = 0
    found = pair_chances(VARIANCE, met, floor=0)
    assert found[0, 2] == found.max()
    assert found[np.triu_indices(3, 1)].sum() == pytest.approx(1)


def test_weights_favour_models_and_take_them_out() -> None:
    plain = pair_chances(VARIANCE, MET, floor=0)
    favoured = pair_chances(VARIANCE, MET, floor=0, weights=np.array([3.0, 1.0, 1.0]))
    assert favoured[0, 1] / favoured[1, 2] == pytest.approx(3 * plain[0, 1] / plain[1, 2])
    without = pair_chances(VARIANCE, MET, weights=np.array([1.0, 0.0, 1.0]))
    assert without[0, 2] == pytest.approx(1)
    assert without[1].sum() == 0


def test_certain_results_leave_an_even_draw() -> None:
    found = pair_chances(np.zeros((3, 3)), MET, floor=0)
    assert found[np.triu_indices(3, 1)] == pytest.approx(np.full(3, 1 / 3))


def test_renaming_models_moves_their_chances_along() -> None:
    order = np.array([2, 0, 1])
    moved = pair_chances(VARIANCE[np.ix_(order, order)], MET[np.ix_(order, order)])
    assert moved == pytest.approx(pair_chances(VARIANCE, MET)[np.ix_(order, order)])


def test_a_draw_has_the_frequencies_and_reports_the_chances_it_was_made_with() -> None:
    chances = pair_chances(VARIANCE, MET)
    drawn = sample_pairs(chances, 20_000, seed=3)
    assert drawn.propensity == pytest.approx(chances[drawn.a, drawn.b])
    for i, j in ((0, 1), (0, 2), (1, 2)):
        pair = (np.minimum(drawn.a, drawn.b) == i) & (np.maximum(drawn.a, drawn.b) == j)
        assert pair.mean() == pytest.approx(chances[i, j], abs=0.015)
        assert (drawn.a[pair] == i).mean() == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_draws_the_same() -> None:
    chances = pair_chances(VARIANCE, MET)
    one, again, other = (sample_pairs(chances, 50, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(one.a, again.a)
    assert np.array_equal(one.b, again.b)
    assert not np.array_equal(one.a, other.a)
    assert sample_pairs(chances, 0, seed=5).a.size == 0


def test_results_between_parts_are_as_uncertain_as_can_be() -> None:
    found = result_variances(np.array([2.0, 0.0, 900.0]), np.array([0, 0, 1]), scatter=0.5)
    assert found[0, 1] == pytest.approx(0.5 * math.exp(2) / (1 + math.exp(2)) ** 2)
    assert found[0, 2] == found[1, 2] == 0.125


@pytest.mark.parametrize(
    ("weights", "floor"),
    [
        ([1.0, 0.0, 0.0], 0.1),
        ([1.0, -1.0, 1.0], 0.1),
        ([1.0, math.nan, 1.0], 0.1),
        ([1.0] * 3, 1.5),
        ([1.0] * 3, -1.0),
    ],
)
def test_what_makes_no_sense_is_refused(weights: list[float], floor: float) -> None:
    with pytest.raises(UsageError):
        pair_chances(VARIANCE, MET, weights=np.array(weights), floor=floor)


def test_a_negative_size_or_variance_is_refused() -> None:
    with pytest.raises(UsageError):
        sample_pairs(pair_chances(VARIANCE, MET), -1, seed=0)
    with pytest.raises(UsageError):
        pair_chances(-VARIANCE, MET)
    with pytest.raises(UsageError):
        pair_chances(np.zeros((1, 1)), np.zeros((1, 1)))
