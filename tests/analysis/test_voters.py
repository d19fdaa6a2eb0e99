"""Honest voters are hardly ever suspected; careless and contrary ones are."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.analysis.voters import (
    Habits,
    Opinions,
    Suspicion,
    Votes,
    at_most,
    binomial_tail,
    habits,
    suspicions,
    too_fast,
)
from palestra.errors import UsageError

STRENGTH = np.array([0.0, 0.4, 0.9, 1.5, 2.0])


def simulated(kinds: list[str], n: int, seed: int) -> Habits:
    """Voters of these kinds with `n` votes each."""
    rng = np.random.default_rng(seed)
    voter = np.repeat(np.arange(len(kinds)), n)
    kind = np.repeat(np.array(kinds), n)
    pairs = np.array([rng.choice(5, 2, replace=False) for _ in voter])
    a, b = pairs.T
    chance = 1 / (1 + np.exp(STRENGTH[b] - STRENGTH[a]))
    honest = rng.random(voter.size) < chance
    first = honest.copy()
    first = np.where(kind == "left", True, first)
    first = np.where(kind == "mostly right", rng.random(voter.size) < 0.15, first)
    first = np.where(kind == "contrary", ~honest, first)
    first = np.where(kind == "coin", rng.random(voter.size) < 0.5, first)
    rate = np.where(kind == "tie", 1.0, np.where(kind == "undecided", 0.35, 0.2))
    tied = rng.random(voter.size) < rate
    fast = (kind == "fast") & (rng.random(voter.size) < 0.8)
    favoured = np.maximum(chance, 1 - chance)
    agreed = first == (chance > 0.5)
    votes = Votes(voter, first & ~tied, ~first & ~tied, tied, fast)
    return habits(votes, Opinions(voter[~tied], favoured[~tied], agreed[~tied]), len(kinds))


def alone(kinds: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.ones(len(kinds), dtype=np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_honest_voters_are_not_suspected(seed: int) -> None:
    kinds = ["honest"] * 150 + ["undecided"] * 50
    for n in (1, 12, 60):
        assert not any(suspicions(simulated(kinds, n, seed), alone(kinds)))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("left", Suspicion.SAME_SIDE),
        ("mostly right", Suspicion.SAME_SIDE),
        ("tie", Suspicion.ALWAYS_TIE),
        ("fast", Suspicion.FAST),
        ("contrary", Suspicion.DISAGREES),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_others_are_among_many_who_are_honest(kind: str, why: Suspicion, seed: int) -> None:
    kinds = ["honest"] * 100 + [kind]
    found = suspicions(simulated(kinds, 80, seed), alone(kinds))
    assert why in found[-1]
    assert not any(found[:-1])


def test_who_tosses_a_coin_is_found_in_time() -> None:
    kinds = ["honest"] * 30 + ["coin"]
    assert Suspicion.DISAGREES not in suspicions(simulated(kinds, 10, 0), alone(kinds))[-1]
    assert Suspicion.DISAGREES in suspicions(simulated(kinds, 1200, 0), alone(kinds))[-1]


def test_an_address_of_many_voters() -> None:
    kinds = ["honest"] * 3
    found = suspicions(simulated(kinds, 5, 0), np.array([1, 9, 10]))
    assert found == [(), (), (Suspicion.SHARED_ADDRESS,)]


def test_what_is_counted() -> None:
    voter = np.array([0, 0, 0, 1])
    yes = np.array([True, False, False, False])
    none = np.zeros(4, dtype=bool)
    last, tied = np.array([False, True, False, True]), np.array([False, False, True, False])
    votes = Votes(voter, yes, last, tied, yes)
    found = habits(votes, Opinions(voter, np.array([0.5, 0.6, 0.7, 0.8]), yes), 3)
    assert found.votes.tolist() == [3, 1, 0]
    assert (found.first.tolist(), found.last.tolist()) == ([1, 0, 0], [1, 1, 0])
    assert (found.tied.tolist(), found.fast.tolist()) == ([1, 0, 0], [1, 0, 0])
    assert (found.opinions.tolist(), found.agreed.tolist()) == ([3, 1, 0], [1, 0, 0])
    assert found.expected == pytest.approx([1.8, 0.8, 0.0])
    assert found.p_agreed[1] == pytest.approx(0.2)
    assert (found.p_side[2], found.p_agreed[2]) == (1.0, 1.0)
    nobody = habits(Votes(voter[:0], none[:0], none[:0], none[:0], none[:0]), _no_opinions(), 0)
    assert suspicions(nobody, voter[:0]) == []


def _no_opinions() -> Opinions:
    return Opinions(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=bool))


@given(st.lists(st.floats(0, 1), max_size=8), st.integers(0, 8))
def test_the_exact_tail_is_the_sum_over_all_outcomes(chances: list[float], k: int) -> None:
    total = 0.0
    for outcome in itertools.product((0, 1), repeat=len(chances)):
        if sum(outcome) <= k:
            total += math.prod(c if hit else 1 - c for c, hit in zip(chances, outcome, strict=True))
    assert at_most(k, np.array(chances)) == pytest.approx(total)


def test_the_normal_tail_takes_over_smoothly() -> None:
    chances = np.linspace(0.5, 0.95, 2000)
    more = np.append(chances, 0.5)
    for k in (1420, 1450, 1470):
        exact = (at_most(k, chances) + at_most(k - 1, chances)) / 2  # one more event of even chances
        assert at_most(k, more) == pytest.approx(exact, rel=0.02)
    assert at_most(3000, np.ones(3000)) == 1.0
    assert at_most(2999, np.ones(3000)) == 0.0


@pytest.mark.parametrize(("k", "expected"), [(0, 1), (5, 1 / 32), (4, 6 / 32)])
def test_binomial(k: int, expected: float) -> None:
    assert binomial_tail(k, 5, 0.5) == pytest.approx(expected)


def test_what_is_too_fast() -> None:
    assert too_fast(2.0, 3000)
    assert not too_fast(40.0, 3000)
    assert not too_fast(0.1, 150)


def test_a_level_that_is_none() -> None:
    with pytest.raises(UsageError, match="level"):
        suspicions(simulated(["honest"], 1, 0), np.array([1]), level=0)
