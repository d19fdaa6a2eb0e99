"""A made-up judge of known law: what it makes of order and length must come out again."""

from __future__ import annotations

import math

import numpy as np
import pytest

from palestra.analysis.agreement.ballots import Ballots, Matchups, Votes
from palestra.analysis.agreement.leanings import Leanings, leanings

SIDE, LENGTH, PEOPLE_LENGTH = 0.5, 1.5, 0.4
SEEDS = 40


def chance(
    odds: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(1 / (1 + np.exp(-odds)))


def fitted(seed: int, copies: float, *, n: int = 800) -> tuple[Leanings, Leanings]:
    """What is found of a judge, and of the people. The judge looks at the models' strengths and, times
    `copies`, at what people said of these answers; sides are unbalanced, and better models write more.
    """
    rng = np.random.default_rng(seed)
    strength = np.linspace(-1, 1, 8)
    x = rng.integers(0, 8, n)
    y = (x + rng.integers(1, 8, n)) % 8
    long_x, long_y = (rng.integers(200, 1500, n) + 300 * strength[model] for model in (x, y))
    place = Matchups(np.arange(n) // 2, x, y, np.full(n, -1), long_x, long_y)
    gap, stretch = strength[x] - strength[y], place.stretch

    voters = np.repeat(np.arange(n), 2)
    said = np.where(rng.random(2 * n) < chance((gap + PEOPLE_LENGTH * stretch)[voters]), 1.0, -1.0)
    people = Ballots.of_winners(voters, np.arange(2 * n), said)
    lean = said.reshape(n, 2).mean(axis=1)

    side = np.where(rng.random(n) < 0.5 + 0.35 * np.sign(gap), 1.0, -1.0)
    both = np.r_[np.arange(n), np.arange(n // 2)]
    side = np.r_[side, -side[: n // 2]]
    odds = gap[both] + copies * lean[both] + SIDE * side + LENGTH * stretch[both]
    won = np.where(rng.random(both.size) < chance(odds), 1.0, -1.0)
    judge = Ballots.of_winners(both, np.zeros(both.size, dtype=np.int64), won, side)
    cluster = place.prompt
    return (
        leanings(judge, place, cluster, level=0.95, votes=Votes.of(people, n)),
        leanings(people, place, cluster, level=0.95),
    )


@pytest.mark.parametrize("copies", [0.0, 1.0])
def test_both_biases_come_out_within_two_standard_errors(copies: float) -> None:
    """In 95 % of the seeds, as two standard errors should; of 40 seeds, at least 35. On average the error is
    small beside a standard error, so that there is no bias in it.
    """
    side, length, people = [], [], []
    for seed in range(SEEDS):
        judge, persons = fitted(seed, copies)
        side.append((judge.side.value - SIDE) / judge.side.error)
        length.append((judge.length.value - LENGTH) / judge.length.error)
        people.append((persons.length.value - PEOPLE_LENGTH) / persons.length.error)
    for found in (side, length, people):
        assert sum(abs(z) < 2 for z in found) >= 35
        assert abs(np.mean(found)) < 3.5 / math.sqrt(SEEDS)
        assert 0.7 < np.std(found) < 1.3


def test_intervals_are_errors_times_a_quantile() -> None:
    judge, _ = fitted(0, 0.5)
    for one in (judge.side, judge.length):
        assert one.high - one.value == pytest.approx(one.value - one.low)
        assert one.high - one.value == pytest.approx(1.965 * one.error, rel=2e-3)


def one_sided(side: float) -> Leanings:
    n = 40
    rng = np.random.default_rng(0)
    place = Matchups(
        np.arange(n),
        np.zeros(n, dtype=np.int64),
        np.ones(n, dtype=np.int64),
        np.full(n, -1),
        np.full(n, np.nan),
        np.full(n, np.nan),
    )
    won = rng.choice([1.0, -1.0], n)
    votes = Votes.of(Ballots.of_winners(np.arange(n), np.arange(n), rng.choice([1.0, -1.0], n)), n)
    judge = Ballots.of_winners(np.arange(n), np.zeros(n, dtype=np.int64), won, np.full(n, side))
    return leanings(judge, place, np.arange(n), level=0.95, votes=votes)


def test_an_order_that_the_models_determine_has_no_coefficient() -> None:
    found = one_sided(1.0)
    assert math.isnan(found.side.value)
    assert any("cannot be told" in note for note in found.notes)


def test_without_orders_and_lengths_there_is_nothing_to_say() -> None:
    found = one_sided(0.0)
    assert math.isnan(found.side.value)
    assert math.isnan(found.length.value)
    assert found.notes == ()
