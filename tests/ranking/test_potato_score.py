"""The numbers of Potato's Model Arena, against its check values and a second way to compute them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.ranking import potato_score
from palestra.ranking.potato_score import (
    PotatoScores,
    elo_by_preference,
    moderate_margin,
    potato_scores,
    uncertainty,
)

Preference = list[tuple[int, int]]


def scores(preferences: list[Preference], n_models: int) -> PotatoScores:
    pairs = [(w, k, n) for n, preference in enumerate(preferences) for w, k in preference]
    winner, loser, number = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    return potato_scores(winner, loser, number, n_models)


def ranking(*order: int) -> Preference:
    return list(itertools.combinations(order, 2))


CHECKED = {
    "A beats B 7-3": ([[(0, 1)]] * 7 + [[(1, 0)]] * 3, [59.8, 40.2]),
    "once": ([[(0, 1)]], [67.1, 32.9]),
    "winner of three": ([[(0, 1), (0, 2)]], [74.4, 37.0, 37.0]),
    "a ranking": ([ranking(0, 1, 2)], [76.6, 50.6, 23.0]),
    "a cycle": ([[(0, 1)], [(1, 2)], [(2, 0)]], [50.0, 50.0, 50.0]),
}


@pytest.mark.parametrize("name", CHECKED)
def test_the_score_has_its_check_values(name: str) -> None:
    preferences, expected = CHECKED[name]
    assert scores(preferences, len(expected)).score == pytest.approx(expected, abs=0.05)


def fixed_point(preferences: list[Preference], size: int, steps: int = 30_000) -> list[float]:
    """The stated step in plain numbers, very often."""
    games = [[0.0] * size for _ in range(size)]
    wins = [0.5] * size
    for w, k in itertools.chain(*preferences):
        wins[w] += 1
        games[w][k] += 1
        games[k][w] += 1
    p = [1.0] * size
    for _ in range(steps):
        mean = sum(p) / size
        p = [
            wins[i] / (sum(games[i][j] / (p[i] + p[j]) for j in range(size)) + 1 / (p[i] + mean))
            for i in range(size)
        ]
        scale = math.exp(sum(map(math.log, p)) / size)
        p = [value / scale for value in p]
    return [100 * value / (1 + value) for value in p]


@pytest.mark.parametrize(
    "preferences",
    [
        [[(0, 1)]] * 60 + [[(1, 0)]] * 20 + [[(2, 3)]] * 50 + [[(3, 2)]] * 30,
        [[(0, 1)]] * 40 + [[(1, 2)]] * 40 + [[(2, 3)]] * 40,
        [ranking(3, 1, 0, 2)] * 30 + [ranking(0, 1, 2, 3)] * 7,
    ],
)
def test_many_battles_converge_where_plain_steps_end_up(preferences: list[Preference]) -> None:
    assert scores(preferences, 4).score == pytest.approx(fixed_point(preferences, 4), abs=1e-5)


def test_groups_that_never_met_converge_at_once() -> None:
    preferences = [[(0, 1)]] * 5000 + [[(1, 0)]] * 5000 + [[(2, 3)]] * 9000 + [[(3, 2)]] * 1000
    found = scores(preferences, 4).score
    assert found == pytest.approx([50.98529291, 50.98529291, 74.25056666, 24.27123029], abs=1e-5)


@given(st.lists(st.permutations(range(4)).map(lambda order: order[:3]), min_size=1, max_size=12))
def test_names_do_not_matter(orders: list[list[int]]) -> None:
    found = scores([ranking(*order) for order in orders], 4)
    renamed = scores([ranking(*(3 - i for i in order)) for order in orders], 4)
    for name in ("wins", "comparisons", "win_rate", "low", "high", "elo", "score", "strength"):
        np.testing.assert_allclose(getattr(renamed, name)[::-1], getattr(found, name), atol=1e-8)


def test_a_model_without_comparisons_takes_part_in_nothing() -> None:
    two, three = scores([[(0, 1)]], 2), scores([[(0, 1)]], 3)
    assert three.score[:2] == pytest.approx(two.score)
    assert math.isnan(three.score[2])
    assert math.isnan(three.win_rate[2])
    assert (three.comparisons[2], three.elo[2], three.strength[2]) == (0, 1000.0, 0.0)


def test_without_preferences_there_is_nothing() -> None:
    found = scores([], 2)
    assert np.isnan(found.score).all()
    assert found.elo.tolist() == [1000.0, 1000.0]


def test_wilson() -> None:
    found = scores([[(0, 1)]] * 7 + [[(1, 0)]] * 3, 2)
    assert (found.wins[0], found.comparisons[0], found.win_rate[0]) == (7, 10, 0.7)
    assert (found.low[0], found.high[0]) == pytest.approx((0.396773, 0.892211), abs=1e-6)


def test_equal_losers_stay_equal() -> None:
    found = scores([[(0, 1), (0, 2)]], 3).elo
    assert found.tolist() == [1032.0, 984.0, 984.0]
    turned = scores([[(0, 2), (0, 1)]], 3).elo
    assert turned.tolist() == found.tolist()


def test_elo_reads_one_preference_after_the_other() -> None:
    one, two = np.array([0, 0]), np.array([1, 1])
    apart = elo_by_preference(one, two, np.array([0, 1]), 2)
    gain = 32 * (1 - 1 / (1 + 10 ** (-32 / 400)))
    assert apart == pytest.approx([1016 + gain, 984 - gain])
    together = elo_by_preference(one, two, np.array([0, 0]), 2)
    assert together.tolist() == [1032.0, 968.0]


def test_acquisition() -> None:
    a, b = np.array([0.0, 1.0, -2.0]), np.array([0.0, -1.0, 1.0])
    p = 1 / (1 + np.exp(-(a - b)))
    assert uncertainty(a, b) == pytest.approx(1 - 2 * abs(p - 0.5))
    assert uncertainty(a, b)[0] == 1.0
    assert uncertainty(a, b) == pytest.approx(uncertainty(b, a))
    assert moderate_margin(a, b) == pytest.approx([1.0, 1 / 3, 1 / 4])


@pytest.mark.parametrize("broken", ["never there", "singular"])
def test_scores_that_do_not_settle_are_those_of_the_last_step(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    if broken == "never there":
        monkeypatch.setattr(potato_score, "_EXACT", 0.0)
    else:
        monkeypatch.setattr(potato_score, "_STEPS", 0)
        monkeypatch.setattr(potato_score, "_slope", lambda theta, games: np.zeros_like(games))
    found = scores([ranking(0, 1, 2), ranking(1, 0, 2)], 3)
    assert np.isfinite(found.score).all()
